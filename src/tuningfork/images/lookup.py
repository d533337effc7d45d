"""Pictures by name: under a folder or in a zip, as a catalogue names them."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from tuningfork.errors import BadData, UnreadableImage
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

_ADDRESS = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_SPELT_OUT = re.compile(r"\\x([89a-f][0-9a-f])")


class Lookup:
    """Finds the pictures that a catalogue names by path or by id.

    ``root`` is a folder or a zip. A folder is asked for one name at a time, so its size costs no
    memory; only ids that do not lie directly in it have the folders below it listed, once. Raises
    BadData if there is no such folder or zip.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._where = readable(str(self.root))
        self._archive = None if self.root.is_dir() else _members(self.root)
        self._endings = sorted(SUFFIXES) + sorted(one.upper() for one in SUFFIXES)
        self._below: dict[str, list[str | Picture]] | None = None

    def by_path(self, name: str) -> Picture:
        """The picture of this path, relative to the root or absolute; reading it may raise."""
        shown = stem_of(PurePosixPath(name).name)
        if _ADDRESS.match(name):
            return failing(
                shown, name, f"{name}: an address, not a file; fetch it first and name the file"
            )
        if self._archive is not None:
            return self._in_archive(name, name)
        path = self._existing(name)
        return Picture(
            readable(stem_of(path.name)), readable(str(path)), partial(read_regular, path)
        )

    def by_id(self, id_: str) -> Picture:
        """The picture ``<id>.<ending>`` directly under the root or else below it.

        Reading it raises UnreadableImage if there is none, or if folders below hold several.
        """
        if _ADDRESS.match(id_):
            return self.by_path(id_)
        if self._archive is not None:
            return self._in_archive(id_, f"{id_} with an ending such as .jpg")
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
        return self._only(id_, self._below.get(id_, []), f"{id_} with an ending such as .jpg")

    def _only(self, id_: str, found: list[str | Picture], wanted: str) -> Picture:
        where = f"{self._where}/{id_}"
        if not found:
            message = f"{self._where}: holds no picture {wanted}; add it or mend the catalogue"
            return failing(id_, where, message)
        if len(found) > 1:
            names = [one if isinstance(one, str) else one.path for one in found]
            message = (
                f"{where}: several pictures bear this name ({', '.join(sorted(names)[:3])}); "
                "name the right one in a column 'path'"
            )
            return failing(id_, where, message)
        if isinstance(found[0], Picture):
            return found[0]
        path = self._existing(found[0])
        return Picture(id_, readable(str(path)), partial(read_regular, path))

    def _in_archive(self, name: str, wanted: str) -> Picture:
        """A member by its whole name, or by the end of its name if no other ends so."""
        members = self._archive or {}
        if name in members:
            return members[name]
        if self._below is None:
            self._below = {}
            for one in members:
                last = PurePosixPath(one).name
                for key in {last, stem_of(last)}:
                    self._below.setdefault(key, []).append(one)
        alike = self._below.get(PurePosixPath(name).name, [])
        ending = [members[str(one)] for one in alike if _ends_with(str(one), name)]
        return self._only(name, [*ending], wanted)


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
            yield name, picture if ".zip/" in name.lower() else name
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
