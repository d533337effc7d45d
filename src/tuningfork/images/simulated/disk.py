"""Light of a disk seen from above or aslant: old stars, spiral arms with knots, bar and ring.

Functions give surface brightness at a grid's samples, in any one scale for r, as the parts' shares
are applied once they have been summed.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import gaussian_filter

from tuningfork.images.simulated.galaxy import Arms, Bar, Disk, SimulatedParts
from tuningfork.images.simulated.grid import Grid, texture_at, texture_tile
from tuningfork.images.simulated.profiles import (
    broken_exponential,
    ferrers_bar,
    generalised_radius,
    projected_axis_ratio,
)
from tuningfork.images.simulated.survey import Plane, Planes, extinction, spectrum_of


def disk_light(galaxy: SimulatedParts, grid: Grid, rng: np.random.Generator) -> Planes:
    """Disk, arms and bar as (3, samples, samples), their light in r adding to their shares."""
    disk = galaxy.disk
    if disk is None:
        raise ValueError("a galaxy without a disk has no light of one")
    along, across = disk_coordinates(galaxy, disk, grid)
    radius = np.hypot(along, across)
    old = broken_exponential(radius, break_radius=disk.break_radius)
    share = 1 - (galaxy.spheroid.share if galaxy.spheroid else 0.0)
    light = np.zeros((3, *radius.shape), np.float32)
    if galaxy.bar is not None:
        light += (
            galaxy.bar.share
            * _to_one(ferrers_bar(bar_radius(galaxy.bar, along, across), length=galaxy.bar.length))
            * spectrum_of(galaxy.bar.colour)
        )
        share -= galaxy.bar.share
        old = old * _swept(galaxy.bar, radius)
    if galaxy.arms is not None:
        azimuth = np.arctan2(across, along)
        pattern = strayed_arms(galaxy.arms, along, across, rng)
        lumps = texture_at(texture_tile(rng, slope=2.2), along, across)
        young = _young(galaxy.arms, radius, pattern, lumps)
        young = _with_knots(galaxy.arms, young, grid, rng)
        light += share * galaxy.arms.share * young * spectrum_of(galaxy.arms.colour)
        share *= 1 - galaxy.arms.share
        old = old * (
            1 + 0.5 * galaxy.arms.contrast * (pattern - 0.5) * arm_reach(galaxy.arms, radius)
        )
    light += share * _to_one(old) * disk_spectrum(disk, radius)
    if galaxy.arms is not None:
        light *= _lanes(galaxy.arms, radius, azimuth)
    return light


def disk_coordinates(galaxy: SimulatedParts, disk: Disk, grid: Grid) -> tuple[Plane, Plane]:
    """Give each sample's place in the disk's plane, along and across the line of nodes."""
    along, across = grid.coordinates(galaxy.position_angle)
    return along, across / np.float32(projected_axis_ratio(disk.inclination, disk.thickness))


def strayed_arms(arms: Arms, along: Plane, across: Plane, rng: np.random.Generator) -> Plane:
    """Draw the pattern of arms that stray from their spirals, 0 to 1; takes one texture."""
    wobble = texture_at(texture_tile(rng, slope=3.5), along, across)
    azimuth = np.arctan2(across, along)
    return arm_pattern(arms, np.hypot(along, across), azimuth + arms.raggedness * wobble)


def arm_pattern(arms: Arms, radius: Plane, azimuth: Plane) -> Plane:
    """How much of an arm there is at a point of the disk's plane: 1 on its crest, 0 far from it.

    Crests are logarithmic spirals, radius = start exp(tan(pitch) azimuth) (Kennicutt 1981); across
    an arm the pattern falls as a von Mises function of azimuth.
    """
    wound = np.log(np.maximum(radius, np.float32(1e-3)) / np.float32(arms.start))
    wound /= np.float32(math.tan(math.radians(arms.pitch)))
    angle = arms.number * (azimuth - math.radians(arms.phase) - arms.sense * wound)
    pattern: Plane = np.exp(np.float32(arms.sharpness) * (np.cos(angle) - 1))
    return pattern


def arm_reach(arms: Arms, radius: Plane) -> Plane:
    """0 inside the radius where arms start, 1 outside, 0 again beyond their end."""
    rise = 1 / (1 + np.exp(-8 * (radius / np.float32(arms.start) - 1)))
    light: Plane = rise * np.exp(-((radius / np.float32(arms.end)) ** 6))
    return light


def _young(arms: Arms, radius: Plane, pattern: Plane, lumps: Plane) -> Plane:
    followed = arms.contrast * pattern / np.float32(pattern.mean()) + (1 - arms.contrast)
    return _to_one(
        np.exp(np.float32(arms.lumpiness) * lumps - radius / np.float32(1.3))
        * followed
        * arm_reach(arms, radius)
    )


def _with_knots(arms: Arms, young: Plane, grid: Grid, rng: np.random.Generator) -> Plane:
    """Gather some of the young light in knots too small to resolve, where there is most of it.

    Their number falls with brightness as luminosity^-2 (Kennicutt et al. 1989).
    """
    growth = np.cumsum(young.ravel(), dtype=np.float64)
    places = np.searchsorted(growth, rng.random(arms.knots) * growth[-1])
    # The brightest is a hundred times the faintest.
    brightness = 1 / (1 - 0.99 * rng.random(arms.knots))
    knots = np.bincount(places, brightness / brightness.sum(), young.size).reshape(young.shape)
    blob = max(0.06 * grid.unit * grid.oversampling, 0.5)
    knots = gaussian_filter(knots.astype(np.float32), blob, truncate=3)
    light: Plane = (1 - arms.knot_share) * young + np.float32(arms.knot_share) * knots
    return light


def _lanes(arms: Arms, radius: Plane, azimuth: Plane) -> Planes:
    """Share of light that dust on the arms' inner edges lets through, in i, r, g."""
    behind = azimuth + arms.sense * np.float32(0.9 / arms.number)
    depth = arm_pattern(arms, radius, behind) * arm_reach(arms, radius) * np.exp(-radius / 4)
    light: Planes = np.exp(-np.float32(arms.dust) * depth * extinction())
    return light


def bar_radius(bar: Bar, along: Plane, across: Plane) -> Plane:
    """Give each place's radius in the bar's own ellipses; the bar ends at its length."""
    cosine, sine = math.cos(math.radians(bar.angle)), math.sin(math.radians(bar.angle))
    x, y = along * cosine + across * sine, across * cosine - along * sine
    return generalised_radius(x, y, axis_ratio=bar.axis_ratio, boxiness=bar.boxiness)


def _swept(bar: Bar, radius: Plane) -> Plane:
    """Factor on the disk: emptied within the bar's reach, heaped up in a ring at its ends."""
    ratio = radius / np.float32(bar.length)
    factor: Plane = (
        1
        - bar.hollow * np.exp(-((ratio / 0.8) ** 4))
        + bar.ring * np.exp(-(((ratio - 1.08) / 0.14) ** 2))
    )
    return factor


def disk_spectrum(disk: Disk, radius: Plane) -> Planes:
    """Give the old stars' light in i, r, g relative to r, (3, height, width), with its gradient."""
    bluer = np.clip(radius - 1, -1, 4) * np.float32(disk.gradient * 0.4 * math.log(10))
    spectrum = np.broadcast_to(spectrum_of(disk.colour), (3, *radius.shape)).copy()
    spectrum[0] *= np.exp(-0.4 * bluer)
    spectrum[2] *= np.exp(bluer)
    return spectrum


def _to_one(light: Plane) -> Plane:
    return light / np.float32(light.sum())
