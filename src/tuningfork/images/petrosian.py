"""How large a galaxy is: the Petrosian radius with nine tenths of its light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATIO = 0.2
"""Petrosian ratio that SDSS chose (Blanton et al. 2001; Yasuda et al. 2001)."""
RADII = 2.0
"""Petrosian radii whose light is the Petrosian flux, likewise."""


@dataclass(frozen=True)
class Profile:
    """Mean brightness in rings one pixel wide around a centre."""

    brightness: NDArray[np.float64]
    """Shape (rings,): of the ring between k and k + 1 pixels."""

    @property
    def light(self) -> NDArray[np.float64]:
        """Light within 0, 1, 2 … pixels; shape (rings + 1,)."""
        radii = np.arange(len(self.brightness) + 1)
        return np.concatenate([[0.0], np.cumsum(self.brightness * np.pi * np.diff(radii**2))])


def profile(
    plane: NDArray[np.float32], x: float, y: float, bad: NDArray[np.bool_] | None = None
) -> Profile:
    """Average rings around (x, y), pixels from the plane's top left corner, out to its far edge.

    ``plane`` is of shape (height, width) with the sky at 0. A ring takes the mean of the good
    pixels that it has, so light that a neighbour hides or the edge cuts off is made up by what
    lies opposite; where no pixel of a ring is good it is 0.
    """
    height, width = plane.shape
    across = np.square(np.arange(width) + 0.5 - x)
    down = np.square(np.arange(height) + 0.5 - y)
    rings = np.sqrt(across[np.newaxis] + down[:, np.newaxis]).astype(np.intp)
    last = max(1, int(max(x, y, width - x, height - y)))
    if bad is not None:
        rings[bad] = last
    np.minimum(rings, last, out=rings)  # beyond the last ring lies all that does not count
    count = np.bincount(rings.ravel(), minlength=last + 1)[:last]
    total = np.bincount(rings.ravel(), weights=plane.ravel(), minlength=last + 1)[:last]
    return Profile(total / np.maximum(count, 1))


def half_light_radius(found: Profile, limit: float) -> float:
    """Find the radius in pixels that holds half of the light within ``limit`` pixels."""
    light = np.maximum.accumulate(found.light)
    edges = np.arange(len(light), dtype=np.float64)
    return float(np.interp(0.5 * np.interp(limit, edges, light), light, edges))


def petrosian_r90(found: Profile) -> float:
    """Find the Petrosian R90 in pixels.

    The Petrosian radius is where the mean brightness between 0.8 and 1.25 radii falls to RATIO of
    the mean within it (Petrosian 1976; Blanton et al. 2001, equation 1); within twice that radius
    lies the Petrosian flux, and within R90 nine tenths of it. Where the brightness never falls so
    far, the last ring takes the place of twice the radius. At least 1.
    """
    light = found.light
    edges = np.arange(len(light), dtype=np.float64)
    radii = max(1.5, (len(light) - 1) / 1.25) ** np.linspace(0.0, 1.0, 160)
    outer, inner = np.interp(1.25 * radii, edges, light), np.interp(0.8 * radii, edges, light)
    nearby = (outer - inner) / (1.25**2 - 0.8**2)
    within = np.interp(radii, edges, light)
    fallen = np.flatnonzero((nearby < RATIO * within) & (radii >= 1.5))
    limit = RADII * radii[fallen[0]] if len(fallen) else edges[-1]
    limit = min(float(limit), float(edges[-1]))
    rising = np.maximum.accumulate(light)
    ninety = 0.9 * float(np.interp(limit, edges, rising))
    return max(1.0, float(np.interp(ninety, rising, edges)))
