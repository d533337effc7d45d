"""Columns of a table file, read fast and without losing a row unnamed.

CSV (commas, semicolons or tabs; UTF-8 with or without its mark, UTF-16, Latin-1; any line ends),
the same inside ``.gz`` or ``.zip``, and Parquet.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tuningfork.errors import BadTable
from tuningfork.votes.problems import Problem
from tuningfork.votes.unpack import unpacked

TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".csv.gz", ".tsv.gz", ".zip")

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_NOT_KNOWN = ["", "nan", "null", "na", "n/a", "none", "-"]
_HEAD = 1 << 16
_UNREADABLE = (pa.ArrowInvalid, pa.ArrowKeyError)  # the second where no table was meant


@dataclass(frozen=True)
class Columns:
    """What was asked of a table. Rows keep the file's order."""

    where: str
    text: Mapping[str, list[str]]
    """Stripped text, empty where the table has nothing."""
    numbers: NDArray[np.float64]
    """Shape (rows, numeric columns), NaN where there is no number."""
    words: Mapping[tuple[int, int], str]
    """Row and numeric column of every cell that holds text instead of a number."""
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class TableFile:
    """A table whose header is known and whose columns are read on demand."""

    path: Path
    header: tuple[str, ...]
    delimiter: str
    """Empty for Parquet."""

    @property
    def where(self) -> str:
        return str(self.path)

    def read(self, text: Sequence[str], numeric: Sequence[str] = ()) -> Columns:
        """Read these columns. Raises BadTable if the file cannot be read."""
        data, cut = unpacked(self.path)
        problems: list[Problem] = []
        if self.delimiter:
            table = _read_csv(data, self, text, numeric, problems)
        else:
            table = _read_parquet(data, self.where, [*text, *numeric])
        if cut:
            rows = f"{self.path.name} ends early; {len(table)} rows could be read"
            problems.append(Problem("damaged file", self.where, (self.path.name,), False, (rows,)))
        numbers, words = _numbers(table, numeric, decimal_comma=self.delimiter == ";")
        return Columns(
            self.where,
            {name: _text(table[name]) for name in text},
            numbers,
            words,
            tuple(problems),
        )


def is_table(path: Path) -> bool:
    """Whether the file's name is that of a table, or of a zip that may hold one."""
    return path.is_file() and path.name.lower().endswith(TABLE_SUFFIXES)


def open_table(path: Path) -> TableFile:
    """Read a table's header. Raises BadTable if the file is absent, empty or no table."""
    if not path.is_file():
        raise BadTable(f"{path}: no such table; check the path")
    data, _ = unpacked(path, _HEAD)
    if data.startswith(b"PAR1"):
        whole, _ = unpacked(path)
        names = _parquet(whole, str(path)).schema.names
        return TableFile(path, tuple(name.strip() for name in names), "")
    lines = data.decode(encoding_of(data), "replace").lstrip("\ufeff").splitlines()
    if not lines or not lines[0].strip():
        raise BadTable(f"{path}: the table is empty; give one with a header and rows")
    delimiter = max(",;\t", key=lines[0].count)
    header = tuple(name.strip() for name in next(csv.reader([lines[0]], delimiter=delimiter)))
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise BadTable(f"{path}: column {doubled[0]!r} is there twice; keep one")
    return TableFile(path, header, delimiter)


