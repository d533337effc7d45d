"""Where a simulated galaxy's bar and arms are in its picture, pixel by pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.images.simulated.camera import cutout
from tuningfork.images.simulated.disk import arm_reach, bar_radius, disk_coordinates, strayed_arms
from tuningfork.images.simulated.galaxy import SimulatedParts
from tuningfork.images.simulated.grid import Grid
from tuningfork.images.simulated.light import galaxy_light
from tuningfork.images.simulated.survey import Plane

Mask = NDArray[np.bool_]

CREST = 0.5
"""An arm reaches to where its pattern has fallen to half of its crest's."""


@dataclass(frozen=True, eq=False)
class Parts:
    """What lies where in a picture of 424 × 424 pixels."""

    masks: Mapping[str, Mask]
    """``bar`` and ``arms``, where the galaxy has them, each of shape (424, 424)."""
    light: Plane
    """The galaxy's own light in r before air, noise and neighbours, shape (424, 424), summing to
    1 over the picture."""


def parts_on(
    galaxy: SimulatedParts, grid: Grid, textures: tuple[np.random.Generator, np.random.Generator]
) -> tuple[dict[str, Plane], Plane]:
    """Give the share of each camera pixel that a part covers, and the galaxy's light in r.

    ``textures`` are two generators in the state in which the galaxy is drawn. The bar reaches to
    its ellipse's end; arms to where their pattern has half its crest's height, between the radii
    where they start and end.
    """
    covered: dict[str, Plane] = {}
    if galaxy.disk is not None and galaxy.dust is None:
        along, across = disk_coordinates(galaxy, galaxy.disk, grid)
        if galaxy.bar is not None:
            covered["bar"] = _covered(
                bar_radius(galaxy.bar, along, across) < galaxy.bar.length, grid
            )
        if galaxy.arms is not None:
            pattern = strayed_arms(galaxy.arms, along, across, textures[0])
            reach = arm_reach(galaxy.arms, np.hypot(along, across))
            covered["arms"] = _covered(pattern * reach >= CREST, grid)
    return covered, galaxy_light(galaxy, grid, textures[1])[1]


def in_picture(plane: Plane, *, frame: int, scale: float, angle: float) -> Plane:
    """Bring a plane of camera pixels about the galaxy's centre to the picture's 424 × 424.

    It is put into the frame and cut out as the picture is.
    """
    whole = np.zeros((frame, frame), np.float32)
    first, last = (frame - len(plane)) // 2, (frame + len(plane)) // 2
    whole[first:last, first:last] = plane
    return np.clip(cutout(whole, scale=scale, angle=angle), 0, None)


def _covered(mask: Mask, grid: Grid) -> Plane:
    return grid.binned(mask.astype(np.float32)) / np.float32(grid.oversampling**2)
