"""Where the network fails, on simulated galaxies of which one thing is changed step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tuningfork.classify import Classifier
from tuningfork.files import replacing
from tuningfork.images.simulated.camera import blurred, cutout, developed, exposed, frame_pixels
from tuningfork.images.simulated.galaxy import SimulatedParts
from tuningfork.images.simulated.light import galaxy_light, scaled_grid
from tuningfork.images.simulated.population import draw_galaxy
from tuningfork.images.simulated.survey import PIXEL_SCALE, R90_PIXELS
from tuningfork.model import Model
from tuningfork.votes.label_rule import class_words

SEEING = 1.32
"""Seconds of arc, SDSS's median in r."""
SEED = 4


@dataclass(frozen=True)
class Step:
    """One picture of a series."""

    said: str
    """What was set, with its unit."""
    answer: str
    confidence: float


@dataclass(frozen=True)
class Series:
    """One galaxy, of which one thing changes."""

    name: str
    truth: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class _Trial:
    name: str
    label: str
    values: tuple[float, ...]
    said: str
    """A format of the value."""
    change: Callable[[SimulatedParts, float], SimulatedParts]


def _farther(galaxy: SimulatedParts, r90: float) -> SimulatedParts:
    fainter = 5 * math.log10(galaxy.r90 / r90)
    return replace(galaxy, r90=r90, magnitude=galaxy.magnitude + fainter)


def _weaker_bar(galaxy: SimulatedParts, times: float) -> SimulatedParts:
    if galaxy.bar is None:
        raise ValueError("this galaxy has no bar to weaken")
    return replace(galaxy, bar=replace(galaxy.bar, share=galaxy.bar.share * times))


def _inclined(galaxy: SimulatedParts, degrees: float) -> SimulatedParts:
    if galaxy.disk is None:
        raise ValueError("this galaxy has no disk to incline")
    return replace(galaxy, disk=replace(galaxy.disk, inclination=degrees))


def _fainter_arms(galaxy: SimulatedParts, times: float) -> SimulatedParts:
    if galaxy.arms is None:
        raise ValueError("this galaxy has no arms to take away")
    arms = galaxy.arms
    return replace(
        galaxy,
        arms=replace(
            arms,
            share=arms.share * times,
            contrast=arms.contrast * times,
            lumpiness=arms.lumpiness * times,
            knot_share=arms.knot_share * times,
            dust=arms.dust * times,
        ),
    )


def _flatter(galaxy: SimulatedParts, axis_ratio: float) -> SimulatedParts:
    if galaxy.spheroid is None:
        raise ValueError("this galaxy has no spheroid to flatten")
    return replace(galaxy, spheroid=replace(galaxy.spheroid, axis_ratio=axis_ratio), outskirts=None)


TRIALS = (
    _Trial("A barred spiral, farther away", "barred_spiral", (12.0, 8.0, 5.5, 4.0, 3.0),
           "R90 {:.3g}″", _farther),
    _Trial("A barred spiral with a weaker bar", "barred_spiral", (1.0, 0.6, 0.35, 0.2, 0.1),
           "{:.0%} of the bar", _weaker_bar),
    _Trial("A spiral, more inclined", "spiral", (30.0, 55.0, 68.0, 76.0, 82.0),
           "{:.0f}°", _inclined),
    _Trial("A spiral whose arms fade", "spiral", (1.0, 0.6, 0.3, 0.15, 0.0),
           "{:.0%} of the arms", _fainter_arms),
    _Trial("An elliptical, flatter", "elliptical", (0.9, 0.65, 0.5, 0.4, 0.3),
           "axis ratio {:.2g}", _flatter),
)  # fmt: skip
SHARES = (0.4, 0.7, 1.0, 1.5, 2.2)
"""Frame shares that a spiral's picture is wrongly said to have."""


def portrait(galaxy: SimulatedParts, seed: int) -> NDArray[np.uint8]:
    """Photograph a galaxy without neighbours as SDSS would; uint8 of shape (424, 424, 3).

    The same seed gives the same texture and noise.
    """
    scale = galaxy.r90 / R90_PIXELS / PIXEL_SCALE
    frame = frame_pixels(scale, 0.0)
    grid = scaled_grid(galaxy, np.random.default_rng([seed, 0]), frame)
    light = np.zeros((3, frame, frame), np.float32)
    first, last = (frame - grid.pixels) // 2, (frame + grid.pixels) // 2
    light[:, first:last, first:last] = galaxy_light(galaxy, grid, np.random.default_rng([seed, 0]))
    seen = blurred(light, seeing=SEEING / PIXEL_SCALE, shifts=np.zeros((3, 2), np.float32))
    sky = np.zeros((3, 1, 1), np.float32)
    noisy = exposed(seen, sky, np.random.default_rng([seed, 1]))
    return cutout(developed(noisy), scale=scale, angle=0.0)


def draw_failures(model: Model, picture: Path) -> tuple[Series, ...]:
    """Let the network answer for every series and draw them all as one picture (JPEG)."""
    classifier = Classifier(model)
    found: list[Series] = []
    pictures: list[list[NDArray[np.uint8]]] = []
    for number, trial in enumerate(TRIALS):
        galaxy = _typical(trial.label, number)
        row = [portrait(trial.change(galaxy, value), SEED + number) for value in trial.values]
        steps = [
            _step(classifier, pixels, trial.said.format(value))
            for pixels, value in zip(row, trial.values, strict=True)
        ]
        found.append(Series(trial.name, trial.label, tuple(steps)))
        pictures.append(row)
    whole = portrait(_typical("spiral", 2), SEED)
    steps = [_step(classifier, whole, f"--frame {share:g}", share) for share in SHARES]
    found.append(Series("A spiral in a picture of the wrong scale", "spiral", tuple(steps)))
    pictures.append([model.card.preprocessing.apply(whole, share) for share in SHARES])
    _draw(found, pictures, picture)
    return tuple(found)


def _typical(label: str, number: int) -> SimulatedParts:
    """A galaxy large and plain enough that only the change matters."""
    galaxy = draw_galaxy(np.random.default_rng([SEED, number]), label)
    galaxy = _farther(galaxy, 10.0)
    return _inclined(galaxy, 35.0) if galaxy.disk is not None else galaxy


def _step(
    classifier: Classifier, pixels: NDArray[np.uint8], said: str, frame_share: float = 1.0
) -> Step:
    answer = classifier.classify(pixels, frame_share)
    return Step(said, answer.label, answer.confidence)


def _draw(
    series: Sequence[Series], pictures: Sequence[Sequence[NDArray[np.uint8]]], path: Path
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 2.15 * len(series)), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subfigures(len(series), 1, squeeze=False)[:, 0]
    for one, row, part in zip(series, pictures, rows, strict=True):
        part.suptitle(one.name, fontsize=10, x=0.005, ha="left", fontweight="bold")
        axes = part.subplots(1, len(row), squeeze=False)[0]
        for step, pixels, axis in zip(one.steps, row, axes, strict=True):
            side = len(pixels)
            edge = side // 4 if side == 424 else 0
            axis.imshow(pixels[edge : side - edge, edge : side - edge])
            axis.set_axis_off()
            right = step.answer == one.truth
            axis.set_title(
                f"{step.said}\n{class_words(step.answer)} {step.confidence:.0%}",
                fontsize=8,
                color="#00583f" if right else "#a33a00",
                fontweight="normal" if right else "bold",
            )
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=100, format="jpg", pil_kwargs={"quality": 85})
