"""Where a run's files lie: a folder of this machine, or one of an object store.

A file appears whole or not at all: here by a temporary name that is brought to the disk and
renamed, in an object store because an object is put there whole.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from tuningfork.errors import BadData, BadTable
from tuningfork.files import held, replacing
from tuningfork.places import WRITABLE, Address, Place


class Shelf(Protocol):
    """A folder for a run's files. Everything may raise OSError."""

    def put_table(self, name: str, table: pa.Table) -> None:
        """Let a Parquet file appear."""

    def put_text(self, name: str, text: str, *, new: bool = False) -> None:
        """Let a file appear; with ``new`` raises FileExistsError if it is there."""

    def text(self, name: str) -> str:
        """Read a file."""

    def metadata(self, name: str) -> pq.FileMetaData | None:
        """Read the metadata of a Parquet file; None if it is not there or not whole."""

    def names(self) -> list[str]:
        """The names of all files that are not hidden."""

    def sweep(self) -> None:
        """Take away what killed processes left under temporary names."""


def shelf_at(place: Place) -> Shelf:
    """Give the shelf of a folder. Raises BadTable for a kind of address that is not for writing."""
    if isinstance(place, Path):
        return Folder(place)
    if place.kind not in WRITABLE:
        raise BadTable(
            f"{place}: parts cannot be written there; name a folder, or an address that begins "
            f"with {', '.join(f'{one}://' for one in sorted(WRITABLE))}"
        )
    return Bucket(place)


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Hold a folder of this machine, made if need be, against other runs.

    An object store has no holds: runs of one plan write the same parts there, and those of another
    are told apart by the manifest. Raises BadData if another run holds it.
    """
    if isinstance(place, Address):
        place.check_reachable()
        yield
        return
    place.mkdir(parents=True, exist_ok=True)
    with held(place) as ours:
        if not ours:
            raise BadData(
                f"{place}: another run is writing here; wait for it or name another --output"
            )
        yield


class Folder:
    """A folder of this machine, or one that several machines share."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put_table(self, name: str, table: pa.Table) -> None:
        """See :class:`Shelf`."""
        path = self._path / name
        temporary = self._path / f".{name}.{secrets.token_hex(8)}.tmp"
        try:
            _write(table, temporary)
            _to_disk(temporary)
            temporary.replace(path)
            _to_disk(self._path)
        finally:
            with suppress(OSError):
                temporary.unlink()

    def put_text(self, name: str, text: str, *, new: bool = False) -> None:
        """See :class:`Shelf`."""
        if new and (self._path / name).exists():
            raise FileExistsError
        with replacing(self._path / name) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def text(self, name: str) -> str:
        return (self._path / name).read_text(encoding="utf-8")

    def metadata(self, name: str) -> pq.FileMetaData | None:
        """See :class:`Shelf`."""
        try:
            return pq.read_metadata(self._path / name)
        except (OSError, pa.ArrowException):
            return None

    def names(self) -> list[str]:
        return [one.name for one in self._path.iterdir() if not one.name.startswith(".")]

    def sweep(self) -> None:
        """See :class:`Shelf`."""
        for left in (*self._path.glob(".part-*.tmp"), *self._path.glob("._manifest.json.*")):
            left.unlink(missing_ok=True)


class Bucket:
    """A folder of an object store."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def put_table(self, name: str, table: pa.Table) -> None:
        """See :class:`Shelf`."""
        buffer = io.BytesIO()
        _write(table, buffer)
        (self._address / name).write(buffer.getvalue())

    def put_text(self, name: str, text: str, *, new: bool = False) -> None:
        """See :class:`Shelf`."""
        (self._address / name).write(text.encode(), new=new)

    def text(self, name: str) -> str:
        return (self._address / name).read().decode()

    def metadata(self, name: str) -> pq.FileMetaData | None:
        """See :class:`Shelf`."""
        try:
            with (self._address / name).open() as file, pq.ParquetFile(file) as parquet:
                return parquet.metadata
        except (FileNotFoundError, pa.ArrowException):
            return None

    def names(self) -> list[str]:
        """See :class:`Shelf`."""
        try:
            return [one for one in self._address.files() if not one.startswith(".")]
        except FileNotFoundError:
            return []

    def sweep(self) -> None:
        """Nothing is left: an object that was not put whole is not there."""


def _write(table: pa.Table, where: Path | io.BytesIO) -> None:
    pq.write_table(table, where, compression="zstd", row_group_size=max(1, len(table)))


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
