"""Catalogues: reading tables of any length in parts."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tuningfork.classify.catalogue import UNSURE, names_in, naming_of, open_catalogue
from tuningfork.errors import BadTable


def whole(path: Path, size: int = 3) -> pa.Table:
    """Read a catalogue in parts and put them together."""
    return pa.concat_tables([one.table for one in open_catalogue(path).parts(size)])


def columns(path: Path) -> dict[str, list[Any]]:
    """Give the catalogue's columns as Python values."""
    found: dict[str, list[Any]] = whole(path).to_pydict()
    return found


def test_parquet_keeps_every_type_and_value(tmp_path: Path) -> None:
    """64-bit ids, dictionaries, lists, times and nulls come out as they went in."""
    table = pa.table(
        {
            "id": pa.array([2**63 - 1, 587722952230174996, None, 1, 2], pa.int64()),
            "objid": pa.array([2**64 - 1, 0, 1, 2, 3], pa.uint64()),
            "field": pa.array(["a", "b", "a", None, "b"]).dictionary_encode(),
            "mags": pa.array([[1.5, 2.5], [], None, [0.1], [3.0]], pa.list_(pa.float32())),
            "seen": pa.array([0, 1, 2, None, 4], pa.timestamp("us", tz="UTC")),
        }
    )
    pq.write_table(table, tmp_path / "c.parquet", row_group_size=2)
    for size in (1, 2, 3, 5, 100):
        assert whole(tmp_path / "c.parquet", size).equals(table)


@pytest.mark.parametrize("group", [1, 7, 1000])
def test_parts_have_their_size_whatever_the_row_groups(tmp_path: Path, group: int) -> None:
    """Every part but the last has as many rows as asked for."""
    pq.write_table(pa.table({"id": range(25)}), tmp_path / "c.parquet", row_group_size=group)
    parts = [len(one.table) for one in open_catalogue(tmp_path / "c.parquet").parts(10)]
    assert parts == [10, 10, 5]


def test_a_part_is_all_that_is_held_in_memory(tmp_path: Path) -> None:
    """A catalogue of 24 MB in a single row group costs a few MB to go through."""
    count = 300_000
    table = pa.table({f"c{place}": pa.array(range(count), pa.int64()) for place in range(10)})
    pq.write_table(
        table.add_column(0, "id", [range(count)]), tmp_path / "c.parquet", row_group_size=count,
        use_dictionary=False, compression="none",
    )  # fmt: skip
    del table
    before = pa.total_allocated_bytes()
    peak = 0
    for _ in open_catalogue(tmp_path / "c.parquet").parts(4096):
        peak = max(peak, pa.total_allocated_bytes() - before)
    assert peak < 20_000_000
    assert (tmp_path / "c.parquet").stat().st_size > 24_000_000


def test_csv_columns_become_numbers_only_if_nothing_is_lost(tmp_path: Path) -> None:
    """Leading zeros, plus signs and numbers too long for 64 bits stay text as written."""
    (tmp_path / "c.csv").write_text(
        "id,name,ra,count,plus,long,mixed\n"
        "587722952230174996,007,1.50,3,+1,18446744073709551617,1\n"
        '-1,"a, ""b""\nc",,,2,1,x\n'
    )
    found = whole(tmp_path / "c.csv")
    assert [str(one) for one in found.schema.types] == [
        "int64", "string", "double", "int64", "string", "string", "string",
    ]  # fmt: skip
    assert found.to_pydict() == {
        "id": [587722952230174996, -1],
        "name": ["007", 'a, "b"\nc'],
        "ra": [1.5, None],
        "count": [3, None],
        "plus": ["+1", "2"],
        "long": ["18446744073709551617", "1"],
        "mixed": ["1", "x"],
    }


def test_a_type_is_decided_by_the_whole_file(tmp_path: Path) -> None:
    """A word in the last of 40,000 rows makes text of the column, first row included."""
    rows = "".join(f"{place},{place}\n" for place in range(40_000))
    (tmp_path / "c.csv").write_text("id,n\n" + rows + "40000,n/a\n")
    catalogue = open_catalogue(tmp_path / "c.csv")
    assert catalogue.rows == 40_001
    assert [str(one) for one in catalogue.schema.types] == ["int64", "string"]
    first = next(catalogue.parts(2)).table
    assert first.to_pydict() == {"id": [0, 1], "n": ["0", "1"]}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("c.csv", "id,name\n1,é\n".encode()),
        ("c.csv", "\ufeffid,name\n1,é\n".encode()),
        ("c.csv", "id,name\n1,é\n".encode("latin-1")),
        ("c.csv", "id,name\n1,é\n".encode("utf-16")),
        ("c.csv", b"id;name\r\n1;\xc3\xa9\r\n"),
        ("c.tsv", b"id\tname\n1\t\xc3\xa9"),
        ("c.csv", b"\xef\xbb\xbfid,name\r1,\xc3\xa9\r"),
        ("c.csv.gz", gzip.compress("id,name\n\n1,é\n\n".encode(), mtime=0)),
    ],
)
def test_csv_of_any_kind(tmp_path: Path, name: str, data: bytes) -> None:
    """Delimiters, encodings, line ends, empty lines and gzip make no difference."""
    (tmp_path / name).write_bytes(data)
    assert columns(tmp_path / name) == {"id": [1], "name": ["é"]}


