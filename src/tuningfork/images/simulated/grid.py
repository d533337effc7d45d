"""Where the light of a galaxy is worked out: points finer than the camera's pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from tuningfork.images.simulated.survey import Plane

_TILE_PIXELS = 128
_TILE_LENGTH = 8.0


@dataclass(frozen=True)
class Grid:
    """A square of pixels about a galaxy's centre, each sampled ``oversampling`` times a side."""

    pixels: int
    """Side in camera pixels; the galaxy's centre is the middle of the square."""
    oversampling: int
    unit: float
    """Camera pixels in the galaxy's unit of length."""

    @property
    def samples(self) -> int:
        return self.pixels * self.oversampling

    def coordinates(self, angle: float) -> tuple[Plane, Plane]:
        """Distances along and across a major axis at ``angle`` degrees, in the galaxy's unit."""
        line = np.arange(self.samples, dtype=np.float32) - np.float32((self.samples - 1) / 2)
        line /= np.float32(self.oversampling * self.unit)
        cosine, sine = (
            np.float32(math.cos(math.radians(angle))),
            np.float32(math.sin(math.radians(angle))),
        )
        x, y = line[np.newaxis, :], line[:, np.newaxis]
        return x * cosine + y * sine, y * cosine - x * sine

    def binned(self, samples: Plane) -> Plane:
        """Add up the samples in each camera pixel, over the last two axes."""
        if self.oversampling == 1:
            return samples
        shape = (self.pixels, self.oversampling, self.pixels, self.oversampling)
        sums: Plane = samples.reshape(*samples.shape[:-2], *shape).sum(axis=(-3, -1))
        return sums


def texture_tile(rng: np.random.Generator, *, slope: float) -> Plane:
    """Make a patch that repeats, of mean 0 and variance 1, with power ~ wave number^-``slope``."""
    noise = np.fft.rfft2(rng.standard_normal((_TILE_PIXELS, _TILE_PIXELS), dtype=np.float32))
    waves = np.hypot(
        np.fft.fftfreq(_TILE_PIXELS)[:, np.newaxis], np.fft.rfftfreq(_TILE_PIXELS)[np.newaxis, :]
    )
    waves[0, 0] = np.inf
    tile = np.fft.irfft2(noise * waves ** (-slope / 2), s=(_TILE_PIXELS, _TILE_PIXELS))
    light: Plane = ((tile - tile.mean()) / tile.std()).astype(np.float32)
    return light


def texture_at(tile: Plane, x: Plane, y: Plane) -> Plane:
    """Values of ``tile``, 8 units of length wide, at points of a disk's plane."""
    scale = np.float32(_TILE_PIXELS / _TILE_LENGTH)
    values: Plane = map_coordinates(tile, (y * scale, x * scale), order=1, mode="grid-wrap")
    return values
