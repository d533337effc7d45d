"""The Sloan Digital Sky Survey's camera and the cutouts that Galaxy Zoo showed, in numbers.

Planes are in the order i, r, g, which the cutouts show as red, green and blue. Fluxes are in
nanomaggies (22.5 mag is 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
"""Surface brightness, shape (height, width), in nanomaggies a pixel unless said otherwise."""
Planes = NDArray[np.float32]
"""Three planes (i, r, g), shape (3, height, width)."""
Pixels = NDArray[np.uint8]
"""A picture, shape (height, width, 3)."""
Colour = tuple[float, float]
"""g - r and r - i in magnitudes."""

PIXEL_SCALE = 0.396
"""Seconds of arc a pixel (Gunn et al. 1998)."""
PICTURE_PIXELS = 424
"""Side of Galaxy Zoo's pictures (Willett et al. 2013, section 2)."""
R90_PIXELS = 50.0
"""The Petrosian radius with 90 % of the light, in those pixels (0.02 R90 a pixel)."""


@dataclass(frozen=True)
class Band:
    """What the camera does to one band."""

    name: str
    noise: float
    """Standard deviation of the sky in a pixel, nanomaggies (sky of 20.3, 20.9, 21.8 mag)."""
    electrons: float
    """Electrons that one nanomaggie gives in 54 seconds."""
    seeing: float
    """Full width at half maximum of a star relative to that in r."""
    extinction: float
    """A(band) / A(V) (Schlegel et al. 1998, table 6)."""
    weight: float
    """Factor before the colours are combined: makes red, green and blue of like brightness."""


BANDS = (
    Band("i", noise=0.041, electrons=700.0, seeing=0.95, extinction=0.639, weight=1.0),
    Band("r", noise=0.027, electrons=940.0, seeing=1.0, extinction=0.843, weight=1.18),
    Band("g", noise=0.017, electrons=1000.0, seeing=1.09, extinction=1.161, weight=1.75),
)


def flux_of(magnitude: float) -> float:
    """Nanomaggies of a magnitude."""
    return float(10 ** (0.4 * (22.5 - magnitude)))


def spectrum_of(colour: Colour) -> Plane:
    """Fluxes in i, r, g relative to r, shaped (3, 1, 1) to multiply a plane."""
    green_red, red_infrared = colour
    fluxes = (10 ** (0.4 * red_infrared), 1.0, 10 ** (-0.4 * green_red))
    return np.array(fluxes, dtype=np.float32)[:, np.newaxis, np.newaxis]


def extinction() -> Plane:
    """A(band) / A(V) for i, r, g, shaped (3, 1, 1)."""
    return np.array([band.extinction for band in BANDS], np.float32)[:, np.newaxis, np.newaxis]
