"""Bytes to pixels: every kind of picture becomes 8-bit colour, or is refused with a reason."""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from tuningfork.errors import UnreadableImage
from tuningfork.images.quiet import quietly

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP")
SMALLEST_SIDE = 8
"""Pixels; a smaller picture shows no galaxy."""
LARGEST_PICTURE = 50_000_000
"""Pixels; a larger picture (a "decompression bomb") is refused before it fills the memory."""
MOST_SCANS = 16
"""Of a large JPEG: each goes over all pixels, so thousands in a small file would take hours."""
STRIP = 1 << 21
"""Pixels that are converted at a time, so that large pictures are held twice at most."""
DEEP_RANGES = (255, 4095, 65535)
"""Whites of 8, 12 and 16 bits: what cameras and converters put into 16-bit files."""

_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
_TURNS: Mapping[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: np.rot90,
}
"""What undoes each EXIF orientation (CIPA DC-008, tag 274)."""
# Several threads decode, and together large pictures could take more memory than there is.
_one_at_a_time = threading.Lock()


def decode(data: bytes, where: str) -> NDArray[np.uint8]:
    """Read the picture in a file's bytes as uint8 RGB of shape (height, width, 3).

    Reads JPEG, PNG, TIFF, WebP, GIF and BMP; of several frames the first. Turns the picture as
    its EXIF orientation says; lays transparency over black; brings deeper greys to 8 bits (see
    :func:`eight_bits`). ``where`` names the picture in messages. Safe to call from several
    threads.

    Raises UnreadableImage for what is empty, no picture, damaged, narrower than SMALLEST_SIDE or
    of more than LARGEST_PICTURE pixels.
    """
    return np.asarray(opened(data, where))


def opened(data: bytes, where: str) -> Image.Image:
    """Read a picture as :func:`decode` does, into Pillow's form of it, mode RGB.

    Spares a copy where the pixels are only cut and scaled. Raises UnreadableImage.
    """
    if not data:
        raise UnreadableImage(f"{where}: the file is empty; fetch it again")
    with _refusals(where), _open(data) as image:
        _check_scans(image, data, where)
        return coloured(image, where)


def coloured(image: Image.Image, where: str) -> Image.Image:
    """Bring a Pillow image to what :func:`opened` gives. Raises UnreadableImage."""
    _check_size(*image.size, where)
    with _refusals(where), _one_at_a_time if _is_large(*image.size) else nullcontext():
        image.load()
        turn = _TURNS.get(_orientation(image))
        if image.mode == "RGB" and turn is None and not image.has_transparency_data:
            return image
        if image.mode in _DEEP_MODES:
            pixels = eight_bits(np.asarray(image), where)
        else:
            pixels = _colours(image)
        return Image.fromarray(pixels if turn is None else np.ascontiguousarray(turn(pixels)))


def eight_bits(array: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """Bring an array of grey or colour values to what :func:`decode` gives.

    ``array`` has shape (height, width) or (height, width, 1, 3 or 4); a fourth channel is
    transparency. uint8 is kept. Of others, values within 0 to 1 (floats only), 0 to 255, 0 to
    4095 or 0 to 65535 are scaled by the smallest of these ranges that holds them all; anything
    else by its own smallest and largest value. NaN and infinities become black.

    Raises UnreadableImage for other shapes and where no value is finite.
    """
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or array.dtype.kind not in "buif":
        raise UnreadableImage(
            f"{where}: an array of shape {array.shape} and type {array.dtype} is no picture; "
            "give numbers of shape (height, width) or (height, width, 3)"
        )
    _check_size(array.shape[1], array.shape[0], where)
    levels = array if array.dtype == np.uint8 else _levels(array, where)
    if levels.shape[2] == 4:
        opacity = levels[:, :, 3:] / 255.0
        levels = np.rint(levels[:, :, :3] * opacity).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(levels, (*levels.shape[:2], 3)))


