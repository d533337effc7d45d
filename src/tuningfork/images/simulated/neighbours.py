"""Stars and other galaxies in the frame, as many and as bright as counts of the sky say."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tuningfork.images.simulated.galaxy import SimulatedParts, Spheroid
from tuningfork.images.simulated.grid import Grid
from tuningfork.images.simulated.light import spheroid_light
from tuningfork.images.simulated.survey import PIXEL_SCALE, Planes, flux_of, spectrum_of

_FAINTEST = 22.8
_SQUARE_DEGREE = 3600.0**2


@dataclass(frozen=True)
class Surroundings:
    """How crowded the sky is about one galaxy."""

    stars: float
    """Stars brighter than 20 mag (r) in a square degree."""
    cluster: int
    """Fellow members of a group or cluster."""


def draw_surroundings(rng: np.random.Generator, galaxy: SimulatedParts) -> Surroundings:
    """Stars thin out from 9000 to 700 a square degree as one leaves the Milky Way's plane."""
    stars = float(np.clip(rng.lognormal(math.log(2600), 0.6), 700, 9000))
    red = galaxy.spheroid is not None and galaxy.spheroid.colour[0] > 0.7
    crowded = galaxy.disk is None and red and rng.random() < 0.25
    return Surroundings(stars, int(rng.integers(3, 16)) if crowded else 0)


def add_neighbours(
    light: Planes, galaxy: SimulatedParts, surroundings: Surroundings, rng: np.random.Generator
) -> None:
    """Add stars and galaxies to ``light``, (3, side, side) in nanomaggies before the seeing.

    None is put where it would be taken for a part of the galaxy in the middle.
    """
    side = light.shape[1]
    area = (side * PIXEL_SCALE) ** 2 / _SQUARE_DEGREE
    for magnitude in _magnitudes(rng, surroundings.stars * area, 20.0, slope=0.17, brightest=12.5):
        place = _place(rng, galaxy, side, magnitude)
        if place is not None:
            _add_star(light, place, magnitude, _star_colour(rng, magnitude))
    # 6,500 galaxies brighter than 21 mag in a square degree (Yasuda et al. 2001).
    for magnitude in _magnitudes(rng, 6500 * area, 21.0, slope=0.42, brightest=15.5):
        green_red = float(rng.normal(0.8, 0.3))
        colour = green_red, 0.12 + 0.35 * green_red + float(rng.normal(0, 0.06))
        _add_galaxy(light, _place(rng, galaxy, side, magnitude), magnitude, colour, rng)
    if galaxy.spheroid is None:
        return
    for _ in range(surroundings.cluster):
        magnitude = galaxy.magnitude + float(rng.uniform(0.8, 4.5))
        place = _place(rng, galaxy, side, magnitude)
        _add_galaxy(light, place, magnitude, galaxy.spheroid.colour, rng)


def _magnitudes(
    rng: np.random.Generator, expected: float, limit: float, *, slope: float, brightest: float
) -> list[float]:
    """Magnitudes of sources of which ``expected`` are brighter than ``limit``: N ~ 10^(slope m)."""
    number = rng.poisson(expected * 10 ** (slope * (_FAINTEST - limit)))
    magnitudes = _FAINTEST + np.log10(rng.random(number)) / slope
    return [float(magnitude) for magnitude in magnitudes if magnitude > brightest]


def _place(
    rng: np.random.Generator, galaxy: SimulatedParts, side: int, magnitude: float
) -> tuple[float, float] | None:
    """Row and column of a source, or None where it would spoil the galaxy in the middle."""
    row, column = rng.uniform(0, side, 2)
    distance = math.hypot(row - side / 2, column - side / 2) * PIXEL_SCALE
    # Faint sources may shine through the outer disk, bright ones stand well clear.
    clear = galaxy.r90 * (0.5 if magnitude > 20.5 else 1.5) + max(0.0, 18 - magnitude) * 2.0
    return (float(row), float(column)) if distance > clear else None


def _star_colour(rng: np.random.Generator, magnitude: float) -> tuple[float, float]:
    """Along the stars' locus from F to M (Covey et al. 2007)."""
    # Red dwarfs are many but dim: half the stars of 21 mag, hardly one of 15 mag.
    if rng.random() < 0.5 / (1 + math.exp(19 - magnitude)) + 0.04:
        return float(rng.normal(1.42, 0.06)), float(rng.uniform(0.55, 1.6))
    green_red = float(np.clip(rng.gamma(6.0, 0.1), 0.15, 1.35))
    return green_red, 0.02 + 0.38 * green_red


def _add_star(
    light: Planes, place: tuple[float, float], magnitude: float, colour: tuple[float, float]
) -> None:
    """Share a star's flux among the four nearest pixels, and give a bright one its spikes."""
    flux = flux_of(magnitude) * spectrum_of(colour)
    row, column = int(place[0]), int(place[1])
    down, right = place[0] - row, place[1] - column
    for step_down, step_right, share in (
        (0, 0, (1 - down) * (1 - right)),
        (1, 0, down * (1 - right)),
        (0, 1, (1 - down) * right),
        (1, 1, down * right),
    ):
        r, c = (
            min(row + step_down, light.shape[1] - 1),
            min(column + step_right, light.shape[2] - 1),
        )
        light[:, r, c] += np.float32(share) * flux[:, 0, 0]
    if magnitude < 14:
        _add_spikes(light, row, column, flux)


def _add_spikes(light: Planes, row: int, column: int, flux: Planes) -> None:
    """Add the four spikes that the second mirror's mount makes: 1 % of the light."""
    for axis, position, across in ((1, row, column), (2, column, row)):
        distance = np.abs(np.arange(light.shape[axis], dtype=np.float32) - position) + 2
        spike = np.float32(0.01) * distance ** np.float32(-1.5) * flux[:, 0]
        if axis == 1:
            light[:, :, across] += spike
        else:
            light[:, across, :] += spike


def _add_galaxy(
    light: Planes,
    place: tuple[float, float] | None,
    magnitude: float,
    colour: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Add a small galaxy of Sérsic's profile; sizes after Shen et al. 2003."""
    radius = 1.7 * 10 ** (-0.14 * (magnitude - 18)) * float(rng.lognormal(0, 0.3)) / PIXEL_SCALE
    index, axis_ratio = float(rng.uniform(0.8, 3.5)), float(rng.uniform(0.25, 1))
    angle = float(rng.uniform(0, 180))
    if place is None:
        return
    side = light.shape[1]
    reach = math.ceil(6 * radius) + 6
    stamp = spheroid_light(
        Spheroid(1.0, index, 1.0, axis_ratio, 2.0, colour), Grid(2 * reach + 1, 1, radius), angle
    ) * np.float32(flux_of(magnitude))
    row, column = int(place[0]), int(place[1])
    top, left = max(row - reach, 0), max(column - reach, 0)
    bottom, right = min(row + reach + 1, side), min(column + reach + 1, side)
    light[:, top:bottom, left:right] += stamp[
        :, top - row + reach : bottom - row + reach, left - column + reach : right - column + reach
    ]
