"""Which galaxies there are: draws the parts of one of a given class.

Ranges follow what is measured of nearby galaxies in SDSS, narrowed so that a trained eye can tell
the class: bars are strong, disks of the class "spiral" are far from edge-on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tuningfork.images.simulated.galaxy import (
    Arms,
    Bar,
    Disk,
    DustLayer,
    SimulatedParts,
    Spheroid,
)
from tuningfork.images.simulated.survey import Colour

FAINTEST = 17.0
"""Petrosian magnitude in r at which Galaxy Zoo 2's sample ends (Willett et al. 2013)."""


def draw_galaxy(rng: np.random.Generator, label: str) -> SimulatedParts:
    """Draw a galaxy of the class ``label``, one of the four keys of ``DRAWS``."""
    return DRAWS[label](rng)


def _clipped(
    rng: np.random.Generator, mean: float, spread: float, low: float, high: float
) -> float:
    return float(np.clip(rng.normal(mean, spread), low, high))


def _placed(
    rng: np.random.Generator,
    label: str,
    brightness: float,
    spheroid: Spheroid | None,
    disk: Disk | None,
) -> SimulatedParts:
    """Put a galaxy on the sky; ``brightness`` is its mean within R90 in mag / arcsec^2.

    Whoever sees arms, a bar or a lane of dust sees a galaxy some four times wider than the seeing,
    so disks whose class is known are larger than ellipticals.
    """
    typical, least = (6.8, 3.6) if disk is None else (8.5, 5.2)
    r90 = float(np.clip(rng.lognormal(math.log(typical), 0.4), least, 20.0))
    area = math.pi * r90**2
    magnitude = brightness - 2.5 * math.log10(area) + 2.5 * math.log10(0.9)
    return SimulatedParts(
        label=label,
        magnitude=min(magnitude, FAINTEST),
        r90=r90,
        position_angle=float(rng.uniform(0, 180)),
        spheroid=spheroid,
        disk=disk,
    )


def _old_colour(rng: np.random.Generator) -> Colour:
    """Of old stars, reddened by two magnitudes a unit of redshift (Eisenstein et al. 2001)."""
    redshift = float(np.clip(rng.gamma(2.6, 0.03), 0.01, 0.2))
    green_red = 0.74 + 2.2 * redshift + rng.normal(0, 0.04)
    return float(green_red), float(0.39 + 0.5 * redshift + rng.normal(0, 0.02))


def _disk_colour(rng: np.random.Generator, mean: float, spread: float) -> Colour:
    """Draw g - r about ``mean``; r - i follows it as it does among galaxies."""
    green_red = _clipped(rng, mean, spread, 0.05, 0.95)
    return green_red, 0.12 + 0.35 * green_red + float(rng.normal(0, 0.02))


def _elliptical(rng: np.random.Generator) -> SimulatedParts:
    """Smooth galaxies from round to E6, mostly red; some are lenticular or blue."""
    axis_ratio = 1 - float(rng.beta(1.5, 2.2)) * 0.64
    colour = _disk_colour(rng, 0.5, 0.13) if rng.random() < 0.16 else _old_colour(rng)
    lenticular = rng.random() < 0.35
    index = _clipped(rng, 1.7, 0.4, 1.1, 2.6) if lenticular else _clipped(rng, 3.1, 0.9, 1.6, 5.5)
    body = Spheroid(1.0, index, 1.0, axis_ratio, _clipped(rng, 2.0, 0.08, 1.8, 2.3), colour)
    galaxy = _placed(rng, "elliptical", _clipped(rng, 21.45, 0.45, 20.4, 22.7), body, None)
    if not lenticular:
        return galaxy
    share = float(rng.uniform(0.08, 0.35))
    roundness = axis_ratio + (1 - axis_ratio) * float(rng.uniform(0.2, 0.7))
    core = Spheroid(share, 3.0, 0.25, roundness, 2.0, colour)
    return replace(galaxy, spheroid=core, outskirts=replace(body, share=1 - share))


def _bulge(rng: np.random.Generator, share: float, inclination: float) -> Spheroid:
    radius = 0.12 + 0.5 * share + abs(float(rng.normal(0, 0.05)))
    flattening = float(rng.uniform(0.6, 0.9))
    cosine = math.cos(math.radians(inclination))
    axis_ratio = math.sqrt(flattening**2 + (1 - flattening**2) * cosine**2)
    index = _clipped(rng, 1.2 + 4 * share, 0.5, 0.8, 4.0)
    green_red, red_infrared = _old_colour(rng)
    return Spheroid(share, index, radius, axis_ratio, 2.0, (green_red - 0.04, red_infrared))


def _disk(rng: np.random.Generator, inclination: float, colour: Colour) -> Disk:
    return Disk(
        inclination=inclination,
        thickness=float(rng.uniform(0.1, 0.2)),
        break_radius=float(rng.uniform(2.0, 4.5)),
        colour=colour,
        gradient=float(rng.uniform(0.0, 0.08)),
    )


