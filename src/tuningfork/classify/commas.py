"""Catalogues as CSV: every row kept, every cell as written unless it is surely a number."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, cast

import pyarrow as pa
import pyarrow.compute as pc

from tuningfork.classify.rows import Rows
from tuningfork.errors import BadTable
from tuningfork.images.sources import readable
from tuningfork.model.card import sha256_of
from tuningfork.votes.columns import encoding_of, open_table
from tuningfork.votes.unpack import unpacked

_INTEGER = r"^(0|-?[1-9][0-9]{0,18})$"
_NUMBER = r"^(?i:nan|-?inf|-?((0|[1-9][0-9]{0,14})(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?)$"
"""Without leading zeros or a plus, which mark a name, and of no more digits than a double holds."""
_LONGEST_LINE = 1 << 20
_BLOCK = 1 << 14
"""Rows that are looked at together."""


@dataclass(frozen=True)
class CsvCatalogue:
    """A CSV file (commas, semicolons or tabs; plain or gzipped) whose rows were counted."""

    path: Path
    delimiter: str
    encoding: str
    rows: int
    schema: pa.Schema
    where: str
    """Where it lies, for people to read."""

    @classmethod
    def open(cls, path: Path, where: str = "") -> CsvCatalogue:
        """Read the file once for its length and the types of its columns. Raises BadTable."""
        file = open_table(path)
        if not file.delimiter:
            raise BadTable(f"{path}: is Parquet; let its name end in .parquet")
        encoding = encoding_of(unpacked(path, 1 << 16)[0])
        header = [name or f"unnamed {place}" for place, name in enumerate(file.header)]
        kinds = [_Kind() for _ in header]
        rows = 0
        with closing(_records(path, file.delimiter, encoding)) as records:
            while block := list(islice(records, _BLOCK)):
                rows += len(block)
                for place, kind in enumerate(kinds):
                    kind.see([row[place] for row in block if len(row) == len(header)])
        fields = [pa.field(name, kind.type) for name, kind in zip(header, kinds, strict=True)]
        return cls(path, file.delimiter, encoding, rows, pa.schema(fields), where or str(path))

    def fingerprint(self) -> str:
        """The file's SHA-256."""
        return sha256_of(self.path)

    def parts(self, size: int) -> Iterator[Rows]:
        """Read all rows in order; see :class:`tuningfork.classify.catalogue.Catalogue`.

        A row with too few or too many cells is kept as far as it goes, with an error.
        """
        width = len(self.schema)
        with closing(_records(self.path, self.delimiter, self.encoding)) as records:
            while block := list(islice(records, size)):
                errors = {
                    place: f"{self.where}: the row has {len(row)} cells where the header has "
                    f"{width}; mend the catalogue"
                    for place, row in enumerate(block)
                    if len(row) != width
                }
                whole = [[*row[:width], *[""] * (width - len(row))] for row in block]
                columns = [
                    _typed([row[place] for row in whole], field.type, set(errors))
                    for place, field in enumerate(self.schema)
                ]
                yield Rows(pa.table(columns, schema=self.schema), errors)


class _Kind:
    """What all the cells of a column have in common so far."""

    def __init__(self) -> None:
        self._integer = self._number = True
        self._filled = False

    def see(self, cells: list[str]) -> None:
        if not (self._integer or self._number):
            return
        column = pa.array([cell for cell in cells if cell], pa.string())
        if not len(column):
            return
        self._filled = True
        self._integer = self._integer and _all_are(column, _INTEGER, pa.int64())
        self._number = self._number and _all_are(column, _NUMBER, pa.float64())

    @property
    def type(self) -> pa.DataType:
        if not self._filled:
            return pa.string()
        if self._integer:
            return pa.int64()
        return pa.float64() if self._number else pa.string()


def _all_are(column: pa.Array, pattern: str, kind: pa.DataType) -> bool:
    if not pc.all(pc.match_substring_regex(column, pattern)).as_py():
        return False
    try:
        column.cast(kind)
    except pa.ArrowInvalid:  # beyond 64 bits
        return False
    return True


def _typed(cells: list[str], kind: pa.DataType, unsure: set[int]) -> pa.Array:
    """Cells as the column's type; cells of ragged rows that do not fit it become null."""
    if pa.types.is_string(kind):
        return pa.array(cells, kind)
    pattern = _INTEGER if pa.types.is_integer(kind) else _NUMBER
    values: list[str | None] = [cell or None for cell in cells]
    for place in unsure:
        fits = pc.match_substring_regex(pa.array([cells[place]]), pattern)[0].as_py()
        values[place] = values[place] if fits and len(cells[place]) < 19 else None
    return pa.array(values, pa.string()).cast(kind)


def _records(path: Path, delimiter: str, encoding: str) -> Generator[list[str]]:
    """The rows after the header; lines that are empty are none. Raises BadTable."""
    number = 1
    try:
        with (
            (
                cast(
                    "IO[bytes]",
                    gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb"),
                )
            ) as file,
            TextIOWrapper(file, encoding=encoding, errors="surrogateescape", newline="") as text,
        ):
            reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
            next(reader)
            for row in reader:
                number = reader.line_num
                if row:
                    yield [cell if cell.isascii() else readable(cell) for cell in row]
    except csv.Error as error:
        raise BadTable(f"{path}: line {number + 1} is no row ({error}); mend it") from error
    except (OSError, EOFError, UnicodeError, zlib.error) as error:
        raise BadTable(f"{path}: breaks off or cannot be read ({error}); fetch it again") from error


def _lines(text: TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise csv.Error(f"it is longer than {_LONGEST_LINE:,} characters")
        yield line
