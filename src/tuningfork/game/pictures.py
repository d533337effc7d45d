"""A galaxy's picture as the browser gets it: nothing in it but the pixels."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from tuningfork.images.decode import decode
from tuningfork.images.frame import Pixels

SIDE = 424  # Galaxy Zoo's frame, in pixels
QUALITY = 90


def plain_jpeg(data: bytes, where: str) -> bytes:
    """Encode a picture anew: 424×424 pixels, RGB JPEG without metadata.

    Every galaxy leaves in the same form, whatever the form of its file, so that neither
    size, format, profile nor comment says which folder it came from. A picture that is not
    square is centred on black. Raises UnreadableImage.
    """
    buffer = io.BytesIO()
    squared(decode(data, where)).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def squared(pixels: Pixels) -> Image.Image:
    """Bring a picture of any size to 424×424 pixels, centred on black."""
    picture = Image.fromarray(pixels)
    return ImageOps.pad(picture, (SIDE, SIDE), Image.Resampling.LANCZOS, color="black")
