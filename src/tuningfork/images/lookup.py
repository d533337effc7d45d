"""Pictures by name, as a catalogue names them: under a folder, in a zip or a tar, here or far."""

from __future__ import annotations

import re
import stat
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Protocol

from tuningfork.errors import BadData, UnreadableImage
from tuningfork.images.remote import Beyond, RemoteZip, is_zip
from tuningfork.images.shards import is_tar, shard_members
from tuningfork.images.sources import (
    SUFFIXES,
    Picture,
    failing,
    find_pictures,
    is_picture_name,
    read_file,
    readable,
    stem_of,
)
from tuningfork.places import Place, is_address

_IN_ARCHIVE = re.compile(r"^(.*?\.(?:tar|zip))/(.+)$", re.IGNORECASE)
ARCHIVES = 4
"""Archives named by paths that are held open at a time."""
_SPELT_OUT = re.compile(r"\\x([89a-f][0-9a-f])")


class Finder(Protocol):
    """Finds the pictures that a catalogue names by path or by id; reading them may raise."""

    def by_path(self, name: str) -> Picture: ...

    def by_id(self, id_: str) -> Picture: ...


def finder(root: Place) -> Finder:
    """Open where pictures lie: a folder, a zip or a tar, here or at an address.

    Raises BadData if there is no such folder or archive, ServiceFailed if a service cannot be
    reached, TuningForkError if the package for its kind of address is missing.
    """
    if is_tar(root):
        return Archived(root, shard_members(root))
    if isinstance(root, Path):
        return WithArchives(root, Lookup(root)) if root.is_dir() else Lookup(root)
    if is_zip(root):
        before = len(str(root)) + 1
        return Archived(root, {one.path[before:]: one for one in RemoteZip(root).pictures()})
    return WithArchives(root, Beyond(root))


class WithArchives:
    """A folder in which paths may lead into archives: ``shards/0001.tar/587722952230174996.jpg``.

    An archive is opened when the first of its pictures is named; the four named last are kept.
    """

    def __init__(self, root: Place, plain: Finder) -> None:
        self._root = root
        self._plain = plain
        self._open: OrderedDict[str, Finder] = OrderedDict()

    def by_path(self, name: str) -> Picture:
        """The picture of this path, in an archive if it leads into one."""
        parted = _IN_ARCHIVE.match(name)
        if parted is None or is_address(name):
            return self._plain.by_path(name)
        archive, member = parted.groups()
        place = self._root / archive
        if isinstance(place, Path) and not place.is_file():
            return self._plain.by_path(name)
        try:
            return self._opened(archive, place).by_path(member)
        except BadData as error:
            return failing(stem_of(PurePosixPath(name).name), name, str(error))

    def by_id(self, id_: str) -> Picture:
        """The picture ``<id>.<ending>`` of the folder."""
        return self._plain.by_id(id_)

    def _opened(self, archive: str, place: Place) -> Finder:
        found = self._open.get(archive)
        if found is None:
            found = self._open[archive] = finder(place)
        self._open.move_to_end(archive)
        if len(self._open) > ARCHIVES:
            self._open.popitem(last=False)
        return found


