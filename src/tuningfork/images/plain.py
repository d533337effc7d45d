"""Plain pictures: where the galaxy is in them, and which part stands for a Galaxy Zoo frame."""

from __future__ import annotations

import numpy as np

from tuningfork.images.frame import Raster, as_image
from tuningfork.images.framing import SOFTENING, Known, Reading, Shown, framed
from tuningfork.images.locate import Galaxy, find_galaxy

MEASURED_SIDE = 128
"""Pixels to about which a picture's longer side is brought before its galaxy is measured."""
GLANCE_SIDE = 48
"""The same of a first glance, which costs a fifth and suffices for most pictures."""
AS_SDSS = 0.91
"""Petrosian R90 by SDSS over the one measured so (median over Kaggle's galaxies)."""


def frame_picture(pixels: Raster, known: Known, reading: Reading) -> Shown:
    """Find out which part of a plain picture stands for a Galaxy Zoo frame.

    Raises UnreadableImage for a wish that the picture cannot fulfil.
    """
    image = as_image(pixels)
    shape = (image.height, image.width)
    found = framed(shape, None, reading, known)
    seek = reading.center == "auto" or (reading.size == "auto" and reading.frame_share is None)
    for side in (GLANCE_SIDE, MEASURED_SIDE) if seek else ():
        found = framed(shape, galaxy_in(image, known.point, side), reading, known)
        if not found.note:  # in place already: no closer look is needed
            break
    return Shown(image, found.window, found.note)


def galaxy_in(
    pixels: Raster, at: tuple[float, float] | None, side: int = MEASURED_SIDE
) -> Galaxy | None:
    """Measure the galaxy of a plain picture, in its pixels; None if nothing stands out.

    ``at`` is a position (x, y) that lies in the galaxy. Done on a small grey copy of about
    ``side`` pixels whose stretch is undone.
    """
    image = as_image(pixels)
    step = max(1, round(max(image.size) / side))
    levels = np.asarray(image.reduce(step).convert("L"), np.float32) / 255
    light = (np.sinh(SOFTENING * levels) / SOFTENING).astype(np.float32)
    point = None if at is None else (at[0] / step, at[1] / step)
    found = find_galaxy(light, at=point, closely=side > GLANCE_SIDE)
    if found is None:
        return None
    return Galaxy(
        found.x * step, found.y * step, found.r90 * step * AS_SDSS, found.sky, found.noise
    )
