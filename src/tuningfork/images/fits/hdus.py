"""A FITS file's units (HDUs): opening them, and choosing those that hold the galaxy."""

from __future__ import annotations

import gzip
import io
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuningfork.errors import UnreadableImage
from tuningfork.images.decode import LARGEST_PICTURE
from tuningfork.images.quiet import quietly
from tuningfork.images.sources import LARGEST_FILE

LARGEST_ARRAY = 2**25
"""Values in one unit: a cube of three bands of 3,300 by 3,300 pixels."""
GZIP_START = b"\x1f\x8b"
FITS_START = b"SIMPLE  ="

_BESIDE = re.compile(
    r"^(err|error|sigma|std\w*|unc\w*|rms|var\w*|i(nv)?var\w*|w(eigh)?ts?|wht\w*|exp\w*map"
    r"|masks?|\w*mask|flags?|dq|bpm|badpix\w*|segm?\w*|psf\w*|models?|resid\w*|ctx|con|samp|time)$",
    re.IGNORECASE,
)
"""Names of what lies beside a picture: its errors, weights, masks, models."""
_MASK = re.compile(r"^(\w*mask|dq|bpm|badpix\w*|flags?)$", re.IGNORECASE)
"""Names of pictures that are above 0 where a pixel is bad (Pence et al. 2010 leave it open; the
pipelines of HST, LSST and the Legacy Surveys do it so)."""


@dataclass(frozen=True)
class Unit:
    """One image of a FITS file."""

    number: int
    """Its place in the file, from 0, as astropy and CFITSIO count."""
    name: str
    """EXTNAME; empty where there is none."""
    header: Any
    """astropy's Header."""
    data: NDArray[Any]
    """Values with BSCALE and BZERO applied, numpy's order of axes; masked integers are NaN."""

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"HDU {self.number} ({self.name})" if self.name else f"HDU {self.number}"


@dataclass(frozen=True)
class Chosen:
    """The units that hold the galaxy: one image or cube, or an image for each band."""

    units: tuple[Unit, ...]
    mask: NDArray[np.bool_] | None
    """Shape (height, width), true where a pixel is bad, where the file has such a unit."""
    note: str
    """Which were chosen, if there was a choice; else empty."""


def choose(data: bytes, where: str, wanted: Sequence[str] = ()) -> Chosen:
    """Open a FITS file, unpacked, and choose its images.

    ``wanted`` are names (EXTNAME, of any case) or numbers of units, several where each holds a
    band. Without them: three images of one shape with different names or none, or two with the
    names of different bands, are bands; else the first image is taken. What lies beside a
    picture (errors, weights, masks) is never taken unless it is named.

    Raises UnreadableImage for a file that is damaged, holds no image or not the wanted ones.
    """
    from astropy.io import fits

    with quietly(), _refusals(where), fits.open(io.BytesIO(data), memmap=False) as units:
        images = [one for one in enumerate(units) if _is_image(one[1])]
        if not images:
            raise UnreadableImage(
                f"{where}: this FITS file holds no image, only {_held(units)}; give one with an "
                "image of at least two axes"
            )
        if wanted:
            taken, note = [_named(name, list(enumerate(units)), where) for name in wanted], ""
        else:
            taken, note = _by_rule(images)
        shape = _shape(taken[0][1])
        masks = [_mask(one, where) for one in images if _is_mask(one, taken, shape)]
        return Chosen(
            tuple(_unit(number, one, where) for number, one in taken),
            np.any(masks, axis=0) if masks else None,
            note,
        )


