"""FITS files for tests: galaxies drawn by formula, or real pictures turned back into light."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

PIXEL = 0.396
"""Seconds of arc a pixel, SDSS's."""
SOFTENING, STRETCH = 6.5, 0.7
"""Of SDSS's pictures, as the simulated sky found them."""
FACTORS = (1.0, 1.18, 1.75)
"""By which i, r and g were multiplied for display."""


def disk(
    side: int = 200,
    *,
    scale: float = 8.0,
    at: tuple[float, float] | None = None,
    peak: float = 1.0,
    width: int | None = None,
) -> NDArray[np.float32]:
    """Draw an exponential disk, face on: peak exp(-r / scale), without noise.

    ``at`` is its middle in pixels from the lower left corner, by default the plane's.
    """
    x, y = at or ((width or side) / 2, side / 2)
    down, across = np.mgrid[0:side, 0 : width or side] + 0.5
    light: NDArray[np.float32] = (peak * np.exp(-np.hypot(across - x, down - y) / scale)).astype(
        np.float32
    )
    return light


def three_bands(light: NDArray[np.float32], noise: float = 0.004) -> NDArray[np.float32]:
    """Give i, r and g, shape (3, height, width): a red galaxy on a noisy sky."""
    rng = np.random.default_rng(3)
    planes = np.stack([light * factor for factor in (1.2, 0.9, 0.5)])
    return (planes + rng.normal(0, noise, planes.shape)).astype(np.float32)


def header(pixel: float = PIXEL, **cards: Any) -> fits.Header:
    """Give a header with a WCS whose pixels are ``pixel`` seconds of arc wide."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.cdelt = [-pixel / 3600, pixel / 3600]
    wcs.wcs.crval, wcs.wcs.crpix = [202.47, 47.2], [100, 100]
    found = wcs.to_header()
    for name, value in cards.items():
        found[name] = value
    return found


def written(*units: Any) -> bytes:
    """Give the bytes of a file with these units."""
    file = io.BytesIO()
    fits.HDUList(list(units)).writeto(file)
    return file.getvalue()


def primary(array: NDArray[Any], **cards: Any) -> bytes:
    """Give a file whose only unit holds the array."""
    return written(fits.PrimaryHDU(array, header(**cards)))


def extensions(planes: Iterable[NDArray[Any]], names: Sequence[str], **cards: Any) -> bytes:
    """Give a file with an empty first unit and one extension for each plane."""
    images = [
        fits.ImageHDU(plane, header(**cards), name=name)
        for plane, name in zip(planes, names, strict=True)
    ]
    return written(fits.PrimaryHDU(), *images)


def light_of(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn a picture of SDSS's back into light, i, r, g in nanomaggies: Lupton's eq. 2 undone.

    ``picture`` is uint8 of shape (height, width, 3); returns (3, height, width), the lowest row
    first, with the sky's noise spread below 0 as it was before it was clipped.
    """
    shown = picture[::-1].astype(np.float64) / 255
    mean = np.maximum(shown.mean(axis=2), 1e-6)
    intensity = STRETCH * np.sinh(SOFTENING * mean) / SOFTENING
    planes = np.moveaxis(shown * (intensity / mean)[:, :, np.newaxis], -1, 0)
    noise = np.random.default_rng(5).normal(0, 0.012, planes.shape)
    light: NDArray[np.float32] = (
        (planes + noise) / np.array(FACTORS)[:, np.newaxis, np.newaxis]
    ).astype(np.float32)
    return light
