"""Plain pictures: where the galaxy is in them, and which part stands for a Galaxy Zoo frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tuningfork.images.framing import SOFTENING, Known, Reading, Shown, framed
from tuningfork.images.locate import Galaxy, find_galaxy

MEASURED_SIDE = 128
"""Pixels to which a picture's longer side is brought before its galaxy is measured."""
AS_SDSS = 0.91
"""Petrosian R90 by SDSS over the one measured so (median over Kaggle's galaxies)."""


def frame_picture(pixels: NDArray[np.uint8], known: Known, reading: Reading) -> Shown:
    """Find out which part of a plain picture stands for a Galaxy Zoo frame.

    ``pixels`` is uint8 of shape (height, width, 3). Raises UnreadableImage for a wish that the
    picture cannot fulfil.
    """
    height, width = pixels.shape[:2]
    seek = reading.center == "auto" or (reading.size == "auto" and reading.frame_share is None)
    galaxy = galaxy_in(pixels, known.point) if seek else None
    found = framed((height, width), galaxy, reading, known)
    return Shown(pixels, found.window, found.note)


def galaxy_in(pixels: NDArray[np.uint8], at: tuple[float, float] | None) -> Galaxy | None:
    """Measure the galaxy of a plain picture, in its pixels; None if nothing stands out.

    ``pixels`` is uint8 of shape (height, width, 3); ``at`` a position (x, y) that lies in the
    galaxy. Done on a small grey copy whose stretch is undone.
    """
    height, width = pixels.shape[:2]
    step = max(1.0, max(height, width) / MEASURED_SIDE)
    image = Image.fromarray(pixels).convert("L")
    small = image.resize(
        (max(1, round(width / step)), max(1, round(height / step))), Image.Resampling.BOX
    )
    levels = np.asarray(small, np.float32) / 255
    light = (np.sinh(SOFTENING * levels) / SOFTENING).astype(np.float32)
    found = find_galaxy(light, at=None if at is None else (at[0] / step, at[1] / step))
    if found is None:
        return None
    return Galaxy(
        found.x * step, found.y * step, found.r90 * step * AS_SDSS, found.sky, found.noise
    )
