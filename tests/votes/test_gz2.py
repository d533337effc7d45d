"""Galaxy Zoo 2's own table in the form of Kaggle's."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.votes.made import ANSWERS, COLUMNS, span
from tuningfork.errors import BadTable
from tuningfork.votes.check import check_votes
from tuningfork.votes.gz2 import gz2_columns
from tuningfork.votes.tables import read_votes

MEANINGS = {
    "t01_smooth_or_features_a03_star_or_artifact": "Class1.3",
    "t02_edgeon_a04_yes": "Class2.1",
    "t03_bar_a06_bar": "Class3.1",
    "t06_odd_a15_no": "Class6.2",
    "t08_odd_feature_a19_ring": "Class8.1",
    "t08_odd_feature_a24_merger": "Class8.6",
    "t08_odd_feature_a38_dust_lane": "Class8.7",
    "t09_bulge_shape_a25_rounded": "Class9.1",
    "t10_arms_winding_a28_tight": "Class10.1",
    "t11_arms_number_a31_1": "Class11.1",
    "t11_arms_number_a36_more_than_4": "Class11.5",
    "t11_arms_number_a37_cant_tell": "Class11.6",
}
"""Some answers' names in both tables, by hand."""


@pytest.fixture(scope="session")
def gz2(shared_data: Path) -> Path:
    """Galaxy Zoo 2's table of 800 galaxies."""
    return shared_data / "gz2" / "votes.csv"


