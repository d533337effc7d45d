"""What finding and measuring the galaxy is worth, and what it costs where it was in place already.

    python benchmarks/framing.py ../shared/data/kaggle ../shared/data/gz2
    python benchmarks/framing.py ../shared/data/kaggle --json framing.json

Real galaxies whose class is known are put off the middle (evenly over a disc of a quarter of the
frame), enlarged or shrunk (0.5 to 2, evenly in the logarithm), or both. Beyond the edge of their
own picture lies sky of another one of the set: its corners, more than 2.5 R90 from its galaxy,
mirrored and turned, with whatever stars and galaxies they hold. Each is classified as it lies
(``--center frame --size frame``) and as found (``--center auto --size auto``).

The bundled network learned from most of these galaxies, so accuracies are higher than on new ones;
what counts is the difference between the columns. With ``--held-out`` only those are taken that
it never learned from.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typer import echo

from tuningfork.data import read_set
from tuningfork.data.held_out import held_out
from tuningfork.images.decode import decode
from tuningfork.images.framing import Reading
from tuningfork.images.reading import read_pixels
from tuningfork.model.session import Model, load_model
from tuningfork.votes.rules import load_rule

Pixels = NDArray[np.uint8]

SIDE = 424  # a frame of Galaxy Zoo
CORNER = 120  # its inner corner lies 130 pixels, 2.6 R90, from the middle
FEATHER = 12  # pixels over which a pasted picture's edge fades in
READINGS = {
    "as it lies": Reading(center="frame", size="frame"),
    "centred": Reading(center="auto", size="frame"),
    "found": Reading(),
}


@dataclass(frozen=True)
class Place:
    """Where a galaxy is put."""

    right: float
    """Share of the frame from the middle."""
    down: float
    zoom: float
    """Size of the galaxy over that in a frame."""


@dataclass
class Tally:
    """Right answers and errors of position of one way of reading."""

    right: int = 0
    truth: list[float] = field(default_factory=list)
    """Probability given to the true class."""
    moved: int = 0
    resized: int = 0


def places(rng: np.random.Generator) -> dict[str, Place]:
    """Draw one place of each kind."""
    turn, away = rng.uniform(0, 2 * math.pi), 0.25 * math.sqrt(rng.uniform())
    right, down = away * math.cos(turn), away * math.sin(turn)
    zoom = 2 ** rng.uniform(-1, 1)
    return {
        "in place": Place(0, 0, 1),
        "shifted": Place(right, down, 1),
        "rescaled": Place(0, 0, zoom),
        "both": Place(right, down, zoom),
    }


def sky_of(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Make a frame of sky out of a picture's corners."""
    ends = (slice(None, CORNER), slice(-CORNER, None))
    corners = np.concatenate(
        [np.concatenate([picture[rows, columns] for columns in ends], axis=1) for rows in ends]
    )
    wide = np.pad(corners, ((SIDE // 2,) * 2, (SIDE // 2,) * 2, (0, 0)), mode="reflect")
    top, left = rng.integers(0, len(wide) - SIDE + 1, 2)
    part: Pixels = wide[top : top + SIDE, left : left + SIDE]
    return np.rot90(part, int(rng.integers(4))).copy()


def put(picture: Pixels, sky: Pixels, place: Place) -> Pixels:
    """Lay a picture on the sky at a place, its edges fading."""
    if place == Place(0, 0, 1):
        return picture
    size = round(SIDE * place.zoom)
    image = Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC)
    ramp = np.clip((np.arange(size) + 0.5) / FEATHER, 0, 1)
    ramp = np.minimum(ramp, ramp[::-1])
    opacity = (ramp[:, np.newaxis] * ramp)[:, :, np.newaxis]
    left = round(SIDE / 2 + place.right * SIDE - size / 2)
    top = round(SIDE / 2 + place.down * SIDE - size / 2)
    here = tuple(slice(max(start, 0), min(start + size, SIDE)) for start in (top, left))
    there = tuple(
        slice(one.start - start, one.stop - start)
        for one, start in zip(here, (top, left), strict=True)
    )
    result = sky.astype(np.float32)
    share = opacity[there]
    result[here] = result[here] * (1 - share) + np.asarray(image)[there] * share
    return np.rint(result).astype(np.uint8)


def scenes(
    pictures: list[Pixels], labels: list[str], seed: int
) -> Iterator[tuple[str, str, Pixels]]:
    """Put each galaxy in each kind of place: kind, class, picture."""
    rng = np.random.default_rng(seed)
    for number, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        for kind, place in places(rng).items():
            other = pictures[(number + 1 + rng.integers(len(pictures) - 1)) % len(pictures)]
            yield kind, label, put(picture, sky_of(other, rng), place)


def measure(model: Model, folder: Path, seed: int, *, fresh: bool) -> dict[str, dict[str, Tally]]:
    """Classify every scene made of a set's galaxies in each way of reading."""
    galaxies = read_set(folder, load_rule(model.card.rule))
    if fresh:
        galaxies = held_out(galaxies, model.card.held_out)
    known = [one for one in galaxies.galaxies if one.known.label is not None]
    pictures = [decode(one.picture.read(), one.id) for one in known]
    whole = [place for place, one in enumerate(pictures) if one.shape == (SIDE, SIDE, 3)]
    labels = [str(known[place].known.label) for place in whole]
    tallies: dict[str, dict[str, Tally]] = {}
    for kind, label, scene in scenes([pictures[place] for place in whole], labels, seed):
        crops = []
        for how, reading in READINGS.items():
            shown = read_pixels(scene, kind, reading)
            crops.append(model.card.preprocessing.cut(shown.pixels, shown.window))
            tally = tallies.setdefault(kind, {}).setdefault(how, Tally())
            tally.moved += (shown.window.x, shown.window.y) != (SIDE / 2, SIDE / 2)
            tally.resized += shown.window.width != SIDE
        answers = model.answer(np.stack(crops)).probabilities
        true = model.card.classes.index(label)
        for how, answer in zip(READINGS, answers, strict=True):
            tally = tallies[kind][how]
            tally.right += int(answer.argmax() == true)
            tally.truth.append(float(answer[true]))
    return tallies


def main() -> None:
    """Measure each set and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("sets", nargs="+", type=Path, help="sets of pictures of whole frames")
    parser.add_argument("--model", help="as in tuningfork classify")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", action="store_true", help="only galaxies not learned from")
    parser.add_argument("--json", type=Path, help="write the figures here")
    wishes = parser.parse_args()
    model = load_model(wishes.model)
    figures = {}
    for folder in wishes.sets:
        tallies = measure(model, folder, wishes.seed, fresh=wishes.held_out)
        echo(f"\n{folder}: {len(tallies['in place']['found'].truth)} galaxies")
        echo(f"{'':<10}" + "".join(f"{how:>22}" for how in READINGS))
        for kind, ways in tallies.items():
            shares = {how: one.right / len(one.truth) for how, one in ways.items()}
            echo(
                f"{kind:<10}"
                + "".join(
                    f"{shares[how]:>11.4f} ({np.mean(one.truth):.4f})  "
                    for how, one in ways.items()
                )
                + f"moved {ways['found'].moved}, resized {ways['found'].resized}"
            )
            figures[f"{folder.name}, {kind}"] = {
                how: {"accuracy": shares[how], "probability": float(np.mean(one.truth))}
                for how, one in ways.items()
            }
    if wishes.json is not None:
        wishes.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
