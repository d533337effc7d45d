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
Raster = Pixels | Image.Image
"""A picture in memory: uint8 of shape (height, width, 3), or Pillow's of mode RGB."""

FRAME_R90 = 8.48
"""Petrosian R90 in a frame's width: 424 pixels of 0.02 R90."""


@dataclass(frozen=True)
class Window:
    """Where a Galaxy Zoo frame lies in a picture, in the picture's pixels."""

    x: float
    """Of its middle, from the picture's left edge."""
    y: float
    """Of its middle, from the picture's top edge."""
    width: float
    """Of the whole frame, above 0; it may be larger than the picture."""


def whole_picture(height: int, width: int, frame_share: float = 1.0) -> Window:
    """Give the frame around a picture's middle.

    ``frame_share`` is the picture's shorter side as a share of the frame. Raises ValueError unless
    it is above 0 and finite.
    """
    if not 0 < frame_share < math.inf:
        raise ValueError(f"frame_share is {frame_share}; give a number above 0")
    return Window(width / 2, height / 2, min(height, width) / frame_share)


@dataclass(frozen=True)
class Preprocessing:
    """From a picture of any size to the square of pixels that a network reads."""

    frame_pixels: int
    """Side of a whole Galaxy Zoo frame at the network's scale."""
    input_pixels: int
    """Side of the central square that the network sees."""

    def apply(self, image: Raster, frame_share: float = 1.0) -> Pixels:
        """Cut the centre out of ``image`` and bring it to the network's scale.

        The shorter side of ``image`` is what ``frame_share`` measures. Returns uint8 of shape
        (input_pixels, input_pixels, 3). Where the picture shows less than the network sees, the
        rest is filled by reflection. Raises ValueError unless ``frame_share`` is above 0 and
        finite.
        """
        image = as_image(image)
        return self.cut(image, whole_picture(image.height, image.width, frame_share))

    def cut(self, image: Raster, window: Window) -> Pixels:
        """Cut the middle of ``window`` out of ``image`` and bring it to the network's scale.

        As :meth:`apply`, for a frame that may lie anywhere in the picture.
        """
        image = as_image(image)
        wanted = window.width * self.input_pixels / self.frame_pixels
        left, columns, before, after = self._span(window.x, image.width, wanted)
        top, rows, above, below = self._span(window.y, image.height, wanted)
        resized = image.resize(
            (columns, rows),
            Image.Resampling.BILINEAR,
            box=(left[0], top[0], left[1], top[1]),
        )
        return _reflected(np.asarray(resized), ((above, below), (before, after), (0, 0)))

    def _span(
        self, middle: float, length: int, wanted: float
    ) -> tuple[tuple[float, float], int, int, int]:
        """Split a side of the square into what the picture has and what it lacks.

        Gives the picture's part, the pixels it becomes, and how many are missing before and after.
        """
        start = min(max(middle - wanted / 2, 0.0), length - 1.0)
        stop = max(min(middle + wanted / 2, float(length)), start + 1.0)
        pixels = min(self.input_pixels, max(1, round(self.input_pixels * (stop - start) / wanted)))
        missing = self.input_pixels - pixels
        gaps = max(start - (middle - wanted / 2), 0.0), max(middle + wanted / 2 - stop, 0.0)
        before = math.ceil(missing * gaps[0] / sum(gaps) - 0.5) if sum(gaps) > 0 else missing // 2
        return (start, stop), pixels, before, missing - before


def as_image(image: Raster) -> Image.Image:
    """Give Pillow's form of a picture, which is the picture itself where it has that form."""
    return image if isinstance(image, Image.Image) else Image.fromarray(image)


def _reflected(image: Pixels, around: tuple[tuple[int, int], ...]) -> Pixels:
    for axis in (0, 1):
        if any(around[axis]):
            one = tuple(around[axis] if place == axis else (0, 0) for place in range(3))
            image = np.pad(image, one, mode="edge" if image.shape[axis] == 1 else "reflect")
    return image