class Lookup:
    """Finds pictures in a folder or a zip of this machine.

    ``root`` is a folder or a zip. A folder is asked for one name at a time, so its size costs no
    memory; only ids that do not lie directly in it have the folders below it listed, once. Raises
    BadData if there is no such folder or zip.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._where = readable(str(self.root))
        self._archive = None if self.root.is_dir() else Archived(self.root, _members(self.root))
        self._endings = sorted(SUFFIXES) + sorted(one.upper() for one in SUFFIXES)
        self._below: dict[str, list[str | Picture]] | None = None

    def by_path(self, name: str) -> Picture:
        """The picture of this path, relative to the root or absolute; reading it may raise."""
        shown = stem_of(PurePosixPath(name).name)
        if is_address(name):
            return failing(
                shown, name, f"{name}: an address, not a file; fetch it first and name the file"
            )
        if self._archive is not None:
            return self._archive.by_path(name)
        path = self._existing(name)
        return Picture(
            readable(stem_of(path.name)), readable(str(path)), partial(read_regular, path)
        )

    def by_id(self, id_: str) -> Picture:
        """The picture ``<id>.<ending>`` directly under the root or else below it.

        Reading it raises UnreadableImage if there is none, or if folders below hold several.
        """
        if is_address(id_):
            return self.by_path(id_)
        if self._archive is not None:
            return self._archive.by_id(id_)
        path = self._direct(id_)
        if path is not None:
            return Picture(id_, readable(str(path)), partial(read_regular, path))
        return self._listed(id_)

    def _existing(self, name: str) -> Path:
        path = self.root / name
        if "\\x" in name and not _exists(path):
            # Tables spell out the bytes of names that are not UTF-8; the file has the bytes.
            spelt = self.root / _bytes_again(name)
            return spelt if _exists(spelt) else path
        return path

    def _direct(self, id_: str) -> Path | None:
        """The file in the root itself; the ending found last is tried first."""
        if is_picture_name(id_):
            path = self._existing(id_)
            if _exists(path):
                return path
        for ending in self._endings:
            path = self._existing(id_ + ending)
            if _exists(path):
                self._endings.remove(ending)
                self._endings.insert(0, ending)
                return path
        return None

    def _listed(self, id_: str) -> Picture:
        if self._below is None:
            self._below = {}
            for name, found in _below(self.root):
                self._below.setdefault(stem_of(PurePosixPath(name).name), []).append(found)
        alike = self._below.get(id_, [])
        one = _only(self._where, id_, alike, f"{id_} with an ending such as .jpg")
        if isinstance(one, Picture):
            return one
        path = self._existing(one)
        return Picture(id_, readable(str(path)), partial(read_regular, path))


class Archived:
    """Finds pictures in an archive whose members are known by name."""

    def __init__(self, root: Place, members: Mapping[str, Picture]) -> None:
        self._where = readable(str(root))
        self._members = members
        self._by_last: dict[str, list[str]] = {}
        for one in members:
            last = PurePosixPath(one).name
            for key in {last, stem_of(last)}:
                self._by_last.setdefault(key, []).append(one)

    def by_path(self, name: str) -> Picture:
        """A member by its whole name, or by the end of its name if no other ends so."""
        return self._found(name, name)

    def by_id(self, id_: str) -> Picture:
        """The member ``<id>.<ending>``, wherever it lies in the archive."""
        return self._found(id_, f"{id_} with an ending such as .jpg")

    def _found(self, name: str, wanted: str) -> Picture:
        if name in self._members:
            return self._members[name]
        alike = self._by_last.get(PurePosixPath(name).name, [])
        ending: list[str | Picture] = [self._members[one] for one in alike if _ends_with(one, name)]
        found = _only(self._where, name, ending, wanted)
        return found if isinstance(found, Picture) else self._members[found]


def _only(where: str, id_: str, found: list[str | Picture], wanted: str) -> str | Picture:
    """What was found, if it is one; else a picture whose reading says why not."""
    here = f"{where}/{id_}"
    if not found:
        message = f"{where}: holds no picture {wanted}; add it or mend the catalogue"
        return failing(id_, here, message)
    if len(found) > 1:
        names = [one if isinstance(one, str) else one.path for one in found]
        message = (
            f"{here}: several pictures bear this name ({', '.join(sorted(names)[:3])}); "
            "name the right one in a column 'path'"
        )
        return failing(id_, here, message)
    return found[0]


def read_regular(path: Path) -> bytes:
    """Give a file's bytes; what is no plain file (a pipe, a device) is refused unread.

    Raises UnreadableImage.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UnreadableImage(f"{readable(str(path))}: {reason}; check the file") from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "no plain file"
        raise UnreadableImage(f"{readable(str(path))}: {kind}; name a picture's file")
    return read_file(path)


def _members(root: Path) -> dict[str, Picture]:
    """The pictures of a zip by their names inside it."""
    if not root.exists():
        raise BadData(f"{readable(str(root))}: no such folder or zip; check the path")
    before = len(readable(str(root))) + 1
    members = {one.path[before:]: one for one in find_pictures([root])}
    if list(members) == [""]:
        raise BadData(f"{readable(str(root))}: neither a folder nor a zip; name where pictures lie")
    return members


def _below(root: Path) -> Iterator[tuple[str, str | Picture]]:
    """Pictures by their names relative to the root, save those that are found without a list."""
    before = len(readable(str(root))) + 1
    try:
        for picture in find_pictures([root]):
            name = picture.path[before:]
            ending = name[len(stem_of(name)) :]
            if "/" not in name and ending in {ending.lower(), ending.upper()}:
                continue
            yield name, picture if _IN_ARCHIVE.match(name) else name
    except BadData:  # there is none
        return


def _ends_with(member: str, name: str) -> bool:
    whole = f"/{member}"
    return whole.endswith(f"/{name}") or stem_of(whole).endswith(f"/{name}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _bytes_again(name: str) -> str:
    r"""Undo :func:`readable`: ``\xff`` becomes the byte as Python's file names hold it."""
    return _SPELT_OUT.sub(
        lambda found: bytes([int(found[1], 16)]).decode("utf-8", "surrogateescape"), name
    )
