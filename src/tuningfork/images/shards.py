"""Pictures in tar files, such as WebDataset's shards, here or at an address.

A tar at an address is fetched whole, once, into a nameless temporary file: shards are made to be
read from end to end.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from tuningfork.errors import BadData, ServiceFailed, UnreadableImage
from tuningfork.images.sources import (
    LARGEST_FILE,
    Picture,
    is_picture,
    picture_inside,
    readable,
    too_large,
)
from tuningfork.places import Address, Place, Unreached

TAR = ".tar"


@dataclass(frozen=True)
class _Member:
    name: str
    start: int
    size: int


class Shard:
    """A tar whose members are read straight out of it, by any thread or other process."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._opened: tuple[int, IO[bytes]] | None = None

    def pictures(self) -> Iterator[Picture]:
        """Give the pictures inside in their order, not yet read.

        Raises BadData for what is no tar or breaks off, ServiceFailed where it cannot be had.
        """
        where = readable(str(self._place))
        for member in self._members():
            yield picture_inside(where, member.name, partial(self._read, member))

    def _members(self) -> Iterator[_Member]:
        where = readable(str(self._place))
        try:
            with tarfile.open(fileobj=_again(self._file()), mode="r:") as archive:
                for one in archive:
                    if one.isreg() and is_picture(one.name):
                        yield _Member(one.name, one.offset_data, one.size)
        except tarfile.TarError as error:
            raise BadData(
                f"{where}: not a whole, uncompressed tar ({error}); fetch or make it again"
            ) from error
        except Unreached as error:
            raise ServiceFailed(f"{where}: {error.strerror}") from error
        except OSError as error:
            raise BadData(f"{where}: {error.strerror or error}; check the path") from error

    def _read(self, member: _Member, where: str) -> bytes:
        if member.size > LARGEST_FILE:
            raise too_large(where)
        try:
            data = os.pread(self._file().fileno(), member.size, member.start)
        except Unreached as error:
            raise ServiceFailed(f"{where}: {error.strerror}") from error
        except OSError as error:
            raise UnreadableImage(f"{where}: {error.strerror}; check the file") from error
        if len(data) < member.size:
            raise UnreadableImage(f"{where}: the tar breaks off; fetch or make it again")
        return data

    def _file(self) -> IO[bytes]:
        with self._lock:
            if self._opened is None or self._opened[0] != os.getpid():
                self._opened = (os.getpid(), _opened(self._place))
            return self._opened[1]

    def __del__(self) -> None:
        if self._opened is not None:
            self._opened[1].close()

    def __getstate__(self) -> Place:
        return self._place

    def __setstate__(self, place: Place) -> None:
        self.__init__(place)  # type: ignore[misc]


def _opened(place: Place) -> IO[bytes]:
    if isinstance(place, Path):
        return place.open("rb")
    file = tempfile.TemporaryFile(prefix="tuningfork-shard-")  # noqa: SIM115  (kept open)
    try:
        place.fetch(file)
    except BaseException:
        file.close()
        raise
    return file


def _again(file: IO[bytes]) -> IO[bytes]:
    file.seek(0)
    return file


def is_tar(place: Place) -> bool:
    """Whether a name is that of a tar."""
    return place.suffix.lower() == TAR


def shard_members(place: Place) -> dict[str, Picture]:
    """The pictures of a tar by their names inside it. Raises BadData, ServiceFailed."""
    if isinstance(place, Path) and not place.is_file():
        raise BadData(f"{readable(str(place))}: no such tar; check the path")
    if isinstance(place, Address):
        place.check_reachable()
    before = len(readable(str(place))) + 1
    return {one.path[before:]: one for one in Shard(place).pictures()}
