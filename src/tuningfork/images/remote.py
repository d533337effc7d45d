"""Pictures at addresses: single files below a folder, zips, and tar shards."""

from __future__ import annotations

import struct
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from tuningfork.errors import BadData, ServiceFailed, UnreadableImage
from tuningfork.images.shards import Shard, is_tar
from tuningfork.images.sources import (
    LARGEST_FILE,
    NO_WHOLE_ZIP,
    SUFFIXES,
    Picture,
    failing,
    find_pictures,
    is_picture,
    is_picture_name,
    picture_inside,
    readable,
    stem_of,
    too_large,
)
from tuningfork.places import Address, Place, Unreached, is_address, place_of

_HEADER = struct.Struct("<26x2H")
"""Of a zip's member: the lengths of its name and of its extra field (PKWARE's APPNOTE, 4.3.7)."""
_SPARE = 256
"""Bytes that are asked for beyond a member's expected end: an extra field of unknown length."""


UNLISTED = frozenset({"http", "https"})
"""Kinds of addresses that cannot be asked what lies below them."""


class Beyond:
    """Finds the pictures that a catalogue names below an address; nothing is asked beforehand."""

    def __init__(self, root: Address) -> None:
        root.check_reachable()
        self.root = root
        self._listing = threading.Lock()
        self._below: dict[str, list[str]] | None = None
        self._ending: str | None = None

    def by_path(self, name: str) -> Picture:
        """The picture of this path below the root, or of this address below it."""
        shown = stem_of(PurePosixPath(name).name)
        inside = f"{self.root.url.rstrip('/')}/"
        if name.startswith(inside):
            name = name[len(inside) :]
        if is_address(name) or name.startswith("/") or ".." in name.split("/"):
            return failing(
                shown, name, f"{place_of(name)}: lies outside {self.root}; name a picture below it"
            )
        return picture_at(self.root / name)

    def by_id(self, id_: str) -> Picture:
        """The picture ``<id>.<ending>`` directly under the root or else below it."""
        if "/" in id_:
            return self.by_path(id_)
        return Picture(id_, f"{self.root}/{id_}", partial(self._read_named, id_))

    def _read_named(self, id_: str) -> bytes:
        """Try the ending found before, or each; if that fails once, all that is below is listed.

        Servers of the web give no lists: there each ending is tried each time.
        """
        listed = self.root.kind not in UNLISTED
        if self._below is None:
            first = [] if self._ending is None else [self._ending]
            others = [] if listed and first else sorted(SUFFIXES - {*first})
            for ending in [*([""] if is_picture_name(id_) else []), *first, *others]:
                found = _read_if_there(self.root / (id_ + ending))
                if found is not None:
                    self._ending = ending or self._ending
                    return found
        if not listed:
            raise self._absent(id_)
        return read_at(self.root / self._only(id_))

    def _only(self, id_: str) -> str:
        """The name of the one picture of this id; one directly under the root goes first."""
        with self._listing:
            if self._below is None:
                below: dict[str, list[str]] = {}
                for name in names_below(self.root):
                    if is_picture(name):
                        last = PurePosixPath(name).name
                        below.setdefault(stem_of(last), []).append(name)
                self._below = below
        named = self._below.get(stem_of(id_) if is_picture_name(id_) else id_, [])
        found = [one for one in named if "/" not in one][:1] or named
        if not found:
            raise self._absent(id_)
        if len(found) > 1:
            raise UnreadableImage(
                f"{self.root}/{id_}: several pictures bear this name ({', '.join(found[:3])}); "
                "name the right one in a column 'path'"
            )
        return found[0]

    def _absent(self, id_: str) -> UnreadableImage:
        return UnreadableImage(
            f"{self.root}: holds no picture {id_} with an ending such as .jpg; add it or mend the "
            "catalogue"
        )


def find_at(places: Iterable[Place]) -> Iterator[Picture]:
    """Find the pictures in files, folders, zips and tars, here and at addresses, in this order.

    As :func:`tuningfork.images.sources.find_pictures`, which finds those of this machine. Raises
    BadData where there is no picture, ServiceFailed where a service cannot be reached.
    """
    places = list(places)
    for place in places:
        if isinstance(place, Address) and next(_pictures_at(place), None) is None:
            raise BadData(f"{place}: no picture there; looked for {', '.join(sorted(SUFFIXES))}")
    find_pictures(one for one in places if isinstance(one, Path))
    return (picture for place in places for picture in _pictures_at(place))


