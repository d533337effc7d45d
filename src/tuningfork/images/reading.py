"""From any file's bytes to a framed picture: the door that plain pictures and FITS share."""

from __future__ import annotations

from tuningfork.images.decode import opened
from tuningfork.images.frame import Raster
from tuningfork.images.framing import Known, Reading, Shown
from tuningfork.images.plain import frame_picture


def read_picture(data: bytes, where: str, reading: Reading | None = None) -> Shown:
    """Read the galaxy in a file's bytes, FITS or any format of :func:`images.decode.decode`.

    ``where`` names the picture in messages. Raises UnreadableImage.
    """
    from tuningfork.images.fits import is_fits, read_fits

    reading = reading or Reading()
    if is_fits(data):
        return read_fits(data, where, reading)
    return read_pixels(opened(data, where), where, reading)


def read_pixels(pixels: Raster, where: str, reading: Reading | None = None) -> Shown:
    """Frame a decoded picture. Raises UnreadableImage."""
    reading = reading or Reading()
    return frame_picture(pixels, Known(where, reading.point), reading)