@pytest.fixture(scope="session")
def rows(gz2: Path) -> dict[str, dict[str, str]]:
    """Its cells by the pictures' ids."""
    with gz2.open() as file:
        return {row["asset_id"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("kind", ["debiased", "weighted_fraction"])
def test_columns(rows: dict[str, dict[str, str]], kind: str) -> None:
    """Its answers, numbered a01 to a38 through the tree, fall on Kaggle's columns."""
    columns = gz2_columns(list(next(iter(rows.values()))), [kind])
    for name, column in MEANINGS.items():
        assert columns[COLUMNS.index(column)] == f"{name}_{kind}"


def test_valid_in_kaggles_form(gz2: Path) -> None:
    """Every galaxy is read under its picture's id, and its known questions hold every sum."""
    read = read_votes(gz2)
    assert len(read.ids) == 800
    assert check_votes(read.ids, read.weighted, unasked=True) == []
    assert (np.isnan(read.weighted).any(axis=1)).mean() < 0.05


def test_raw_votes_by_hand(gz2: Path, rows: dict[str, dict[str, str]]) -> None:
    """Raw fractions are multiplied down the tree: arms by those who saw a face-on disk."""
    read = read_votes(gz2, ["weighted_fraction"])
    ends = "_weighted_fraction"
    checked = 0
    for id_, weighted in zip(read.ids, read.weighted, strict=True):
        row = {name.removesuffix(ends): cell for name, cell in rows[id_].items()}
        disk = float(row["t01_smooth_or_features_a02_features_or_disk"])
        face_on = disk * float(row["t02_edgeon_a05_no"])
        spiral = face_on * float(row["t04_spiral_a08_spiral"])
        tight = spiral * float(row["t10_arms_winding_a28_tight"])
        found = [weighted[COLUMNS.index(name)] for name in ("Class2.2", "Class4.1", "Class10.1")]
        if not np.isnan(found).any():
            assert np.allclose(found, [face_on, spiral, tight], atol=4e-3)  # sums are off by 2e-3
            checked += 1
    assert checked > 700


def test_debiased_is_nearer_to_kaggle(shared_data: Path, gz2: Path) -> None:
    """Of galaxies in both, debiased fractions lie nearer to Kaggle's than raw ones: the default."""
    kaggle = read_votes(shared_data / "kaggle" / "training_solutions_rev1.csv")
    with (shared_data / "same_galaxy.csv").open() as file:
        pairs = [(row["asset_id"], row["galaxy_id"]) for row in csv.DictReader(file)]
    pairs = [pair for pair in pairs if pair[1] in kaggle.ids]
    assert pairs
    wanted = kaggle.weighted[[kaggle.ids.index(id_) for _, id_ in pairs]]

    def distance(kinds: list[str] | None) -> float:
        read = read_votes(gz2, kinds) if kinds else read_votes(gz2)
        found = read.weighted[[read.ids.index(id_) for id_, _ in pairs]]
        return float(np.sqrt(np.nanmean((found - wanted) ** 2)))

    assert distance(None) == distance(["debiased"]) < distance(["weighted_fraction"])


def made(path: Path, fractions: np.ndarray, header: str = "asset_id") -> Path:
    """A table with debiased columns only, ids 1, 2 and so on."""
    answers = {8: [19, 20, 21, 22, 23, 24, 38], 11: [31, 32, 33, 34, 36, 37]}
    first, names = 1, []
    for question, count in ANSWERS.items():
        numbers = answers.get(question, list(range(first, first + count)))
        first += count - (question == 8)
        names += [f"t{question:02d}_question_a{number:02d}_answer_debiased" for number in numbers]
    lines = [",".join([header, *names])]
    lines += [",".join([str(row), *map(str, one)]) for row, one in enumerate(fractions.tolist(), 1)]
    path.write_text("\n".join(lines) + "\n")
    return path


def galaxy() -> np.ndarray:
    """A galaxy of which every question was asked and every answer got the same share."""
    conditional = np.zeros(37)
    for question, count in ANSWERS.items():
        conditional[span(question)] = 1 / count
    return conditional


def test_brought_to_one_and_unasked(tmp_path: Path) -> None:
    """A question is brought to 1 first; one that was not asked is 0 if unreached, else NaN."""
    fractions = np.stack([galaxy()] * 3)
    fractions[0, span(7)] = 0.9, 0.9, 0
    fractions[1, span(9)] = 0
    fractions[2, span(2)] = 0, 1
    fractions[2, span(9)] = 0
    weighted = read_votes(made(tmp_path / "votes.csv", fractions)).weighted
    assert np.allclose(weighted[0, span(7)], [1 / 6, 1 / 6, 0], atol=1e-6)
    assert np.isnan(weighted[1, span(9)]).all()
    assert (weighted[2, span(9)] == 0).all()
    assert np.allclose(weighted[:, span(6)].sum(axis=1), 1)


def test_nan_leaves_its_question_unknown(tmp_path: Path) -> None:
    """A NaN makes its question, and those below it, unknown; the galaxy stays and is named."""
    fractions = np.stack([galaxy()] * 2)
    fractions[1, span(4).start] = np.nan
    read = read_votes(made(tmp_path / "votes.csv", fractions))
    unknown = {question for question in ANSWERS if np.isnan(read.weighted[1, span(question)]).all()}
    assert unknown == {4, 10, 11}
    assert [(one.ids, one.dropped) for one in read.problems] == [(("2",), False)]


def test_impossible_rows_are_named(tmp_path: Path) -> None:
    """Fractions outside 0 to 1, and galaxies without an answer to question 1, are left out."""
    fractions = np.stack([galaxy()] * 4)
    fractions[1, 5] = 1.5
    fractions[2, span(1)] = 0
    fractions[3, span(1)] = np.nan
    read = read_votes(made(tmp_path / "votes.csv", fractions))
    assert read.ids == ("1",)
    assert {one.kind: one.ids for one in read.problems} == {
        "votes with a fraction outside 0 to 1": ("2",),
        "votes with no answer to question 1": ("3", "4"),
    }


def test_stored_as_single_precision(tmp_path: Path) -> None:
    """0.7 that the table holds as 0.699999988 is 0.7."""
    fractions = galaxy()[np.newaxis].copy()
    fractions[0, span(1)] = np.array([0.7, 0.3, 0], dtype=np.float32)
    assert read_votes(made(tmp_path / "votes.csv", fractions)).weighted[0, 0] == 0.7


def test_incomplete_table_is_refused(tmp_path: Path) -> None:
    """A table that lacks an answer of a question is refused, the question named."""
    path = made(tmp_path / "votes.csv", galaxy()[np.newaxis])
    path.write_text(path.read_text().replace("a38_answer_debiased", "a38_answer_flag"))
    with pytest.raises(BadTable, match="question 8"):
        read_votes(path)