def encoding_of(data: bytes) -> str:
    """The encoding of a table's text, told by its head: UTF-16 by its mark, UTF-8, or Latin-1."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A head of the file may end within a character.
        return "utf-8-sig" if error.reason == "unexpected end of data" else "latin-1"
    return "utf-8-sig"


def _read_csv(
    data: bytes,
    file: TableFile,
    text: Sequence[str],
    numeric: Sequence[str],
    problems: list[Problem],
) -> pa.Table:
    """Numbers are parsed by pyarrow; where one is not a number, all are read as text instead."""
    encoding = encoding_of(data)
    if encoding != "utf-8-sig":
        data = data.decode(encoding, "replace").encode()
    if data.count(b'"') % 2:
        # One that is never closed would swallow the rows after it.
        data = data.replace(b'"', b"")
    ragged: list[str] = []
    kinds: dict[str, Any] = dict.fromkeys(text, pa.string())
    try:
        table = _parse_csv(data, file, kinds | dict.fromkeys(numeric, pa.float64()), ragged)
    except _UNREADABLE:
        ragged.clear()
        table = _parse_csv_as_text(data, file, [*text, *numeric], ragged)
    if ragged:
        firsts = tuple(row.split(file.delimiter)[0].strip('" ') for row in ragged)
        problems.append(Problem("row with too few or too many cells", file.where, firsts, True))
    return table


def _parse_csv_as_text(
    data: bytes, file: TableFile, names: Sequence[str], ragged: list[str]
) -> pa.Table:
    try:
        return _parse_csv(data, file, dict.fromkeys(names, pa.string()), ragged)
    except _UNREADABLE as error:
        message = str(error).splitlines()[0]
        raise BadTable(f"{file.where}: not a readable table ({message}); save it again") from error


def _parse_csv(
    data: bytes, file: TableFile, kinds: Mapping[str, Any], ragged: list[str]
) -> pa.Table:
    def skip(row: pyarrow.csv.InvalidRow) -> str:
        ragged.append(row.text)
        return "skip"

    names = [name or f"unnamed {place}" for place, name in enumerate(file.header)]
    return pyarrow.csv.read_csv(
        io.BytesIO(data),
        read_options=pyarrow.csv.ReadOptions(column_names=names, skip_rows=1),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=file.delimiter,
            invalid_row_handler=skip,
            newlines_in_values=b'"' in data,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=kinds, include_columns=list(kinds), strings_can_be_null=False
        ),
    )


def _parquet(data: bytes, where: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(io.BytesIO(data))
    except (pa.ArrowInvalid, OSError) as error:
        raise BadTable(f"{where}: not a whole Parquet file; make it again ({error})") from error


def _read_parquet(data: bytes, where: str, columns: Sequence[str]) -> pa.Table:
    file = _parquet(data, where)
    stated = {name.strip(): name for name in file.schema.names}
    try:
        table = file.read(columns=[stated[name] for name in columns])
    except (pa.ArrowInvalid, OSError) as error:
        raise BadTable(f"{where}: not a whole Parquet file; make it again ({error})") from error
    return table.rename_columns([name.strip() for name in table.column_names])


def _text(column: pa.ChunkedArray) -> list[str]:
    column = pc.fill_null(column.cast(pa.string()), "")
    found: list[str] = pc.utf8_trim_whitespace(column).to_pylist()
    return found


def _numbers(
    table: pa.Table, numeric: Sequence[str], *, decimal_comma: bool
) -> tuple[NDArray[np.float64], dict[tuple[int, int], str]]:
    numbers = np.full((len(table), len(numeric)), np.nan)
    words: dict[tuple[int, int], str] = {}
    for place, name in enumerate(numeric):
        column = table[name].combine_chunks()
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = _parsed(column, place, words, decimal_comma=decimal_comma)
        numbers[:, place] = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    numbers[np.isinf(numbers)] = np.nan
    return numbers, words


def _parsed(
    column: pa.Array, place: int, words: dict[tuple[int, int], str], *, decimal_comma: bool
) -> pa.Array:
    column = pc.utf8_trim_whitespace(pc.fill_null(column, ""))
    if decimal_comma:
        column = pc.replace_substring(column, ",", ".")
    matches = pc.match_substring_regex(column, _NUMBER)
    unknown = pc.is_in(pc.utf8_lower(column), pa.array(_NOT_KNOWN))
    bad = pc.invert(pc.or_(matches, unknown)).to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(bad):
        words[int(row), place] = column[int(row)].as_py()
    return pc.if_else(matches, column, None)


def whole_id(text: str) -> str:
    """An id as written, without the ``.0`` of a column that a program took for decimals."""
    return re.sub(r"^(\d{1,15})\.0+$", r"\1", text)
