"""Bytes of a table, out of ``.gz`` and ``.zip`` where it lies in one, damaged or not."""

from __future__ import annotations

import gzip
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Protocol

from tuningfork.errors import BadTable
from tuningfork.votes.salvage import salvage, salvaged_bytes

LARGEST_TABLE = 1 << 30
"""Bytes; Galaxy Zoo 2's table has 364 million. More is refused before it fills the memory."""

_CHUNK = 1 << 16


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def unpacked(path: Path, limit: int | None = None) -> tuple[bytes, bool]:
    """The table's bytes, at most about ``limit``, and whether the file breaks off early.

    Of a file that breaks off, whole lines are given. Raises BadTable if nothing can be read.
    """
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path) as file:
                return _read(file, limit, path)
        if path.suffix.lower() == ".zip":
            return _from_zip(path, limit)
        if path.stat().st_size > LARGEST_TABLE:
            raise _too_large(path)
        with path.open("rb") as file:
            return file.read() if limit is None else file.read(limit), False
    except OSError as error:
        raise BadTable(f"{path}: cannot be read ({error}); check the file") from error


def _from_zip(path: Path, limit: int | None) -> tuple[bytes, bool]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if _is_table(name)]
            if len(names) != 1:
                found = ", ".join(names) or "none"
                raise BadTable(f"{path}: one table is expected inside, found: {found}")
            with archive.open(names[0]) as file:
                return _read(file, limit, path)
    except zipfile.BadZipFile as error:
        member = next((one for one in salvage(path) if _is_table(one.name)), None)
        if member is None or member.name.lower().endswith(".parquet"):
            raise BadTable(f"{path}: not a whole zip ({error}); fetch it again") from error
        return _whole_lines(salvaged_bytes(path, member)), True
    except RuntimeError as error:
        # Locked by a password or packed in a way that zipfile does not know, which it tells by
        # RuntimeError and by a kind of it.
        raise BadTable(f"{path}: cannot be unpacked ({error}); zip it anew") from error


def _read(file: _Readable, limit: int | None, where: Path) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    try:
        while (limit is None or size < limit) and (part := file.read(_CHUNK)):
            parts.append(part)
            size += len(part)
            if size > LARGEST_TABLE:
                raise _too_large(where)
    except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile):
        return _whole_lines(b"".join(parts)), True
    return b"".join(parts), False


def _too_large(path: Path) -> BadTable:
    return BadTable(f"{path}: a table of more than {LARGEST_TABLE >> 20} MiB; split it")


def _whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def _is_table(name: str) -> bool:
    parts = name.split("/")
    return (
        name.lower().endswith((".csv", ".tsv", ".parquet"))
        and not parts[-1].startswith(".")
        and "__MACOSX" not in parts
    )