def unpacked(data: bytes, where: str) -> bytes:
    """Undo gzip, if the file is gzipped. Raises UnreadableImage if it is damaged or too large."""
    if not data.startswith(GZIP_START):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as file:
            found = file.read(LARGEST_FILE + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableImage(f"{where}: the gzip is damaged ({error}); fetch it again") from error
    if len(found) > LARGEST_FILE:
        raise UnreadableImage(
            f"{where}: larger than {LARGEST_FILE >> 20} MiB when unpacked; give a smaller cutout"
        )
    return found


def _is_image(unit: Any) -> bool:  # noqa: ANN401  astropy is untyped
    return bool(unit.is_image) and len(_shape(unit)) >= 2 and 0 not in _shape(unit)


def _shape(unit: Any) -> tuple[int, ...]:  # noqa: ANN401
    return tuple(unit.shape)


def _held(units: Any) -> str:  # noqa: ANN401
    kinds = [f"{type(one).__name__.removesuffix('HDU')} {one.name}".strip() for one in units]
    return ", ".join(kinds[:5])


def _named(name: str, units: list[tuple[int, Any]], where: str) -> tuple[int, Any]:
    found = [one for one in units if one[1].name.casefold() == name.strip().casefold()]
    if not found and name.strip().isdigit():
        found = [one for one in units if one[0] == int(name)]
    images = [one for one in found if _is_image(one[1])]
    if images:
        return images[0]
    names = ", ".join(f"{number} {one.name}".strip() for number, one in units if _is_image(one))
    problem = "holds no image" if found else "is not in this FITS file"
    raise UnreadableImage(f"{where}: HDU '{name}' {problem}; its images are {names}")


def _by_rule(images: list[tuple[int, Any]]) -> tuple[list[tuple[int, Any]], str]:
    from tuningfork.images.fits.bands import band_of, is_band

    main = [one for one in images if not _BESIDE.match(one[1].name)] or images
    first, first_shape = main[0], _shape(main[0][1])
    for shape in dict.fromkeys(_shape(one[1]) for one in main):
        alike = [one for one in main if _shape(one[1]) == shape]
        names = [band_of(one[1].header, one[1].name) for one in alike]
        flat = len([size for size in shape if size > 1]) == 2
        known = len(alike) > 1 and all(is_band(name) for name in names)
        # A smaller picture before the bands is their preview.
        if shape != first_shape and not (known and math.prod(shape) > math.prod(first_shape)):
            continue
        distinct = len(set(names)) == len(names)
        if flat and ((distinct and (known or len(alike) == 3)) or _three_unnamed(alike)):
            return alike, ""
    if len(main) == 1:
        return [first], ""
    name = f" {first[1].name}" if first[1].name else ""
    return [first], f"first of {len(main)} images (HDU {first[0]}{name}; --hdu chooses)"


def _three_unnamed(images: list[tuple[int, Any]]) -> bool:
    """Whether there are three without names, of one kind: floats, or whole numbers."""
    names = {one[1].name.strip() for one in images}
    kinds = {one[1].header["BITPIX"] < 0 for one in images}
    return len(images) == 3 and names <= {"", "PRIMARY"} and len(kinds) == 1


def _unit(number: int, unit: Any, where: str) -> Unit:  # noqa: ANN401
    _check_size(_shape(unit), where)
    return Unit(number, str(unit.name).strip(), unit.header.copy(), np.asarray(unit.data))


def _is_mask(one: tuple[int, Any], taken: list[tuple[int, Any]], shape: tuple[int, ...]) -> bool:
    number, unit = one
    return (
        number not in {place for place, _ in taken}
        and _MASK.match(unit.name) is not None
        and len(_shape(unit)) == 2
        and _shape(unit) in {shape, shape[-2:]}
    )


def _mask(one: tuple[int, Any], where: str) -> NDArray[np.bool_]:
    _check_size(_shape(one[1]), where)
    bad: NDArray[np.bool_] = np.nan_to_num(np.asarray(one[1].data)) != 0
    return bad


def _check_size(shape: tuple[int, ...], where: str) -> None:
    if math.prod(shape) > min(LARGEST_ARRAY, LARGEST_PICTURE):
        sizes = "×".join(str(size) for size in reversed(shape))
        raise UnreadableImage(
            f"{where}: an image of {sizes} values is more than {LARGEST_ARRAY >> 20} million; "
            "give a smaller cutout around the galaxy"
        )


@contextmanager
def _refusals(where: str) -> Iterator[None]:
    """Turn whatever astropy raises into a refusal that names the file."""
    try:
        yield
    except (UnreadableImage, MemoryError):
        raise
    except Exception as error:  # on damaged files astropy's readers raise nearly anything
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise UnreadableImage(
            f"{where}: the FITS file is damaged ({first}); fetch it again"
        ) from error
