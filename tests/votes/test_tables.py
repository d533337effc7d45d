"""Reading Kaggle's table of votes, whole and damaged."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.votes.made import COLUMNS, span, votes, write_kaggle
from tuningfork.errors import BadTable
from tuningfork.votes.fractions import conditional_from_weighted, weighted_from_conditional
from tuningfork.votes.tables import VoteTable, read_votes


def kinds(table: VoteTable) -> dict[str, tuple[str, ...]]:
    """Ids by kind of problem."""
    return {one.kind: one.ids for one in table.problems}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Six valid galaxies, 100001 to 100006."""
    ids = [str(100001 + row) for row in range(6)]
    return write_kaggle(tmp_path / "training_solutions_rev1.csv", ids, votes(6, unasked=0))


def edit(path: Path, id_: str, column: str, text: str) -> None:
    """Write something else into one cell."""
    lines = [line.split(",") for line in path.read_text().splitlines()]
    row = next(line for line in lines if line[0] == id_)
    row[lines[0].index(column)] = text
    path.write_text("\n".join(",".join(line) for line in lines) + "\n")


def test_real_table(shared_data: Path) -> None:
    """The 700 rows at hand hold every constraint within rounding, and give the values written."""
    path = shared_data / "kaggle" / "training_solutions_rev1.csv"
    read = read_votes(path)
    first = path.read_text().splitlines()[1].split(",")
    assert len(read.ids) == 700
    assert read.problems == ()
    assert read.ids[0] == first[0]
    assert read.weighted[0].tolist() == [float(cell) for cell in first[1:]]


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 6))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, seed: int, count: int) -> None:
    """Any valid table survives weighted → conditional → weighted → CSV → weighted."""
    weighted = votes(count, seed)
    again = weighted_from_conditional(conditional_from_weighted(weighted))
    ids = [str(100000 + row) for row in range(count)]
    folder = tmp_path_factory.mktemp("round")
    read = read_votes(write_kaggle(folder / "votes.csv", ids, again))
    assert list(read.ids) == ids
    assert read.problems == ()
    assert np.allclose(read.weighted, weighted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", ["zip", "deep zip", "gz", "parquet", "semicolon", "crlf", "bom"])
def test_other_containers(table: Path, shape: str) -> None:
    """Zip, gzip, Parquet, semicolons, Windows' line ends and a byte mark change nothing."""
    wanted = read_votes(table)
    text = table.read_text()
    suffixes = {"zip": "zip", "deep zip": "zip", "gz": "csv.gz", "parquet": "parquet"}
    path = table.parent / f"other.{suffixes.get(shape, 'csv')}"
    if "zip" in shape:
        inside = "training/solutions.csv" if "deep" in shape else "solutions.csv"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(inside, text)
            archive.writestr(f"__MACOSX/{inside}", "junk")
    elif shape == "gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif shape == "parquet":
        columns = {"GalaxyID": [int(id_) for id_ in wanted.ids]}
        columns |= dict(zip(COLUMNS, wanted.weighted.T.tolist(), strict=True))
        pq.write_table(pa.table(columns), path)
    elif shape == "semicolon":
        path.write_text(text.replace(",", ";").replace(".", ",").replace("Class1,", "Class1."))
        header = text.splitlines()[0].replace(",", ";")
        path.write_text("\n".join([header, *path.read_text().splitlines()[1:]]))
    elif shape == "crlf":
        path.write_bytes(text.replace("\n", "\r\n").encode())
    else:
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    read = read_votes(path)
    assert read.ids == wanted.ids
    assert np.array_equal(read.weighted, wanted.weighted)
    assert read.problems == ()


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_other_encodings(table: Path, encoding: str) -> None:
    """A table from another program's encoding is read, remarks and all."""
    lines = table.read_text().splitlines()
    text = "\n".join([f"{lines[0]},Größe", *(f"{line},süß" for line in lines[1:])])
    wanted = read_votes(table).weighted
    table.write_bytes(text.encode(encoding))
    assert np.array_equal(read_votes(table).weighted, wanted)


def test_bad_rows_are_named_and_the_rest_goes_on(table: Path) -> None:
    """Text, NaN, a broken sum and an id that came before each take out their own row."""
    edit(table, "100001", "Class1.1", "many")
    edit(table, "100002", "Class9.3", "NaN")
    edit(table, "100003", "Class11.6", "")
    edit(table, "100004", "Class7.2", "0.95")
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines, lines[5], lines[6] + ",0.5", "", "100009,0.5"]) + "\n")
    read = read_votes(table)
    assert read.ids == ("100005", "100006")
    assert kinds(read) == {
        "row with too few or too many cells": ("100006", "100009"),
        "id twice": ("100005",),
        "votes that are no numbers": ("100001",),
        "votes missing": ("100002", "100003"),
        "votes that break a sum": ("100004",),
    }
    said = " ".join(one.sentence for one in read.problems)
    assert "100001: Class1.1 is 'many'" in said
    assert "100002: Class9.3 is empty or NaN" in said
    assert "100004: question 7 sums to" in said
    assert "expected Class1.1 =" in said


def test_unclosed_quotation_mark_swallows_no_row(table: Path) -> None:
    """A quotation mark that is never closed loses none of the rows after it."""
    lines = table.read_text().splitlines()
    noted = [f'{lines[1]},"see', *(f"{line}," for line in lines[2:])]
    table.write_text("\n".join([f"{lines[0]},note", *noted]))
    assert len(read_votes(table).ids) == 6


