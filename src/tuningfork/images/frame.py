"""The crop: which part of a picture a network sees, and at what scale.

Scale is measured in Galaxy Zoo frames. A frame is 424 pixels wide at 0.02 petroR90_r a pixel, so
8.48 Petrosian R90 (Willett et al. 2013). A picture's *frame share* is its width as a share of that
frame: 1 for Kaggle's pictures at any resolution, 0.5 for one that shows the central half.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Preprocessing:
    """From a picture of any size to the square of pixels that a network reads."""

    frame_pixels: int
    """Side of a whole Galaxy Zoo frame at the network's scale."""
    input_pixels: int
    """Side of the central square that the network sees."""

    def apply(self, image: Pixels, frame_share: float = 1.0) -> Pixels:
        """Cut the centre out of ``image`` and bring it to the network's scale.

        ``image`` is uint8 of shape (height, width, 3); its shorter side is what ``frame_share``
        measures. Returns uint8 of shape (input_pixels, input_pixels, 3). Where the picture shows
        less than the network sees, the rest is filled by reflection. Raises ValueError unless
        ``frame_share`` is above 0 and finite.
        """
        if not 0 < frame_share < math.inf:
            raise ValueError(f"frame_share is {frame_share}; give a number above 0")
        height, width = image.shape[:2]
        side = min(height, width)
        wanted = side * self.input_pixels / (self.frame_pixels * frame_share)
        taken = min(wanted, float(side))
        pixels = max(1, round(self.input_pixels * taken / wanted))
        left, top = (width - taken) / 2, (height - taken) / 2
        resized = np.asarray(
            Image.fromarray(image).resize(
                (pixels, pixels),
                Image.Resampling.BILINEAR,
                box=(left, top, left + taken, top + taken),
            )
        )
        return _reflected(resized, self.input_pixels)


def _reflected(square: Pixels, side: int) -> Pixels:
    missing = side - len(square)
    if missing <= 0:
        return square
    before, after = missing // 2, math.ceil(missing / 2)
    around = ((before, after), (before, after), (0, 0))
    if len(square) == 1:
        return np.pad(square, around, mode="edge")
    return np.pad(square, around, mode="reflect")
