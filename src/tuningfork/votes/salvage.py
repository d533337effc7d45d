"""What is still whole in a zip that breaks off before its directory, which stands at its end.

Each member is preceded by a header of its own (PKWARE's APPNOTE, 4.3.7), so those before the
break can be found by walking from header to header.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_HEADER = struct.Struct("<4s5H3I2H")
_MAGIC = b"PK\x03\x04"
_STORED, _DEFLATED = 0, 8
_DESCRIPTOR_FOLLOWS, _ENCRYPTED, _UTF8 = 0x08, 0x01, 0x800
_LARGE = 0xFFFFFFFF
_CHUNK = 1 << 20
LARGEST_MEMBER = 1 << 29
"""Bytes; of a member that unpacks to more (a "zip bomb") only so much is given."""


@dataclass(frozen=True)
class Member:
    """One file inside a zip."""

    name: str
    start: int
    """Where its bytes begin."""
    size: int
    """Compressed bytes that are there."""
    deflated: bool
    whole: bool
    """False for the one in which the zip breaks off."""


def salvage(archive: Path | bytes) -> list[Member]:
    """The members of a broken zip, a file or its bytes, in their order, as far as it goes."""
    members: list[Member] = []
    with _opened(archive) as file:
        length = file.seek(0, os.SEEK_END)
        place = 0
        while (header := _header(file, place)) is not None:
            member, place = _member(file, header, place, length)
            if member is None:
                break
            members.append(member)
            if not member.whole:
                break
    return members


def salvaged_bytes(archive: Path | bytes, member: Member, limit: int = LARGEST_MEMBER) -> bytes:
    """A member's bytes, as many as are whole, but no more than ``limit`` and 1 MiB.

    Raises OSError if the zip cannot be read.
    """
    with _opened(archive) as file:
        file.seek(member.start)
        data = file.read(member.size)
    if not member.deflated:
        return data
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    parts = []
    size = 0
    while data and not inflater.eof and size <= limit:
        try:
            parts.append(inflater.decompress(data, _CHUNK))
        except zlib.error:
            break
        size += len(parts[-1])
        data = inflater.unconsumed_tail
    return b"".join(parts)


def _opened(archive: Path | bytes) -> IO[bytes]:
    return io.BytesIO(archive) if isinstance(archive, bytes) else archive.open("rb")


def _header(file: IO[bytes], place: int) -> tuple[int, ...] | None:
    """Flags, method, compressed size, uncompressed size, lengths of name and of extra field."""
    file.seek(place)
    data = file.read(_HEADER.size)
    if len(data) < _HEADER.size or not data.startswith(_MAGIC):
        return None
    _, _, flags, method, _, _, _, packed, size, name, extra = _HEADER.unpack(data)
    return flags, method, packed, size, name, extra


def _member(
    file: IO[bytes], header: tuple[int, ...], place: int, length: int
) -> tuple[Member | None, int]:
    """The member whose header was read, and where the next header stands."""
    flags, method, packed, _, name_length, extra_length = header
    raw = file.read(name_length)
    name = raw.decode("utf-8" if flags & _UTF8 else "cp437", "replace")
    extra = file.read(extra_length)
    start = place + _HEADER.size + name_length + extra_length
    if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED) or start > length:
        return None, length
    if packed == _LARGE and len(extra) >= 20 and extra[:2] == b"\x01\x00":
        packed = struct.unpack_from("<Q", extra, 12)[0]
    after = start + packed
    if flags & _DESCRIPTOR_FOLLOWS and packed == 0 and method == _DEFLATED:
        after, whole = _end_of_stream(file, start)
        packed = after - start
        after = _next_header(file, after)
    else:
        whole = after <= length
    size = min(packed, length - start)
    return Member(name, start, size, method == _DEFLATED, whole), after


def _end_of_stream(file: IO[bytes], start: int) -> tuple[int, bool]:
    """Where a deflated stream of unknown size ends, and whether it is whole."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    file.seek(start)
    end = start
    while chunk := file.read(_CHUNK):
        try:
            # A megabyte may unpack to a thousand: it is let go piece by piece.
            packed = chunk
            while packed and not inflater.eof:
                inflater.decompress(packed, _CHUNK)
                packed = inflater.unconsumed_tail
        except zlib.error:
            return end, False
        end += len(chunk)
        if inflater.eof:
            return end - len(inflater.unused_data), True
    return end, False


def _next_header(file: IO[bytes], after: int) -> int:
    """Past the sizes that follow a stream: 12 to 24 bytes, depending on who wrote them."""
    file.seek(after)
    offset = file.read(24 + len(_MAGIC)).find(_MAGIC)
    return after + max(offset, 0)
