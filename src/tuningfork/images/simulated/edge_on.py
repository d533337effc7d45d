"""Light of a disk seen edge-on, with its layer of dust, added up along each line of sight."""

from __future__ import annotations

import math

import numpy as np

from tuningfork.images.simulated.disk import disk_spectrum
from tuningfork.images.simulated.galaxy import SimulatedParts
from tuningfork.images.simulated.profiles import broken_exponential
from tuningfork.images.simulated.survey import Plane, Planes, extinction

_STEPS = 48
_DEPTH = 6.0


def edge_on_light(galaxy: SimulatedParts, along: Plane, across: Plane) -> tuple[Planes, Plane]:
    """Add up what the disk sends through its dust, and the optical depth (V) of half the dust.

    ``along`` (columns,) and ``across`` (rows,) are distances from the centre in scale lengths,
    ``along`` beginning with 0 as the other half is the same. Stars have the density
    exp(-R) / cosh^2(z / z0) (van der Kruit & Searle 1981), dust the same form with its
    own height and length. Returns (3, rows, columns), in r without dust adding to 1 over both
    halves, and (rows, columns).
    """
    disk, dust = galaxy.disk, galaxy.dust
    if disk is None or dust is None:
        raise ValueError("only a disk with a layer of dust can be drawn edge-on")
    sine, cosine = _sine_cosine(disk.inclination)
    sight = _sight_points()
    height = across[:, np.newaxis] * sine + sight[np.newaxis, :] * cosine
    distance = sight[np.newaxis, :] * sine - across[:, np.newaxis] * cosine
    radius = np.sqrt(along[np.newaxis, :, np.newaxis] ** 2 + distance[:, np.newaxis, :] ** 2)
    steps = np.gradient(sight).astype(np.float32)
    stars = broken_exponential(radius, break_radius=disk.break_radius)
    stars *= (_layer(height, disk.thickness) * steps)[:, np.newaxis, :]
    lanes = np.exp(-radius / np.float32(dust.length))
    lanes *= (_layer(height, dust.height) * steps * np.float32(dust.depth))[:, np.newaxis, :]
    in_front = np.cumsum(lanes, axis=-1) - lanes / 2
    through = np.stack(
        [(stars * np.exp(-in_front * factor)).sum(axis=-1) for factor in extinction().ravel()]
    )
    total = 2 * stars.sum() - stars[:, 0].sum()
    return through * disk_spectrum(disk, along[np.newaxis, :]) / total, lanes.sum(axis=-1) / 2


def _sine_cosine(inclination: float) -> tuple[np.float32, np.float32]:
    angle = math.radians(inclination)
    return np.float32(math.sin(angle)), np.float32(math.cos(angle))


def _sight_points() -> Plane:
    """Points along a line of sight from near to far, closest together at the midplane."""
    even = np.linspace(-1, 1, _STEPS, dtype=np.float32)
    points: Plane = (np.sinh(2.5 * even) / np.sinh(2.5) * _DEPTH).astype(np.float32)
    return points


def _layer(height: Plane, scale: float) -> Plane:
    """Density across a layer, its integral being 1."""
    density: Plane = (
        np.float32(0.5 / scale) / np.cosh(np.clip(height / np.float32(scale), -20, 20)) ** 2
    )
    return density
