"""Changes to pictures that take colour or shape away, or leave both and hide detail.

A change takes wide crops, uint8 of shape (n, wide, wide, 3) with the galaxies in their middle, and
gives as many of the same shape; what is turned or moved into the network's crop is real sky then.
Lengths are in pixels of Galaxy Zoo's frame, 50 of which are a Petrosian R90.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, shift

from tuningfork.images.frame import Pixels, Preprocessing

FRAME = 424
R90 = 50
ORDERS = {"RBG": (0, 2, 1), "GRB": (1, 0, 2), "GBR": (1, 2, 0), "BRG": (2, 0, 1), "BGR": (2, 1, 0)}
"""Every other order of red, green and blue."""
MARGIN = 0.21
"""Of the crop's side, on each side: turned by any angle, the crop lies within (√2 / 2 - 1 / 2)."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Wide crops, and what a change may need beside them."""

    pixels: Pixels
    """uint8 of shape (n, wide, wide, 3)."""
    scale: float
    """Crop pixels in a pixel of Galaxy Zoo's frame."""
    donors: Pixels
    """Wide crops of n other galaxies, whose colours may be borrowed."""
    rng: np.random.Generator


@dataclass(frozen=True)
class Change:
    """One way to change pictures."""

    name: str
    setting: str
    """How much or which way; empty where there is only one."""
    apply: Callable[[Batch], Pixels]


def wide_preprocessing(card: Preprocessing) -> Preprocessing:
    """Give the network's scale with a margin about its crop."""
    margin = int(np.ceil(MARGIN * card.input_pixels))
    return Preprocessing(card.frame_pixels, card.input_pixels + 2 * margin)


def middle(wide: Pixels, side: int) -> Pixels:
    """Cut the network's crop out of wide ones; shape (n, side, side, 3)."""
    first = (wide.shape[1] - side) // 2
    return wide[:, first : first + side, first : first + side]


def grey(batch: Batch) -> Pixels:
    """Replace the three colours by their mean."""
    return np.broadcast_to(_rounded(_brightness(batch.pixels)), batch.pixels.shape)


def swapped(batch: Batch, order: tuple[int, int, int]) -> Pixels:
    """Put the three colours into another order."""
    return batch.pixels[..., list(order)]


def hue_turned(batch: Batch, degrees: float) -> Pixels:
    """Turn every hue, saturation and value kept (HSV)."""
    turn = round(degrees / 360 * 256)
    turned = np.empty_like(batch.pixels)
    for place, one in enumerate(batch.pixels):
        hsv = np.array(Image.fromarray(one).convert("HSV"))
        hsv[..., 0] += np.uint8(turn)
        turned[place] = np.asarray(Image.fromarray(hsv, "HSV").convert("RGB"))
    return turned


def recoloured(batch: Batch) -> Pixels:
    """Keep each pixel's brightness, and tint the whole with another galaxy's mean colour."""
    colours = mean_colours(batch.donors, batch.scale)
    tint = colours / colours.mean(axis=1, keepdims=True)
    return _rounded(_brightness(batch.pixels) * tint[:, np.newaxis, np.newaxis, :])


def mean_colours(wide: Pixels, scale: float) -> NDArray[np.float64]:
    """Measure galaxies' mean red, green and blue within R90; shape (n, 3), at least 1."""
    side = wide.shape[1]
    line = np.arange(side) - (side - 1) / 2
    inside = np.hypot(line[:, np.newaxis], line) <= R90 * scale
    means: NDArray[np.float64] = np.maximum(wide[:, inside].mean(axis=1, dtype=np.float64), 1.0)
    return means


def blurred(batch: Batch, spread: float) -> Pixels:
    """Convolve with a Gaussian of this standard deviation."""
    pixels = spread * batch.scale
    return _rounded(gaussian_filter(batch.pixels.astype(np.float32), (0, pixels, pixels, 0)))


def noised(batch: Batch, levels: float) -> Pixels:
    """Add Gaussian noise of this standard deviation, of 255 levels, to each colour."""
    noise = batch.rng.standard_normal(batch.pixels.shape, dtype=np.float32)
    return _rounded(batch.pixels + np.float32(levels) * noise)


def halved(batch: Batch) -> Pixels:
    """Bring crops to half their pixels a side and back."""
    side = batch.pixels.shape[1]
    return np.stack(
        [
            np.asarray(
                Image.fromarray(one)
                .resize((side // 2, side // 2), Image.Resampling.BOX)
                .resize((side, side), Image.Resampling.BILINEAR)
            )
            for one in batch.pixels
        ]
    )


def rotated(batch: Batch, degrees: float) -> Pixels:
    """Turn pictures counter-clockwise."""
    return np.stack(
        [
            np.asarray(Image.fromarray(one).rotate(degrees, Image.Resampling.BICUBIC))
            for one in batch.pixels
        ]
    )


def shifted(batch: Batch, down: float, right: float) -> Pixels:
    """Move pictures, so that galaxies stand off the middle."""
    move = (0, down * batch.scale, right * batch.scale, 0)
    return _rounded(shift(batch.pixels.astype(np.float32), move, order=1, mode="reflect"))


def azimuthal_mean(batch: Batch) -> Pixels:
    """Replace each pixel by the mean on its circle: colours and profile stay, shape goes."""
    side = batch.pixels.shape[1]
    line = np.arange(side) - (side - 1) / 2
    radius = np.hypot(line[:, np.newaxis], line).ravel()
    _, ring = np.unique(np.rint(radius), return_inverse=True)  # an even side has no circle 0
    counts = np.bincount(ring)
    places = np.bincount(ring, radius) / counts
    result = np.empty(batch.pixels.shape, np.float32)
    for place, one in enumerate(batch.pixels):
        for colour in range(3):
            means = np.bincount(ring, one[..., colour].ravel()) / counts
            result[place, ..., colour] = np.interp(radius, places, means).reshape(side, side)
    return _rounded(result)


def _brightness(pixels: Pixels) -> NDArray[np.float32]:
    brightness: NDArray[np.float32] = pixels.mean(axis=-1, keepdims=True, dtype=np.float32)
    return brightness


def _rounded(values: NDArray[np.floating]) -> Pixels:
    levels: Pixels = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return levels


def _changes() -> tuple[Change, ...]:
    sides = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
    return (
        Change(UNCHANGED, "", lambda batch: batch.pixels),
        Change("grey", "", grey),
        *(
            Change("channels swapped", name, partial(swapped, order=order))
            for name, order in ORDERS.items()
        ),
        *(
            Change("hue rotated", f"{turn}°", partial(hue_turned, degrees=turn))
            for turn in range(60, 360, 60)
        ),
        Change("another galaxy's colour", "", recoloured),
        Change("azimuthal mean", "", azimuthal_mean),
        *(Change("blurred", f"{one} px", partial(blurred, spread=one)) for one in (2, 4, 8)),
        *(
            Change("noised", f"{one} of 255", partial(noised, levels=one))
            for one in (5, 10, 20, 40)
        ),
        Change("half resolution", "", halved),
        *(
            Change("rotated", f"{turn}°", partial(rotated, degrees=turn))
            for turn in range(15, 360, 15)
        ),
        *(
            Change("shifted", f"{far} px {side}", partial(shifted, down=far * y, right=far * x))
            for far in (8, 16, 32)
            for side, (y, x) in sides.items()
        ),
    )


UNCHANGED = "unchanged"
CHANGES = _changes()
"""What a probe tries, in the order of its table; the first leaves pictures as they are."""
