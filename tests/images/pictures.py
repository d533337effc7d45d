"""Pictures for tests: drawn here, encoded every way that users send them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def scene(height: int = 24, width: int = 32) -> NDArray[np.uint8]:
    """Draw red rising to the right, green rising downwards and blue constant."""
    down, right = np.mgrid[0:height, 0:width]
    red, green = right * 255 // (width - 1), down * 255 // (height - 1)
    return np.stack([red, green, np.full_like(red, 90)], axis=2).astype(np.uint8)


def encoded(array: NDArray[Any], kind: str = "PNG", mode: str | None = None, **how: Any) -> bytes:
    """Give the bytes of a file that shows the array."""
    image = Image.fromarray(array)
    file = io.BytesIO()
    (image if mode is None else image.convert(mode)).save(file, kind, **how)
    return file.getvalue()
