"""Some hundred damaged files, and what Hypothesis makes of the text readers."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray

from tests.fuzz.damage import damaged
from tests.fuzz.readers import read
from tests.fuzz.seeds import KINDS, seeds
from tuningfork.classify.catalogue import open_catalogue
from tuningfork.errors import BadTable
from tuningfork.images.reading import read_picture

COUNT = 60
"""Damaged files of each kind; ``python -m tests.fuzz`` reads thousands."""


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    """No damage makes a reader raise anything but an error of the family, or warn."""
    kinds = list(KINDS)
    for number in range(kinds.index(kind), COUNT * len(kinds), len(kinds)):
        made, data = damaged(number)
        assert made == kind
        read(kind, data, tmp_path)


@pytest.mark.parametrize("wild", [1e38, -1e38, 1e300, np.inf])
def test_a_pixel_beyond_all_measure_is_masked(wild: float) -> None:
    """A damaged exponent of one pixel changes no other, and overflows nowhere."""
    plane = np.random.default_rng(1).normal(0, 1, (3, 40, 48))
    plane[:, 18:22, 22:26] = 500
    plane[:, 3, 4] = np.nan
    sound = read_picture(written(plane), "x").pixels
    plane[:, 3, 4] = wild
    np.testing.assert_array_equal(read_picture(written(plane), "x").pixels, sound)


def written(array: NDArray[np.float64]) -> bytes:
    """Give a FITS file of double precision."""
    from astropy.io import fits

    file = io.BytesIO()
    fits.PrimaryHDU(array).writeto(file)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_damage_and_can_be_repeated(kind: str) -> None:
    """The same number gives the same file, other numbers other files, none of them sound."""
    numbers = range(list(KINDS).index(kind), 100, len(KINDS))
    files = [damaged(number)[1] for number in numbers]
    assert files == [damaged(number)[1] for number in numbers]
    assert len(set(files)) > 0.9 * len(files)
    assert sum(one in seeds(kind) for one in files) < 0.2 * len(files)


@settings(max_examples=40)
@given(
    some.lists(some.lists(some.text(max_size=8), min_size=2, max_size=2), min_size=1, max_size=8)
)
def test_any_csv_keeps_every_row_or_is_refused(rows: list[list[str]]) -> None:
    """As many rows come out as a CSV writer wrote, with text as it was."""
    import csv

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "c.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["id", "text"], *rows])
        try:
            catalogue = open_catalogue(path)
            found = [row for part in catalogue.parts(3) for row in part.table.to_pylist()]
        except BadTable:
            return
    assert len(found) == len(rows)
    for row, (_, text) in zip(found, rows, strict=True):
        if isinstance(row["text"], str):
            assert row["text"] == text.encode("utf-8", "replace").decode()
