"""Heat over the picture: the galaxy stays visible, colours tell apart for every eye."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tuningfork.images.frame import Pixels, Preprocessing, Raster, Window

RAMP = np.array(
    [(0, 0, 0), (40, 20, 90), (125, 35, 110), (215, 75, 45), (250, 160, 30), (255, 235, 140)],
    np.float32,
)
"""Heat 0 to 1 in even steps, ever lighter, so that it reads without colour vision too."""
LINES = ((0.25, 0.45), (0.5, 1.0))
"""Contours: at which heat, and how opaque."""
LINE = (255.0, 255.0, 255.0)

SHOWN = 400
"""Pixels that the side of a crop has at least when it is shown to people."""


def shown_crop(
    picture: Raster, preprocessing: Preprocessing, window: Window | float = 1.0
) -> Pixels:
    """Cut out of a picture what the network sees, finer than the network sees it.

    ``window`` is where a Galaxy Zoo frame lies in it, or the picture's frame share. Returns uint8
    (side, side, 3), the side a multiple of the network's and at least SHOWN; a heat map of the
    network's crop fits it.
    """
    times = math.ceil(SHOWN / preprocessing.input_pixels)
    finer = Preprocessing(preprocessing.frame_pixels * times, preprocessing.input_pixels * times)
    if isinstance(window, Window):
        return finer.cut(picture, window)
    return finer.apply(picture, window)


def overlay(pixels: Pixels, heat: NDArray[np.float32]) -> Pixels:
    """Lay a heat map over a picture.

    ``pixels`` is uint8 of shape (height, width, 3) and shows what the map shows, at any
    resolution; ``heat`` is of shape (h, w), 0 to 1. The picture becomes grey, tinted the more the
    hotter, with contours at a quarter and at half of the greatest heat. Returns uint8 of the
    picture's shape.
    """
    height, width = pixels.shape[:2]
    coarse = Image.fromarray(np.ascontiguousarray(heat, dtype=np.float32))
    warmth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).clip(0, 1)
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    places = np.linspace(0, 1, len(RAMP))
    tint = np.stack([np.interp(warmth, places, RAMP[:, one]) for one in range(3)], axis=-1)
    # Dark sky takes the tint at half strength; light takes its hue and stays light.
    light = grey[..., np.newaxis] / 255
    share = np.sqrt(warmth)[..., np.newaxis]
    shown = 255 * light * (1 - share) + tint * share * (0.3 + 0.7 * light)
    shown += share * 110 * light**2
    for level, opacity in LINES:
        line = opacity * _contour(warmth, level, max(height, width) / 400)[..., np.newaxis]
        shown = shown * (1 - line) + np.array(LINE, np.float32) * line
    laid: Pixels = np.rint(shown.clip(0, 255)).astype(np.uint8)
    return laid


def _contour(heat: NDArray[np.float32], level: float, width: float) -> NDArray[np.float32]:
    """Draw an isoline, soft at its edges: 1 on it, 0 more than ``width`` pixels away."""
    down, right = np.gradient(heat)
    steepness = np.maximum(np.hypot(down, right), 1e-4)
    line: NDArray[np.float32] = np.exp(-(((heat - level) / (steepness * max(width, 0.6))) ** 2))
    return line.astype(np.float32)