def _levels(array: NDArray[Any], where: str) -> NDArray[np.uint8]:
    low, high = math.inf, -math.inf
    for rows in _strips(*array.shape[:2]):
        values = array[rows].astype(np.float64)
        finite = values[np.isfinite(values)]
        low, high = finite.min(initial=low), finite.max(initial=high)
    if low > high:
        raise UnreadableImage(f"{where}: no pixel holds a finite value; check how it was made")
    black, white = _range(float(low), float(high), fractional=array.dtype.kind in "bf")
    levels = np.empty(array.shape, np.uint8)
    for rows in _strips(*array.shape[:2]):
        values = array[rows].astype(np.float64)
        scaled = (np.where(np.isfinite(values), values, black) - black) * (255.0 / (white - black))
        levels[rows] = np.rint(np.clip(scaled, 0.0, 255.0))
    return levels


def _range(low: float, high: float, *, fractional: bool) -> tuple[float, float]:
    """Find the values that stand for black and white."""
    ranges = (1, *DEEP_RANGES) if fractional else DEEP_RANGES
    if low >= 0:
        for white in ranges:
            if high <= white:
                return 0.0, float(white)
    return low, high if high > low else low + 1.0


def _open(data: bytes) -> Image.Image:
    with quietly():  # among the warnings is Pillow's own, lower, limit of pixels
        return Image.open(io.BytesIO(data), formats=FORMATS)


def _check_scans(image: Image.Image, data: bytes, where: str) -> None:
    scans = data.count(b"\xff\xda") if image.format == "JPEG" else 0
    if scans > MOST_SCANS and scans * image.width * image.height > MOST_SCANS * LARGEST_PICTURE:
        raise UnreadableImage(
            f"{where}: {scans:,} scans over {image.width}×{image.height} pixels would take too "
            "long; save the picture anew"
        )


def _orientation(image: Image.Image) -> int:
    with quietly():
        try:
            found = image.getexif().get(ExifTags.Base.Orientation, 1)
        except Exception:  # damaged remarks beside a picture that may be whole
            return 1
    return found if isinstance(found, int) else 1


def _colours(image: Image.Image) -> NDArray[np.uint8]:
    width, height = image.size
    found = np.empty((height, width, 3), np.uint8)
    for rows in _strips(height, width):
        whole = rows.start == 0 and rows.stop == height
        strip = _opaque(image if whole else image.crop((0, rows.start, width, rows.stop)))
        found[rows] = np.asarray(strip if strip.mode == "RGB" else strip.convert("RGB"))
    return found


def _strips(height: int, width: int) -> Iterator[slice]:
    rows = max(1, STRIP // width)
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image
    clear = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", clear.size, (0, 0, 0, 255)), clear)


def _is_large(width: int, height: int) -> bool:
    return width * height > STRIP


@contextmanager
def _refusals(where: str) -> Iterator[None]:
    """Turn whatever Pillow raises into a refusal that names the picture."""
    try:
        yield
    except UnreadableImage:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableImage(
            f"{where}: not a picture of a known kind; give {', '.join(FORMATS)} or FITS"
        ) from error
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(where) from error
    except Exception as error:  # on damaged files Pillow's readers raise nearly anything
        raise UnreadableImage(
            f"{where}: the picture is damaged ({_first_line(error)}); fetch it again"
        ) from error


def _check_size(width: int, height: int, where: str) -> None:
    if min(width, height) < SMALLEST_SIDE:
        raise UnreadableImage(
            f"{where}: {width}×{height} pixels are too few to show a galaxy; "
            f"give a picture of at least {SMALLEST_SIDE}×{SMALLEST_SIDE}"
        )
    if width * height > LARGEST_PICTURE:
        raise _too_many_pixels(where)


def _too_many_pixels(where: str) -> UnreadableImage:
    return UnreadableImage(
        f"{where}: more than {LARGEST_PICTURE // 1_000_000} million pixels; "
        "give a smaller cutout around the galaxy"
    )


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