def _arms(rng: np.random.Generator, *, number: int, start: float, phase: float) -> Arms:
    flocculent = number > 2 and rng.random() < 0.5
    return Arms(
        share=float(rng.uniform(0.25, 0.55)),
        number=number,
        pitch=_clipped(rng, 17.0, 5.5, 8.0, 32.0),
        sense=int(rng.choice((-1, 1))),
        phase=phase,
        start=start,
        end=float(rng.uniform(2.6, 4.2)),
        sharpness=float(rng.uniform(2.0, 5.0)),
        contrast=float(rng.uniform(0.4, 0.7) if flocculent else rng.uniform(0.55, 0.95)),
        raggedness=float(rng.uniform(0.4, 0.8) if flocculent else rng.uniform(0.2, 0.55)),
        lumpiness=float(rng.uniform(0.4, 0.8)),
        knots=int(rng.integers(30, 160)),
        knot_share=float(rng.uniform(0.05, 0.18)),
        colour=_disk_colour(rng, 0.2, 0.08),
        dust=float(rng.uniform(0.1, 0.9)),
    )


def _inclined(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw an inclination in degrees, its cosine even: disks point anywhere."""
    cosines = math.cos(math.radians(high)), math.cos(math.radians(low))
    return math.degrees(math.acos(rng.uniform(*cosines)))


def _spiral(rng: np.random.Generator) -> SimulatedParts:
    """Disks without a bar, from face-on to 68 degrees, with two to five arms."""
    inclination = _inclined(rng, 5, 68)
    share = float(np.clip(rng.gamma(2.2, 0.08), 0.02, 0.45))
    number = int(rng.choice((2, 3, 4, 5), p=(0.6, 0.2, 0.12, 0.08)))
    disk = _disk(rng, inclination, _disk_colour(rng, 0.52, 0.1))
    galaxy = _placed(
        rng,
        "spiral",
        _clipped(rng, 21.85, 0.4, 20.9, 22.9),
        _bulge(rng, share, inclination),
        disk,
    )
    start = float(rng.uniform(0.35, 0.8))
    return replace(
        galaxy, arms=_arms(rng, number=number, start=start, phase=float(rng.uniform(0, 360)))
    )


def _barred(rng: np.random.Generator) -> SimulatedParts:
    """Disks with a strong bar, from whose ends two arms start or about which a ring lies."""
    inclination = _inclined(rng, 5, 52)
    disk = _disk(rng, inclination, _disk_colour(rng, 0.58, 0.1))
    share = float(np.clip(rng.gamma(3.0, 0.04), 0.03, 0.3))
    bulge = _bulge(rng, share, inclination)
    galaxy = _placed(rng, "barred_spiral", _clipped(rng, 21.85, 0.4, 20.9, 22.9), bulge, disk)
    length = float(rng.uniform(1.0, 1.9))
    bar = Bar(
        share=float(rng.uniform(0.18, 0.32)),
        length=length,
        axis_ratio=float(rng.uniform(0.22, 0.36)),
        boxiness=float(rng.uniform(2.0, 3.2)),
        angle=float(rng.uniform(0, 180)),
        hollow=float(rng.uniform(0.15, 0.8)),
        ring=float(rng.uniform(0.4, 1.2)) if rng.random() < 0.35 else 0.0,
        colour=(bulge.colour[0] - 0.03, bulge.colour[1]),
    )
    arms = _arms(rng, number=2, start=length * 0.95, phase=bar.angle)
    return replace(galaxy, bar=bar, arms=replace(arms, end=max(arms.end, 1.8 * length)))


def _edge_on(rng: np.random.Generator) -> SimulatedParts:
    """Disks within 10 degrees of edge-on, with or without a bulge and a visible lane of dust."""
    inclination = float(rng.uniform(80, 90))
    share = float(np.clip(rng.gamma(2.0, 0.1), 0.0, 0.5))
    disk = replace(
        _disk(rng, inclination, _disk_colour(rng, 0.62, 0.15)),
        thickness=float(rng.uniform(0.15, 0.34)),
        gradient=float(rng.uniform(0.03, 0.2)),
    )
    bulge = replace(
        _bulge(rng, share, inclination),
        axis_ratio=float(rng.uniform(0.5, 0.8)),
        boxiness=_clipped(rng, 2.2, 0.3, 1.9, 3.2),
    )
    brightness = _clipped(rng, 21.55, 0.4, 20.6, 22.6)
    galaxy = _placed(rng, "edge_on_spiral", brightness, bulge, disk)
    dust = DustLayer(
        depth=float(rng.uniform(0.2, 1.4)),
        height=float(rng.uniform(0.25, 0.5)) * disk.thickness,
        length=float(rng.uniform(0.9, 1.4)),
    )
    return replace(galaxy, dust=dust)


DRAWS: dict[str, Callable[[np.random.Generator], SimulatedParts]] = {
    "elliptical": _elliptical,
    "spiral": _spiral,
    "barred_spiral": _barred,
    "edge_on_spiral": _edge_on,
}
