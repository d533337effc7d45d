"""From bands to a picture: the stretch that keeps colours where a galaxy is bright."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
"""Brightness, shape (height, width), with the sky at 0."""
Pixels = NDArray[np.uint8]
"""A picture, shape (height, width, 3)."""


def lupton_rgb(i: Plane, r: Plane, g: Plane, *, stretch: float, softening: float) -> Pixels:
    """Combine three bands into one colour picture (Lupton et al. 2004, equation 2).

    Planes are of shape (height, width), on one scale of brightness with the sky at 0. With I their
    mean, each is multiplied by asinh(softening I / stretch) / (softening I): faint light is shown
    in proportion (``stretch`` would be white), bright light by its logarithm. Where a colour would
    exceed white all three are divided alike, so that hue is kept. The result is uint8 of shape
    (height, width, 3); what is below the sky is black.
    """
    planes = np.stack([i, r, g], axis=-1)
    intensity = np.maximum(planes.mean(axis=-1), np.float32(1e-6 * stretch))
    factor = np.arcsinh(softening * intensity / stretch) / (softening * intensity)
    planes = np.clip(planes, 0, None) * factor[..., np.newaxis]
    planes /= np.maximum(planes.max(axis=-1, keepdims=True), 1)
    picture: Pixels = (planes * 255 + 0.5).astype(np.uint8)
    return picture


def asinh_grey(plane: Plane, *, stretch: float, softening: float) -> Pixels:
    """Show one band in grey: asinh(softening I / stretch) / softening (Lupton et al. 2004, eq. 1).

    The same as :func:`lupton_rgb` with three bands alike. Returns uint8 of shape
    (height, width, 3).
    """
    return lupton_rgb(plane, plane, plane, stretch=stretch, softening=softening)
