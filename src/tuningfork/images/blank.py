"""Frames that show no sky: black ones, ones of a single colour, messages in place of pictures.

Sky surveys answer with such frames off their footprint or in trouble, and some have found their way
into the data sets. The limits are set between what real galaxies hold (docs/data.md) and such
frames; a noisy sky is never flat.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLACK = "black frame"
CONSTANT = "frame of one colour"
MESSAGE = "error message in place of a picture"
PARTLY = "edge of the survey: the middle is blank"

_DARK = 8
"""Levels of 255 up to which a pixel may be black, JPEG's ringing included."""
_ALIKE = 3
"""Levels by which pixels of one colour may differ after JPEG."""
_FLAT_SHARE = 0.985
"""Share of a frame in one colour that makes it one of that colour."""
_LETTERED = 0.85
"""Share of a message's frame that is its plain ground; letters fill the rest."""
_STEEP = 50
"""Levels by which letters stand out of their ground."""
_LETTER_HEIGHT = 5
"""Lines of pixels that letters fill at least."""
_LETTERS = 4
"""Letters on a line at least."""

_TEXT_STARTS = (b"<", b"{", b"[")


def blank_kind(pixels: NDArray[np.uint8]) -> str:
    """Say what kind of frame without sky this is; empty for a picture.

    ``pixels`` is uint8 RGB of shape (height, width, 3).
    """
    ground = _ground(pixels)
    away = np.abs(pixels.astype(np.int16) - ground).max(axis=2)
    flat = away <= _ALIKE
    share = float(flat.mean())
    if share >= _FLAT_SHARE:
        if _is_message(away):
            return MESSAGE
        return BLACK if ground.max() <= _DARK else CONSTANT
    if share >= _LETTERED and _is_message(away):
        return MESSAGE
    return PARTLY if _middle_is_flat(pixels, flat) else ""


def is_text(data: bytes) -> bool:
    """Whether bytes that should be a picture are a web page, XML, JSON or plain words."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        return False
    if head.startswith(_TEXT_STARTS):
        return True
    return all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head)


def _ground(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Find the most frequent colour, to a few levels."""
    coarse = (pixels >> 2).astype(np.int32).reshape(-1, 3)
    keys = coarse[:, 0] << 12 | coarse[:, 1] << 6 | coarse[:, 2]
    frequent = int(np.bincount(keys).argmax())
    chosen = pixels.reshape(-1, 3)[keys == frequent]
    found: NDArray[np.int16] = np.median(chosen, axis=0).astype(np.int16)
    return found


def _is_message(away: NDArray[np.int16]) -> bool:
    """Whether lines of pixels meet many steep marks, as lines of letters do.

    A star or a galaxy is crossed once; of real galaxies half the bright lines have at most two.
    """
    steep = away >= _STEEP
    rows = steep[steep.any(axis=1)]
    if len(rows) < _LETTER_HEIGHT:
        return False
    crossings = (np.diff(rows.astype(np.int8), axis=1) == 1).sum(axis=1)
    return bool(np.median(crossings) >= _LETTERS)


def _middle_is_flat(pixels: NDArray[np.uint8], flat: NDArray[np.bool_]) -> bool:
    height, width = flat.shape
    middle = flat[height * 3 // 8 : height * 5 // 8, width * 3 // 8 : width * 5 // 8]
    return bool(middle.size and middle.mean() > _FLAT_SHARE)