def test_line_ends_within_quotation_marks(table: Path) -> None:
    """A remark of two lines is one cell."""
    lines = table.read_text().splitlines()
    noted = [f'{line},"two\nlines"' for line in lines[1:]]
    table.write_text("\n".join([f"{lines[0]},note", *noted]))
    read = read_votes(table)
    assert (len(read.ids), read.problems) == (6, ())


def test_every_broken_sum_of_a_row_is_told(table: Path) -> None:
    """A row that breaks several sums names each question."""
    edit(table, "100002", "Class1.2", "0.999")
    (problem,) = read_votes(table).problems
    assert problem.ids == ("100002",)
    assert "question 1 sums" in problem.details[0]
    assert "question 2 sums" in problem.details[0]


def test_small_break_is_a_remark(tmp_path: Path) -> None:
    """A sum off by more than 1e-6 but no more than 1e-4 keeps its row."""
    weighted = votes(2, unasked=0)
    weighted[1, span(10).start] += 5e-5
    read = read_votes(write_kaggle(tmp_path / "votes.csv", ["a", "b"], weighted))
    assert read.ids == ("a", "b")
    (problem,) = read.problems
    assert (problem.ids, problem.dropped) == (("b",), False)


@pytest.mark.parametrize("wrong", ["-0.1", "1.5", "inf", "1e400"])
def test_impossible_numbers_take_out_their_row(table: Path, wrong: str) -> None:
    """Fractions below 0, above 1 or infinite are refused."""
    edit(table, "100003", "Class8.1", wrong)
    read = read_votes(table)
    assert "100003" not in read.ids
    assert len(read.ids) == 5
    assert [id_ for one in read.problems for id_ in one.ids] == ["100003"]


def test_ids(table: Path) -> None:
    """Ids stay text of all digits; those rounded to a float are refused, ``.0`` is taken off."""
    edit(table, "100001", "GalaxyID", "587722981746540704")
    edit(table, "100002", "GalaxyID", "5.8772298174654e+17")
    edit(table, "100003", "GalaxyID", "100003.0")
    edit(table, "100004", "GalaxyID", "")
    edit(table, "100005", "GalaxyID", " 100005 ")
    read = read_votes(table)
    assert read.ids == ("587722981746540704", "100003", "100005", "100006")
    assert kinds(read) == {
        "id written as a rounded number": ("5.8772298174654e+17",),
        "row without an id": ("",),
    }


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated_zip_gives_the_rows_before_the_break(tmp_path: Path, share: float) -> None:
    """Of a zip that breaks off, whole rows are read, right, and the break is told."""
    ids = [str(100000 + row) for row in range(2000)]
    weighted = votes(2000)
    plain = write_kaggle(tmp_path / "training_solutions_rev1.csv", ids, weighted)
    path = tmp_path / "cut.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, plain.name)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    read = read_votes(path)
    assert 0.5 * share * 2000 < len(read.ids) < 2000
    assert read.ids == tuple(ids[: len(read.ids)])
    assert np.array_equal(read.weighted, weighted[: len(read.ids)])
    assert "damaged file" in kinds(read)


def test_truncated_gzip_gives_the_rows_before_the_break(tmp_path: Path) -> None:
    """The same for gzip."""
    ids = [str(100000 + row) for row in range(2000)]
    plain = write_kaggle(tmp_path / "votes.csv", ids, votes(2000))
    data = gzip.compress(plain.read_bytes())
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(data[: len(data) // 2])
    read = read_votes(path)
    assert read.ids == tuple(ids[: len(read.ids)])
    assert len(read.ids) > 500
    assert "damaged file" in kinds(read)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"GalaxyID,Class1.1\n1,0.5\n", "lacks 36 of their columns"),
        (b"GalaxyID,GalaxyID\n1,1\n", "is there twice"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no table of votes"),
        (b"PAR1 and then nothing", "not a whole Parquet file"),
        ((",".join(["GalaxyID", *COLUMNS]) + "\n").encode(), "no usable row"),
        ((",".join(["Galaxy", *COLUMNS]) + "\n").encode(), "no column with ids"),
    ],
)
def test_unusable_tables_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """A file without a usable row is refused in one sentence that names it."""
    path = tmp_path / "votes.csv"
    path.write_bytes(content)
    with pytest.raises(BadTable) as caught:
        read_votes(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_no_zip_and_no_file(tmp_path: Path) -> None:
    """A file that only bears a zip's name, and one that is absent, are refused."""
    path = tmp_path / "votes.zip"
    path.write_bytes(b"not a zip at all")
    with pytest.raises(BadTable, match="not a whole zip"):
        read_votes(path)
    with pytest.raises(BadTable, match="no such table"):
        read_votes(tmp_path / "absent.csv")


def test_misspelt_column_is_named(table: Path) -> None:
    """A column that is written otherwise is shown beside the one that is missing."""
    table.write_text(table.read_text().replace("Class4.1", "class4.1"))
    with pytest.raises(BadTable, match=r"is 'class4.1' meant for Class4.1\?"):
        read_votes(table)


@pytest.mark.parametrize("kind", ["csv", "gz", "zip"])
def test_a_table_that_would_fill_the_memory_is_refused(
    table: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """What is too large, or unpacks to too much, is refused before it is held whole."""
    data = table.read_bytes()
    path = table.with_name(f"votes.csv.{kind}" if kind != "csv" else "votes.csv")
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("votes.csv", data)
    else:
        path.write_bytes(gzip.compress(data) if kind == "gz" else data)
    monkeypatch.setattr("tuningfork.votes.unpack.LARGEST_TABLE", len(data) - 1)
    with pytest.raises(BadTable, match="a table of more than"):
        read_votes(path)
    monkeypatch.setattr("tuningfork.votes.unpack.LARGEST_TABLE", len(data))
    assert len(read_votes(path).ids) == 6