def _pictures_at(place: Place) -> Iterator[Picture]:
    if isinstance(place, Path):
        return find_pictures([place])
    place.check_reachable()
    if is_tar(place):
        return Shard(place).pictures()
    if is_zip(place):
        return iter(RemoteZip(place).pictures())
    return iter([picture_at(place)]) if is_picture_name(place.name) else _below(place)


def _below(folder: Address) -> Iterator[Picture]:
    for name in names_below(folder):
        place = folder / name
        if is_picture(name):
            yield picture_at(place)
        elif is_tar(place) or is_zip(place):
            yield from _pictures_at(place)


def names_below(folder: Address) -> Iterator[str]:
    """The names of all files below a folder. Raises BadData, ServiceFailed."""
    try:
        yield from folder.files()
    except Unreached as error:
        raise ServiceFailed(f"{folder}: {error.strerror}") from error
    except OSError as error:
        raise BadData(f"{folder}: {error.strerror}; check the address") from error


def picture_at(place: Address) -> Picture:
    """The picture of this address; reading it may raise."""
    return Picture(readable(stem_of(place.name)), str(place), partial(read_at, place))


def read_at(place: Address) -> bytes:
    """Read an object.

    Raises UnreadableImage, or ServiceFailed where the service cannot be reached: that says nothing
    of the picture.
    """
    data = _read_if_there(place)
    if data is None:
        raise UnreadableImage(f"{place}: no such object; add it or mend the catalogue")
    return data


def _read_if_there(place: Address) -> bytes | None:
    try:
        data = place.read(0, LARGEST_FILE + 1)
    except FileNotFoundError:
        return None
    except Unreached as error:
        raise ServiceFailed(f"{place}: {error.strerror}") from error
    except OSError as error:
        raise UnreadableImage(f"{place}: {error.strerror}") from error
    if len(data) > LARGEST_FILE:
        raise too_large(str(place))
    return data


def is_zip(place: Place) -> bool:
    """Whether a name is that of a zip."""
    return place.suffix.lower() == ".zip"


class RemoteZip:
    """A zip at an address: its directory is read once, each member by one request."""

    def __init__(self, place: Address) -> None:
        self._place = place
        self._size = 0

    def pictures(self) -> list[Picture]:
        """Give the pictures inside, sorted by name. Raises BadData, ServiceFailed."""
        where = str(self._place)
        self._place.check_reachable()
        try:
            self._size = self._place.size()
            with self._place.open() as file, zipfile.ZipFile(file) as archive:
                found = archive.infolist()
        except Unreached as error:
            raise ServiceFailed(f"{where}: {error.strerror}") from error
        except FileNotFoundError as error:
            raise BadData(f"{where}: no such zip; check the address") from error
        except NO_WHOLE_ZIP as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise BadData(f"{where}: not a whole zip ({reason}); fetch or make it again") from error
        found.sort(key=lambda one: one.filename)
        return [self._picture(one, where) for one in found if is_picture(one.filename)]

    def _picture(self, member: zipfile.ZipInfo, where: str) -> Picture:
        return picture_inside(
            where, member.filename, partial(_member, self._place, self._size, member)
        )


def _member(place: Address, size: int, member: zipfile.ZipInfo, where: str) -> bytes:
    """Give the bytes of a zip's member. Raises UnreadableImage, ServiceFailed."""
    if max(member.file_size, member.compress_size) > LARGEST_FILE:
        raise too_large(where)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnreadableImage(f"{where}: packed in a way that is not known; make the zip again")
    start = member.header_offset
    try:
        name = len(member.orig_filename.encode())
        end = start + 30 + name + _SPARE + member.compress_size
        data = place.read(start, min(end, size))
        if len(data) < 30:
            raise UnreadableImage(f"{where}: the zip breaks off; make it again")
        begin = 30 + sum(_HEADER.unpack_from(data))
        packed = data[begin : begin + member.compress_size]
        if len(packed) < member.compress_size:
            packed = place.read(start + begin, start + begin + member.compress_size)
    except Unreached as error:
        raise ServiceFailed(f"{where}: {error.strerror}") from error
    except OSError as error:
        raise UnreadableImage(f"{where}: {error.strerror}") from error
    try:
        stored = member.compress_type == zipfile.ZIP_STORED
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        found = packed if stored else inflater.decompress(packed, LARGEST_FILE)
    except zlib.error as error:
        raise UnreadableImage(f"{where}: damaged in the zip ({error}); make it again") from error
    if zlib.crc32(found) != member.CRC:
        raise UnreadableImage(f"{where}: damaged in the zip; make it again")
    return found
