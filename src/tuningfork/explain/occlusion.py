"""Occlusion: what a network's answer loses where a patch of the picture is covered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from tuningfork.images.frame import Pixels
from tuningfork.model.session import Model

PATCHES = 14
"""Patches along each side: fewer do a little better in deletion, but miss bars and arms."""
REACH = 0.75
"""A patch's standard deviation, in distances between patches."""
BLUR = 0.09
"""Standard deviation of the blur that covers, as a share of the crop's side: no bar survives it."""
LEAST_CHANGE = 0.03
"""Patches over empty sky are not covered: those that change less than this share of the most."""
BATCH = 32


def occlusion_map(model: Model, pixels: Pixels, place: int) -> NDArray[np.float32]:
    """Measure how much of a class's log-odds each place holds (Zeiler & Fergus 2014).

    ``pixels`` is one crop, uint8 of shape (side, side, 3), ``place`` the class's in the card. Each
    of 14 × 14 round patches in turn is laid under the picture's own blurred version, save over
    empty sky; the loss of ln(p / (1 - p)) is spread over the patch. Returns float32 of shape
    (side, side); negative where covering helps the class.
    """
    windows = _windows(len(pixels))
    clear = pixels.astype(np.float32)
    change = blurred(pixels) - clear
    changed = windows.reshape(len(windows), -1) @ np.abs(change).sum(axis=2).ravel()
    tried = windows[changed > LEAST_CHANGE * changed.max(initial=0)]
    before = log_odds(model.answer(pixels[np.newaxis]).probabilities, place)[0]
    total = np.zeros(pixels.shape[:2], np.float64)
    for start in range(0, len(tried), BATCH):
        some = tried[start : start + BATCH]
        mixed = np.rint(clear + some[..., np.newaxis] * change).astype(np.uint8)
        loss = before - log_odds(model.answer(mixed).probabilities, place)
        total += np.einsum("n,nhw->hw", loss, some)
    found: NDArray[np.float32] = (total / windows.sum(axis=0)).astype(np.float32)
    return found


def blurred(pixels: Pixels) -> NDArray[np.float32]:
    """Give a crop without its structure: light and colour stay about where they were."""
    spread = BLUR * len(pixels)
    cover: NDArray[np.float32] = gaussian_filter(
        pixels.astype(np.float32), (spread, spread, 0), mode="reflect"
    )
    return cover


def log_odds(probabilities: NDArray[np.float32], place: int) -> NDArray[np.float64]:
    """Compute ln(p / (1 - p)) of one class, the smaller of both at least 1e-7."""
    share = np.clip(probabilities[:, place].astype(np.float64), 1e-7, 1 - 1e-7)
    odds: NDArray[np.float64] = np.log(share / (1 - share))
    return odds


def _windows(side: int) -> NDArray[np.float32]:
    """Round windows on a square grid, (patches², side, side), 1 at their centres."""
    step = side / PATCHES
    centres = (np.arange(PATCHES) + 0.5) * step
    line = np.arange(side) + 0.5
    across = np.exp(-0.5 * ((line - centres[:, np.newaxis]) / (REACH * step)) ** 2)
    windows = across[:, np.newaxis, :, np.newaxis] * across[np.newaxis, :, np.newaxis, :]
    return windows.reshape(-1, side, side).astype(np.float32)
