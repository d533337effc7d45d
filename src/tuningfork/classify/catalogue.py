"""Catalogues: tables with a galaxy a row, of any length, read in parts.

Parquet keeps its types. CSV has none: a column becomes int64 or double if every cell says the same
number before and after, and stays text as written otherwise (ids keep their leading zeros).
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from tuningfork.classify.commas import CsvCatalogue
from tuningfork.classify.rows import Rows
from tuningfork.errors import BadTable
from tuningfork.model.card import sha256_of
from tuningfork.places import Place, place_of
from tuningfork.votes.tables import ID_COLUMNS

PATH_COLUMNS = (
    *("path", "file", "image", "file_loc", "filename", "file_name", "filepath"),
    *("file_path", "image_path", "img_path", "img", "picture"),
)
"""Columns of text that may name a row's picture, the preferred first."""
CATALOGUE_IDS = (*ID_COLUMNS, "id_str", "iauname", "source_id", "object_id", "objectid", "name")
"""Columns that may hold a row's id, the preferred first."""
ENDINGS = (".parquet", ".csv", ".tsv", ".csv.gz", ".tsv.gz")


class Catalogue(Protocol):
    """A table on disk: how long it is, what its columns are, and its rows in parts."""

    @property
    def where(self) -> str: ...

    @property
    def rows(self) -> int: ...

    @property
    def schema(self) -> pa.Schema: ...

    def fingerprint(self) -> str:
        """The SHA-256, in hexadecimal digits, of all that the rows come from."""
        ...

    def parts(self, size: int) -> Iterator[Rows]:
        """All rows in order, ``size`` at a time; the last part may be shorter.

        Raises BadTable where the file turns out to be damaged.
        """
        ...


def open_catalogue(place: str | Place) -> Catalogue:
    """Open a catalogue, here or at an address.

    CSV at an address is fetched whole into a temporary file; Parquet is read where it lies. Raises
    BadTable if it is absent, of an unknown kind, damaged or empty.
    """
    path = place_of(place)
    _check_there(path)
    if not path.name.lower().endswith(ENDINGS):
        raise BadTable(
            f"{path}: unknown kind of catalogue; give one that ends in {', '.join(ENDINGS)}"
        )
    parquet = path.name.lower().endswith(".parquet")
    catalogue: Catalogue = ParquetCatalogue(path) if parquet else _csv(path)
    if catalogue.rows == 0:
        raise BadTable(f"{path}: the catalogue has no rows; give one with galaxies")
    names = catalogue.schema.names
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise BadTable(f"{path}: column {doubled[0]!r} is there twice; keep one")
    return catalogue


def _check_there(path: Place) -> None:
    if isinstance(path, Path):
        if not path.is_file():
            raise BadTable(f"{path}: no such catalogue; check the path")
        return
    path.check_reachable()
    try:
        path.size()
    except FileNotFoundError as error:
        raise BadTable(f"{path}: no such catalogue; check the address") from error
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror}") from error


def _csv(path: Place) -> CsvCatalogue:
    if isinstance(path, Path):
        return CsvCatalogue.open(path)
    folder = Path(tempfile.mkdtemp(prefix="tuningfork-catalogue-"))
    try:
        with (folder / path.name).open("wb") as file:
            path.fetch(file)
        catalogue = CsvCatalogue.open(folder / path.name, str(path))
    except OSError as error:
        shutil.rmtree(folder)
        raise BadTable(f"{path}: {error.strerror}") from error
    except BadTable as error:
        shutil.rmtree(folder)
        raise BadTable(str(error).replace(str(folder / path.name), str(path))) from error
    weakref.finalize(catalogue, shutil.rmtree, folder, ignore_errors=True)
    return catalogue


@dataclass(frozen=True)
class Naming:
    """Which column says what a row's picture is."""

    column: str
    by_path: bool
    """Whether it holds paths; else ids."""


def naming_of(schema: pa.Schema, where: str) -> Naming:
    """Find the column that names the pictures. Raises BadTable if there is none."""
    lower = {name.casefold(): name for name in reversed(schema.names)}
    for wanted in PATH_COLUMNS:
        name = lower.get(wanted)
        if name is not None and _is_text(schema.field(name).type):
            return Naming(name, True)
    for wanted in CATALOGUE_IDS:
        name = lower.get(wanted.casefold())
        if name is not None:
            return Naming(name, False)
    raise BadTable(
        f"{where}: no column says which picture a row has; add one of {', '.join(PATH_COLUMNS)} "
        f"with paths, or an id ({', '.join(CATALOGUE_IDS)}) after which the pictures are named"
    )


UNSURE = "\0"
"""Stands for a whole number that lost its last digits as a floating-point one."""


def names_in(column: pa.ChunkedArray, where: str) -> list[str]:
    """The names that a column of text or numbers holds, stripped; empty where there is none.

    Floats beyond 2^53, which no longer tell one whole number from the next, are UNSURE. Raises
    BadTable for types that name nothing, such as lists.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    values = column.to_pylist()
    if pa.types.is_floating(kind):
        return [_whole(value) for value in values]
    if pa.types.is_integer(kind) or _is_text(kind):
        return ["" if value is None else str(value).strip() for value in values]
    raise BadTable(
        f"{where}: the column that names the pictures is {kind}; give text or whole numbers"
    )


_EXACT = 2.0**53
"""Up to here every whole number is a double of its own."""


def _whole(value: float | None) -> str:
    if value is None or value != value:  # noqa: PLR0124  (NaN)
        return ""
    if abs(value) > _EXACT:
        return UNSURE
    return str(int(value)) if float(value).is_integer() else repr(value)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


class ParquetCatalogue:
    """A Parquet file, of which no more than a part at a time is held."""

    def __init__(self, path: Place) -> None:
        self.path = path
        with self._opened() as file:
            self.rows: int = file.metadata.num_rows
            self.schema: pa.Schema = file.schema_arrow

    @property
    def where(self) -> str:
        return str(self.path)

    def fingerprint(self) -> str:
        """The file's SHA-256."""
        if isinstance(self.path, Path):
            return sha256_of(self.path)
        with self.path.open(1 << 23) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def parts(self, size: int) -> Iterator[Rows]:
        """Read all rows in order; see :class:`Catalogue`."""
        with self._opened() as file:
            batches = file.iter_batches(batch_size=size, use_threads=False)
            try:
                for table in _regrouped(batches, self.schema, size):
                    yield Rows(table)
            except (pa.ArrowException, OSError) as error:
                raise self._damaged(error) from error

    def _opened(self) -> pq.ParquetFile:
        try:
            # Not buffered beforehand: a row group may be as large as the whole file.
            source = self.path if isinstance(self.path, Path) else self.path.open()
            return pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 20)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> BadTable:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        return BadTable(f"{self.path}: not a whole Parquet file ({first}); make it again")


def _regrouped(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, size: int
) -> Iterator[pa.Table]:
    """Tables of exactly ``size`` rows, save the last, whatever the batches' sizes."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        rest = batch
        while count + len(rest) >= size:
            waiting.append(rest.slice(0, size - count))
            yield pa.Table.from_batches(waiting, schema)
            rest = rest.slice(size - count)
            waiting, count = [], 0
        if len(rest):
            waiting.append(rest)
            count += len(rest)
    if waiting:
        yield pa.Table.from_batches(waiting, schema)
