"""Splits by id, and pairs of ids that are one galaxy."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuningfork.data import read_same_galaxy, split_of
from tuningfork.errors import BadTable

SHARES = {"train": 0.7, "validation": 0.2, "test": 0.1}


@given(
    ids=st.lists(st.text(min_size=1), unique=True, min_size=1),
    further=st.lists(st.text()),
    random=st.randoms(),
    seed=st.integers(0, 5),
)
def test_neither_order_nor_further_rows_move_a_galaxy(
    ids: list[str], further: list[str], random: object, seed: int
) -> None:
    """A galaxy's part depends on its id alone."""
    before = {id_: split_of(id_, SHARES, seed) for id_ in ids}
    rows = ids + further
    random.shuffle(rows)  # type: ignore[attr-defined]
    after = {id_: split_of(id_, SHARES, seed) for id_ in rows}
    assert {id_: after[id_] for id_ in ids} == before


def test_written_down() -> None:
    """Parts of some galaxies, so that no later version moves them."""
    parts = {id_: split_of(id_, SHARES) for id_ in ("100008", "100023", "PGC0000212", "68")}
    assert parts == {
        "100008": "train",
        "100023": "train",
        "PGC0000212": "validation",
        "68": "train",
    }


def test_shares() -> None:
    """The parts have the shares that were asked for, and another seed splits anew."""
    ids = [str(100000 + row) for row in range(20000)]
    counts = Counter(split_of(id_, SHARES) for id_ in ids)
    for name, share in SHARES.items():
        assert counts[name] / 20000 == pytest.approx(share, abs=0.012)  # four standard errors
    moved = sum(split_of(id_, SHARES) != split_of(id_, SHARES, 1) for id_ in ids) / 20000
    assert moved == pytest.approx(1 - 0.49 - 0.04 - 0.01, abs=0.015)


def test_an_empty_share_gets_nothing() -> None:
    """A share of 0 gets no galaxy."""
    assert {split_of(str(row), {"a": 0, "b": 1, "c": 0}) for row in range(200)} == {"b"}


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a": float("nan")}])
def test_bad_shares_are_refused(shares: dict[str, float]) -> None:
    """Shares that are negative or do not sum to 1 are a mistake of the caller."""
    with pytest.raises(ValueError, match="sum to 1"):
        split_of("1", shares)


def test_pairs_fall_on_one_side(shared_data: Path) -> None:
    """A picture that is in two sets under two ids gets the part of its second id."""
    path = shared_data / "same_galaxy.csv"
    pairs = read_same_galaxy(path)
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert len(pairs) == len(rows) == 114
    for row in rows:
        assert pairs.get(row["asset_id"], row["asset_id"]) == row["galaxy_id"]


def test_a_data_frames_index_is_no_id(tmp_path: Path) -> None:
    """A column without a name does not count."""
    path = tmp_path / "same.csv"
    path.write_text(",asset_id,galaxy_id\n0,57570,102812\n1,68682,103787\n")
    assert read_same_galaxy(path) == {"57570": "102812", "68682": "103787"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"id\n1\n", "two columns"),
        (b",id\n0,1\n", "two columns"),
        (b"a,b\n", "holds no pair"),
        (b"id,class\n1,spiral\n2,spiral\n3,spiral\n4,spiral\n5,spiral\n", "'class' repeats itself"),
        (b"\xff\xd8\xff\xe0,\x10JFIF,\x00\n\x01\x01,\xdb\n,,,,\x00", "same.csv: "),
    ],
)
def test_what_holds_no_pairs_is_refused(tmp_path: Path, text: bytes, said: str) -> None:
    """It would guard against nothing, or merge galaxies that have nothing in common."""
    path = tmp_path / "same.csv"
    path.write_bytes(text)
    with pytest.raises(BadTable, match=said):
        read_same_galaxy(path)
