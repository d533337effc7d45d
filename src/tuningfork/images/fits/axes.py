"""The axes of a FITS array: which two are the sky, and which counts the bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuningfork.errors import UnreadableImage
from tuningfork.images.decode import SMALLEST_SIDE

_SKY_AXES = ("RA--", "DEC-", "GLON", "GLAT", "ELON", "ELAT", "SLON", "SLAT")
"""How CTYPE begins for axes of the sky (Greisen & Calabretta 2002; Calabretta & Greisen 2002)."""
_NTH = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


@dataclass(frozen=True)
class Planes:
    """An array whose axes are known: one plane of the sky for each band."""

    values: NDArray[Any]
    """Shape (bands, height, width)."""
    note: str
    """What was found; empty for a plain image of two axes."""


def planes_of(array: NDArray[Any], header: Any, where: str) -> Planes:  # noqa: ANN401
    """Find which axes are the sky, and bring the array to shape (bands, height, width).

    Axes of length 1 carry nothing and are passed over. Of what remains, the axes whose CTYPE is
    celestial are the sky; if the header does not say, the only two axes of one length are, else the
    two longest. The first axis left counts the bands; further ones (such as Stokes parameters) are
    taken at their first value. FITS counts axes from 1, the fastest first,
    so NAXIS3 is numpy's first axis.

    Raises UnreadableImage if fewer than two axes are longer than 1.
    """
    names = {axis: str(header.get(f"CTYPE{axis}", "")).upper() for axis in _fits_axes(array)}
    real = [axis for axis in _fits_axes(array) if _length(array, axis) > 1]
    if len(real) < 2:
        raise UnreadableImage(
            f"{where}: an array of {_sizes(array)} values is a line, no picture; give an image"
        )
    celestial = [axis for axis in real if names[axis].startswith(_SKY_AXES)]
    # A header copied from a plain image may claim axes for the sky that are too short for it.
    said = len(celestial) == 2 and min(_length(array, one) for one in celestial) >= SMALLEST_SIDE
    sky = sorted(celestial) if said else _likely_pair(array, real)
    others = [axis for axis in real if axis not in sky]
    band_axis = others[0] if others else None
    flat, dropped = _at_first(array, keep=[*sky, *others[:1]])
    kept = sorted([*sky, *others[:1]], reverse=True)  # in numpy's order
    if band_axis is None:
        return Planes(flat[np.newaxis], _degenerate(array))
    values = np.moveaxis(flat, kept.index(band_axis), 0)
    how = "CTYPE says so" if said else "by the lengths"
    note = (
        f"cube of {_sizes(array)}: the {_NTH[band_axis - 1]} axis counts {len(values)} bands "
        f"({how})"
    )
    return Planes(values, note + dropped)


def _fits_axes(array: NDArray[Any]) -> range:
    return range(1, min(array.ndim, len(_NTH)) + 1)


def _length(array: NDArray[Any], axis: int) -> int:
    return int(array.shape[array.ndim - axis])


def _sizes(array: NDArray[Any]) -> str:
    return "×".join(str(size) for size in reversed(array.shape))


def _likely_pair(array: NDArray[Any], real: list[int]) -> list[int]:
    square = [
        [one, other]
        for one in real
        for other in real
        if one < other and _length(array, one) == _length(array, other) >= SMALLEST_SIDE
    ]
    if len(square) == 1:  # also where a spectrum is longer than the sky is wide
        return square[0]
    by_length = sorted(real, key=lambda axis: (-_length(array, axis), axis))
    return sorted(by_length[:2])


def _at_first(array: NDArray[Any], keep: list[int]) -> tuple[NDArray[Any], str]:
    """Take every axis that is not kept at its first value."""
    gone = [axis for axis in _fits_axes(array) if axis not in keep]
    index = tuple(slice(None) if array.ndim - place in keep else 0 for place in range(array.ndim))
    long = [_NTH[axis - 1] for axis in gone if _length(array, axis) > 1]
    return array[index], f"; the {' and '.join(long)} axis at its first value" if long else ""


def _degenerate(array: NDArray[Any]) -> str:
    return "" if array.ndim == 2 else f"array of {_sizes(array)} values: one plane"
