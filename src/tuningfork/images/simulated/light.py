"""The light of a whole galaxy before it meets the air, and the radius that sets its scale."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from tuningfork.images.simulated.disk import disk_light
from tuningfork.images.simulated.edge_on import edge_on_light
from tuningfork.images.simulated.galaxy import SimulatedParts, Spheroid
from tuningfork.images.simulated.grid import Grid, texture_at, texture_tile
from tuningfork.images.simulated.profiles import generalised_radius, sersic
from tuningfork.images.simulated.survey import (
    PIXEL_SCALE,
    Plane,
    Planes,
    extinction,
    flux_of,
    spectrum_of,
)

_CORE_PIXELS = 11
_CORE_OVERSAMPLING = 8
_TRIAL = Grid(pixels=161, oversampling=1, unit=10.0)


def galaxy_light(galaxy: SimulatedParts, grid: Grid, rng: np.random.Generator) -> Planes:
    """Add up what a galaxy sends into each camera pixel, (3, pixels, pixels) in nanomaggies."""
    through = np.float32(1)
    light = np.zeros((3, grid.pixels, grid.pixels), np.float32)
    if galaxy.disk is not None and galaxy.dust is not None:
        light, depth = _edge_on(galaxy, grid, rng)
        # The midplane's dust covers what is behind it; a third of a bulge stands in front.
        through = 0.3 + 0.7 * np.exp(-depth * extinction())
    elif galaxy.disk is not None:
        light = grid.binned(disk_light(galaxy, grid, rng))
    for spheroid in (galaxy.spheroid, galaxy.outskirts):
        if spheroid is not None and spheroid.share > 0:
            light = light + through * spheroid_light(spheroid, grid, galaxy.position_angle)
    return light * np.float32(flux_of(galaxy.magnitude))


def spheroid_light(spheroid: Spheroid, grid: Grid, angle: float) -> Planes:
    """Spread a spheroid over camera pixels, its light in r adding to its share.

    Its cusp is worked out on finer points: the middle pixel holds a good part of all the light.
    """
    coarse = Grid(grid.pixels, 1, grid.unit)
    light = _sersic_on(spheroid, coarse, angle)
    fine = Grid(_CORE_PIXELS, _CORE_OVERSAMPLING, grid.unit)
    core = fine.binned(_sersic_on(spheroid, fine, angle))
    first = (grid.pixels - _CORE_PIXELS) // 2
    light[first : first + _CORE_PIXELS, first : first + _CORE_PIXELS] = core
    return np.float32(spheroid.share) * light * spectrum_of(spheroid.colour)


def _sersic_on(spheroid: Spheroid, grid: Grid, angle: float) -> Plane:
    along, across = grid.coordinates(angle)
    radius = generalised_radius(
        along, across, axis_ratio=spheroid.axis_ratio, boxiness=spheroid.boxiness
    )
    area = (grid.unit * grid.oversampling) ** 2 * spheroid.axis_ratio
    light = sersic(radius, index=spheroid.index, effective_radius=spheroid.radius)
    return light / np.float32(area)


def _edge_on(galaxy: SimulatedParts, grid: Grid, rng: np.random.Generator) -> tuple[Planes, Plane]:
    """Give the disk's light and half its dust's optical depth in each camera pixel."""
    if galaxy.disk is None:
        raise ValueError("an edge-on galaxy needs a disk")
    step = np.float32(1 / (grid.unit * grid.oversampling))
    reach = min(grid.pixels / (2 * grid.unit) * math.sqrt(2), 8.0)
    thick = min(10 * galaxy.disk.thickness + 6 * math.cos(math.radians(galaxy.disk.inclination)), 3)
    along = np.arange(0, reach, step, dtype=np.float32)
    across = np.arange(-thick, thick, step, dtype=np.float32)
    fine, fine_depth = edge_on_light(galaxy, along, across)
    x, y = grid.coordinates(galaxy.position_angle)
    places = ((y + np.float32(thick)) / step, np.abs(x) / step)
    light = np.stack([map_coordinates(band, places, order=1) for band in fine])
    lumps = texture_at(texture_tile(rng, slope=2.5), x, 2 * y)
    light *= np.exp(np.float32(0.18) * lumps)
    share = 1 - (galaxy.spheroid.share if galaxy.spheroid else 0.0)
    light *= np.float32(share)
    depth = map_coordinates(fine_depth, places, order=1)
    return grid.binned(light), grid.binned(depth) / np.float32(grid.oversampling**2)


def scaled_grid(galaxy: SimulatedParts, rng: np.random.Generator, pixels: int) -> Grid:
    """Find the grid that gives a galaxy its R90 in the camera, at most ``pixels`` wide."""
    trial = galaxy_light(replace(galaxy, magnitude=22.5), _TRIAL, rng)
    unit = galaxy.r90 / PIXEL_SCALE / (petrosian_r90(trial[1]) / _TRIAL.unit)
    reach = pixels if galaxy.disk is None else math.ceil(7 * galaxy.r90 / PIXEL_SCALE)
    side = min(pixels, reach) // 2 * 2 + 1
    return Grid(pixels=side, oversampling=2, unit=unit)


def petrosian_r90(light: Plane) -> float:
    """Measure the radius in pixels that holds 90 % of the Petrosian flux about the middle.

    Blanton et al. 2001, with SDSS's limit of 0.2 and aperture of two radii. Where
    the ratio never falls to 0.2 all the light counts.
    """
    middle = (np.array(light.shape) - 1) / 2
    rows, columns = np.indices(light.shape)
    distance = np.hypot(rows - middle[0], columns - middle[1]).ravel()
    order = np.argsort(distance)
    distance, growth = distance[order], np.cumsum(light.ravel()[order], dtype=np.float64)
    radii = np.arange(2.0, middle.min() / 1.25, 0.25)

    def within(radius: NDArray[np.float64]) -> NDArray[np.float64]:
        growths: NDArray[np.float64] = np.interp(radius, distance, growth)
        return growths

    annulus = within(1.25 * radii) - within(0.8 * radii)
    ratio = annulus / (1.25**2 - 0.8**2) / within(radii)
    low = np.flatnonzero(ratio < 0.2)
    aperture = 2 * radii[low[0]] if len(low) else distance[-1]
    total = np.interp(aperture, distance, growth)
    return float(np.interp(0.9 * total, growth, distance))