def test_ragged_rows_are_kept_with_their_error(tmp_path: Path) -> None:
    """A row with a cell too many or too few is still a row, and says so."""
    (tmp_path / "c.csv").write_text("id,a,b\n1,2,3\n2,x\n3,4,5,6\n")
    (part,) = open_catalogue(tmp_path / "c.csv").parts(10)
    assert part.table.to_pydict() == {"id": [1, 2, 3], "a": [2, None, 4], "b": [3, None, 5]}
    assert part.errors.keys() == {1, 2}
    assert "2 cells where the header has 3" in part.errors[1]
    assert "4 cells" in part.errors[2]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("absent.csv", None, "no such catalogue"),
        ("c.xlsx", b"PK", "unknown kind of catalogue"),
        ("c.csv", b"", "empty"),
        ("c.csv", b"id,name\n", "no rows"),
        ("c.csv", b"id,id\n1,2\n", "'id' is there twice"),
        ("c.csv", b'id,a\n1,"x\n2,y\n', "line . is no row"),
        ("c.csv", b'id,a\n1,"x"y\n', "line . is no row"),
        ("c.csv", b"id\n" + b"1" * 2_000_000, "line 2 is no row .*longer than"),
        ("c.csv.gz", gzip.compress(b"id\n" + b"1\n" * 99999, mtime=0)[:-20], "breaks off"),
        ("c.parquet", b"PAR1 and nothing more", "not a whole Parquet file"),
        ("c.parquet", b"", "not a whole Parquet file"),
    ],
)
def test_what_is_no_catalogue_is_refused(
    tmp_path: Path, name: str, data: bytes | None, message: str
) -> None:
    """A catalogue that cannot be read whole is refused before any work, with the reason."""
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(BadTable, match=message):
        open_catalogue(tmp_path / name)


def test_a_parquet_file_damaged_inside_is_refused_where_it_breaks(tmp_path: Path) -> None:
    """Damage behind a sound footer ends the reading with a sentence."""
    table = pa.table({"id": [f"{place:09}" for place in range(50_000)]})
    pq.write_table(table, tmp_path / "c.parquet", use_dictionary=False)
    data = bytearray((tmp_path / "c.parquet").read_bytes())
    data[4:400] = bytes(396)
    (tmp_path / "c.parquet").write_bytes(bytes(data))
    with pytest.raises(BadTable, match="not a whole Parquet file"):
        whole(tmp_path / "c.parquet")


@pytest.mark.parametrize(
    ("kinds", "column", "by_path"),
    [
        ({"id": pa.int64(), "path": pa.string()}, "path", True),
        ({"ra": pa.float64(), "File": pa.large_string()}, "File", True),
        ({"image": pa.dictionary(pa.int32(), pa.string())}, "image", True),
        ({"image": pa.int64(), "objid": pa.int64()}, "objid", False),
        ({"GalaxyID": pa.int64(), "Class1.1": pa.float64()}, "GalaxyID", False),
        ({"id_str": pa.string(), "file_loc": pa.string()}, "file_loc", True),
    ],
)
def test_the_column_that_names_the_pictures(
    kinds: dict[str, pa.DataType], column: str, by_path: bool
) -> None:
    """A text column with paths comes first, then an id."""
    found = naming_of(pa.schema(kinds), "c")
    assert (found.column, found.by_path) == (column, by_path)


def test_a_catalogue_that_names_no_pictures_is_refused() -> None:
    """The columns that would do are listed."""
    with pytest.raises(BadTable, match=r"c: no column.*path, file, image.*objid"):
        naming_of(pa.schema({"ra": pa.float64(), "image": pa.int64()}), "c")


def test_names_are_read_from_any_type_of_id() -> None:
    """Whole floats lose their point, text its spaces, nulls become empty."""
    for values, kind, names in (
        ([1, None, 2**64 - 1], pa.uint64(), ["1", "", "18446744073709551615"]),
        ([1.0, float("nan"), None, 1.5], pa.float64(), ["1", "", "", "1.5"]),
        ([2.0**53, 587722952230174996.0], pa.float64(), ["9007199254740992", UNSURE]),
        ([" a ", None, "0012"], pa.string(), ["a", "", "0012"]),
    ):
        assert names_in(pa.chunked_array([pa.array(values, kind)]), "c") == names
    encoded = pa.chunked_array([pa.array(["a", "a", None])]).dictionary_encode()
    assert names_in(encoded, "c") == ["a", "a", ""]
    with pytest.raises(BadTable, match="list<item: int64>"):
        names_in(pa.chunked_array([pa.array([[1]])]), "c")
