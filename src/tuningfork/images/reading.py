"""From any file's bytes to a framed picture: the door that plain pictures and FITS share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuningfork.images.decode import decode
from tuningfork.images.framing import Known, Reading, Shown
from tuningfork.images.plain import frame_picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_picture(data: bytes, where: str, reading: Reading | None = None) -> Shown:
    """Read the galaxy in a file's bytes, FITS or any format of :func:`images.decode.decode`.

    ``where`` names the picture in messages. Raises UnreadableImage.
    """
    from tuningfork.images.fits import is_fits, read_fits

    reading = reading or Reading()
    if is_fits(data):
        return read_fits(data, where, reading)
    return read_pixels(decode(data, where), where, reading)


def read_pixels(pixels: NDArray[np.uint8], where: str, reading: Reading | None = None) -> Shown:
    """Frame a decoded picture, uint8 of shape (height, width, 3). Raises UnreadableImage."""
    reading = reading or Reading()
    return frame_picture(pixels, Known(where, reading.point), reading)
