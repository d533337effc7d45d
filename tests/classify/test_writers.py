"""Rows to files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet
import pytest

from tuningfork.classify import Row, classify_pictures
from tuningfork.classify.writers import check_output, row_writer
from tuningfork.errors import BadTable
from tuningfork.images.sources import find_pictures
from tuningfork.model.session import Model

ANSWERS = {1: 3, 2: 2, 3: 2, 4: 2, 5: 4, 6: 2, 7: 3, 8: 7, 9: 3, 10: 3, 11: 6}
"""How many answers each question has, counted in Willett et al. 2013, Table 2."""
COLUMNS = [
    *("id", "path", "class", "p_elliptical", "p_spiral", "p_barred_spiral", "p_edge_on_spiral"),
    *(f"Class{question}.{1 + one}" for question, count in ANSWERS.items() for one in range(count)),
    "note",
    "error",
]


def write(path: Path, model: Model, rows: list[Row]) -> None:
    """Write all rows to a table."""
    with row_writer(path, model.card) as put:
        for row in rows:
            put(row)


def test_all_forms_hold_the_same_rows(tmp_path: Path, mixed: Path, model: Model) -> None:
    """CSV, JSON Lines and Parquet have the promised columns and the same values, row by row."""
    (mixed / 'a, "b"\nü.png').write_bytes((mixed / "1.png").read_bytes())
    rows = list(classify_pictures(model, find_pictures([mixed])))
    for ending in ("csv", "jsonl", "parquet"):
        write(tmp_path / f"rows.{ending}", model, rows)
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        comma = list(table)
        assert table.fieldnames == COLUMNS
    lines = [
        json.loads(line)
        for line in (tmp_path / "rows.jsonl").read_bytes().decode().split("\n")[:-1]
    ]
    columns = pyarrow.parquet.read_table(tmp_path / "rows.parquet")
    assert columns.column_names == COLUMNS
    assert len(comma) == 4
    assert columns.to_pylist() == lines
    assert [{k: "" if v is None else str(v) for k, v in one.items()} for one in lines] == comma
    assert [one["id"] for one in comma] == ["1", "2", "3", 'a, "b"\nü']
    assert [one["class"] for one in comma] == ["elliptical", "", "spiral", "elliptical"]
    assert [bool(one["error"]) for one in comma] == [False, True, False, False]
    for row, line in zip(rows, lines, strict=True):
        if row.classification is not None:
            fractions = {name: line[name] for name in COLUMNS[7:-2]}
            assert fractions == pytest.approx(row.classification.fractions, abs=1e-7)
            assert sum(line[name] for name in COLUMNS[3:7]) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_an_interrupted_table_leaves_the_old_one(tmp_path: Path, model: Model, ending: str) -> None:
    """Nobody ever sees half a table, and no temporary file stays behind."""
    path = tmp_path / f"rows.{ending}"
    path.write_text("old")

    def write_and_stop() -> None:
        with row_writer(path, model.card) as put:
            put(Row("1", "1.png", None, "no"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_stop()
    assert path.read_text() == "old"
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_file()) == [path.name]


def test_many_rows_reach_parquet(tmp_path: Path, model: Model) -> None:
    """Rows beyond one gathering are all written, in order."""
    rows = [Row(str(place), "", None, "no") for place in range(9000)]
    write(tmp_path / "rows.parquet", model, rows)
    ids = pyarrow.parquet.read_table(tmp_path / "rows.parquet").column("id").to_pylist()
    assert ids == [str(place) for place in range(9000)]


def test_an_unknown_ending_and_a_folder_are_refused(tmp_path: Path) -> None:
    """What cannot be written is refused before any work."""
    with pytest.raises(BadTable, match=r"\.csv, \.jsonl, \.parquet"):
        check_output(tmp_path / "rows.xlsx")
    (tmp_path / "rows.csv").mkdir()
    with pytest.raises(BadTable, match="folder"):
        check_output(tmp_path / "rows.csv")


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, model: Model) -> None:
    """A file where a folder should be is named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(BadTable, match=r"rows\.csv: "):
        write(tmp_path / "file" / "rows.csv", model, [])
