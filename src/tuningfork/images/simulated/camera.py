"""From light in the sky to the picture that Galaxy Zoo showed.

SDSS drew its colour pictures at the camera's own scale, stored them as JPEG, and cut, turned and
enlarged them on request. So the noise of a small galaxy's picture is blurred over several pixels
and carries the blocks of the first JPEG.
"""

from __future__ import annotations

import io
import math
from typing import TypeVar

import numpy as np
from PIL import Image
from scipy import fft

from tuningfork.images.colour import lupton_rgb
from tuningfork.images.simulated.profiles import moffat
from tuningfork.images.simulated.survey import (
    BANDS,
    PICTURE_PIXELS,
    Pixels,
    Plane,
    Planes,
)

Values = TypeVar("Values", Pixels, Plane)

STRETCH = 0.7
"""Nanomaggies a pixel (weighted) that would be white if faint light's proportion held on."""
SOFTENING = 6.5
_FRAME_QUALITY = 80
"""JPEG quality of the survey's own pictures: gives the blocks seen in enlarged cutouts."""


def blurred(light: Planes, *, seeing: float, shifts: Planes, power: float = 3.0) -> Planes:
    """Convolve each band with a star's image, keeping its flux.

    ``seeing`` is the full width at half maximum in r in pixels, ``shifts`` (3, 2) the bands'
    displacement (rows, columns) in pixels. Light within 16 pixels of an edge may wrap half around.
    """
    height, width = light.shape[1:]
    padded = fft.next_fast_len(height + 32, real=True), fft.next_fast_len(width + 32, real=True)
    rows = fft.fftfreq(padded[0], 1 / padded[0]).astype(np.float32)[:, np.newaxis]
    columns = fft.fftfreq(padded[1], 1 / padded[1]).astype(np.float32)[np.newaxis, :]
    result = np.empty_like(light)
    for place, band in enumerate(BANDS):
        distance = np.hypot(rows - shifts[place, 0], columns - shifts[place, 1])
        star = moffat(distance, width=seeing * band.seeing, power=power)
        spectrum = fft.rfft2(light[place], s=padded) * fft.rfft2(star / star.sum())
        result[place] = fft.irfft2(spectrum, s=padded)[:height, :width]
    return result


def exposed(light: Planes, sky: Planes, rng: np.random.Generator) -> Planes:
    """Add the noise of the sky and of the light itself, and what sky was left (3, 1, 1)."""
    result = np.empty_like(light)
    for place, band in enumerate(BANDS):
        variance = np.float32(band.noise**2) + np.clip(light[place], 0, None) / band.electrons
        grain = rng.standard_normal(light.shape[1:], dtype=np.float32)
        result[place] = light[place] + grain * np.sqrt(variance) + sky[place]
    return result


def developed(planes: Planes) -> Pixels:
    """Make the survey's colour picture at the camera's scale, JPEG's blocks and all."""
    red, green, blue = (
        plane * np.float32(band.weight) for plane, band in zip(planes, BANDS, strict=True)
    )
    picture = lupton_rgb(red, green, blue, stretch=STRETCH, softening=SOFTENING)
    return _through_jpeg(picture, _FRAME_QUALITY)


def cutout(frame: Values, *, scale: float, angle: float) -> Values:
    """Cut Galaxy Zoo's picture out of the middle of ``frame``, a picture or a single plane.

    ``scale`` is the side of one of its pixels in the frame's; ``angle`` turns it, in degrees.
    """
    cosine, sine = scale * math.cos(math.radians(angle)), scale * math.sin(math.radians(angle))
    middle, half = (len(frame)) / 2, PICTURE_PIXELS / 2
    image = Image.fromarray(frame).transform(
        (PICTURE_PIXELS, PICTURE_PIXELS),
        Image.Transform.AFFINE,
        (
            cosine, -sine, middle - half * (cosine - sine),
            sine, cosine, middle - half * (sine + cosine),
        ),
        resample=Image.Resampling.BICUBIC,
    )  # fmt: skip
    return np.asarray(image)


def frame_pixels(scale: float, angle: float) -> int:
    """Side of the frame, odd, that ``cutout`` needs, with room at the edges."""
    turned = abs(math.cos(math.radians(angle))) + abs(math.sin(math.radians(angle)))
    return math.ceil(PICTURE_PIXELS * scale * turned) // 2 * 2 + 9


def jpeg(picture: Pixels, quality: int) -> bytes:
    """Encode a JPEG file with nothing in it but the picture."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _through_jpeg(picture: Pixels, quality: int) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(jpeg(picture, quality))).convert("RGB"))
