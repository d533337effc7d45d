"""From three bands to a colour picture."""

from __future__ import annotations

import numpy as np

from tuningfork.images.simulated.survey import Pixels, Plane


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
