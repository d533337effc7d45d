"""The bands of a FITS picture: their names, and which serve as red, green and blue."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuningfork.errors import UnreadableImage

_KEYWORDS = ("FILTER", "BAND", "FILTNAM", "FILTER1", "FILTER2")
_OPEN = frozenset({"CLEAR", "CLEAR1L", "CLEAR2L", "N/A", "NONE", ""})
"""What HST writes of a filter wheel that holds nothing."""


@dataclass(frozen=True)
class Mixture:
    """Bands combined for display: three, or one that is shown in grey."""

    values: NDArray[np.float32]
    """Shape (3, height, width), red first, or (1, height, width)."""
    names: tuple[str, ...]
    """Of the bands taken, red first; empty where they have none."""
    note: str


def is_band(name: str) -> bool:
    """Whether the name is that of a filter whose wavelength is known."""
    return wavelength(name) is not None


def wavelength(name: str) -> float | None:
    """The wavelength of a filter's middle in nanometres, from the last word of its name.

    ``i``, ``SDSS i``, ``F814W`` and ``r.MP9602`` are understood; None for an unknown name.
    """
    whole = name.strip()
    known = _wavelengths()
    for word in (whole, *reversed(re.split(r"[^A-Za-z0-9']+", whole))):
        if word in known:
            return known[word]
        numbered = re.fullmatch(r"F(\d{3})[WMNX]\w?", word.upper())
        if numbered:
            # HST's numbers are nanometres; those of the infrared camera (below 200) tens of them.
            return float(numbered[1]) * (10 if int(numbered[1]) < 200 else 1)
    return None


def band_of(header: Any, name: str) -> str:  # noqa: ANN401  astropy is untyped
    """Name the band of an image: its extension's name if that is a filter, else FILTER's."""
    if is_band(name):
        return name.strip()
    for keyword in _KEYWORDS:
        value = str(header.get(keyword, "")).strip()
        if value.upper() not in _OPEN and is_band(value):
            return value
    return name.strip()


def bands_of_cube(header: Any, count: int) -> tuple[str, ...]:  # noqa: ANN401
    """Name a cube's planes as the Legacy Surveys do: BAND0 …, or a letter each in BANDS.

    Empty names where the header does not say.
    """
    single = tuple(str(header.get(f"BAND{place}", "")).strip() for place in range(count))
    if all(single):
        return single
    letters = re.sub(r"[\s,]", "", str(header.get("BANDS", header.get("FILTER", ""))))
    if len(letters) == count and all(is_band(one) for one in letters):
        return tuple(letters)
    return ("",) * count


def mixed(
    values: NDArray[np.float32], names: Sequence[str], wanted: Sequence[str], where: str
) -> Mixture:
    """Choose the bands that serve as red, green and blue.

    ``values`` is of shape (bands, height, width). ``wanted`` are one or three names, or numbers
    from 1. Without them the longest wavelength is red and the shortest blue where all are known;
    three without known wavelengths are taken in their order. Of more, those nearest to SDSS's i, r
    and g are taken, or, unknown, the mean of each third in order. Of two bands, green is the mean.

    Raises UnreadableImage for a wanted band that is not there.
    """
    if wanted:
        places = [_place(one, names, len(values), where) for one in wanted]
        return _taken(values, names, places, "as asked")
    waves = [wavelength(name) for name in names]
    known = [one for one in waves if one is not None]
    ordered = sorted(range(len(known)), key=lambda place: -known[place])
    if len(values) == 1:
        return Mixture(values, tuple(name for name in names if name and is_band(name)), "")
    if len(known) < len(values) or len(set(known)) < len(known):
        return _in_order(values, names)
    if len(values) == 2:
        red, blue = values[ordered[0]], values[ordered[1]]
        named = (names[ordered[0]], names[ordered[1]])
        note = f"red {named[0]}, green the mean, blue {named[1]}"
        return Mixture(np.stack([red, (red + blue) / 2, blue]), named, note)
    return _taken(values, names, _nearest_to_sdss(known, ordered), "by wavelength")


def _in_order(values: NDArray[np.float32], names: Sequence[str]) -> Mixture:
    if len(values) == 3:
        note = "bands in their order are red, green, blue (--bands chooses)"
        return Mixture(values, tuple(name for name in names if name), note)
    if len(values) == 2:
        note = "first band is red, second blue, green their mean (--bands chooses)"
        return Mixture(np.stack([values[0], values.mean(axis=0), values[1]]), (), note)
    thirds = [_mean(part) for part in np.array_split(values, 3)]
    note = f"the mean of each third of {len(values)} planes is red, green, blue (--bands chooses)"
    return Mixture(np.stack(thirds), (), note)


def _mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average planes; a pixel that none of them has is NaN."""
    finite = np.isfinite(values)
    total = np.where(finite, values, 0).sum(axis=0)
    count = finite.sum(axis=0)
    return np.where(count, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _nearest_to_sdss(known: Sequence[float], ordered: list[int]) -> list[int]:
    """Three different places, red first, as near to i, r and g as there are."""
    free = list(ordered)
    chosen = []
    for name in ("r", "i", "g"):
        target = _wavelengths()[name]
        nearest = min(free, key=lambda place: abs(known[place] - target))
        free.remove(nearest)
        chosen.append(nearest)
    return sorted(chosen, key=lambda place: -known[place])


def _taken(
    values: NDArray[np.float32], names: Sequence[str], places: Sequence[int], how: str
) -> Mixture:
    called = tuple(names[place] or str(place + 1) for place in places)
    if len(places) == 1:
        return Mixture(values[list(places)], called, f"band {called[0]} {how}")
    note = f"red {called[0]}, green {called[1]}, blue {called[2]} {how}"
    return Mixture(values[list(places)], called, note)


def _place(wanted: str, names: Sequence[str], count: int, where: str) -> int:
    name = wanted.strip()
    for same in (str.__eq__, lambda one, other: one.casefold() == other.casefold()):
        found = [place for place, one in enumerate(names) if one and same(one, name)]
        if found:
            return found[0]
    if name.isdigit() and 1 <= int(name) <= count:
        return int(name) - 1
    shown = ", ".join(one for one in names if one) or "without names"
    raise UnreadableImage(
        f"{where}: no band '{wanted}'; its bands are {shown}, or give numbers from 1 to {count}"
    )


@cache
def _wavelengths() -> dict[str, float]:
    text = (files("tuningfork.images.fits") / "filters.toml").read_text(encoding="utf-8")
    found: dict[str, float] = {}
    for system in tomllib.loads(text).values():
        found |= {name: float(wave) for name, wave in system.items()}
    return found
