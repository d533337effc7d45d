"""Where pictures come from: files, folders, zips, tars and standard input."""

from __future__ import annotations

import io
import os
import re
import stat
import sys
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO

from tuningfork.errors import BadData, UnreadableImage
from tuningfork.images.blank import is_text
from tuningfork.votes.salvage import Member, salvage, salvaged_bytes

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".gif", ".bmp"}
    | {".fits", ".fit", ".fts", ".fz", ".fits.fz", ".fits.gz", ".fit.gz", ".fts.gz"}
)
"""Endings of the names by which pictures are found in folders and zips, in lower case."""

LARGEST_FILE = 2**28
"""Bytes; a larger file is refused before it fills the memory."""
LONGEST_PATH = 4096
"""Bytes; longer lines of standard input name no file."""

_ENDINGS = tuple(sorted(SUFFIXES, key=len, reverse=True))

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+:/)/*")
"""Of the web; a path drops the second of its slashes."""
NO_WHOLE_ZIP = (zipfile.BadZipFile, OSError, ValueError, RuntimeError)
"""What zipfile raises for a damaged list of members, a kind of the last for an unknown version."""
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True)
class Picture:
    """A picture not yet read."""

    id: str
    """The file's name without its ending; bytes that are not UTF-8 appear as ``\\xff``."""
    path: str
    """Where it lies, for people to read; a zip's members as ``archive.zip/member.jpg``."""
    read: Callable[[], bytes]
    """Gives the file's bytes; raises UnreadableImage. Safe to call from several threads."""


class Archive:
    """A zip whose members are read straight out of it, by any thread or forked process."""

    def __init__(self, file: Path | bytes, where: str) -> None:
        self._file = file
        self.where = where
        self._lock = threading.Lock()
        self._opened: tuple[int, zipfile.ZipFile] | None = None

    def members(self) -> list[zipfile.ZipInfo]:
        """List the pictures inside, sorted by name. Raises UnreadableImage for a broken zip."""
        try:
            found = self._zip().infolist()
        except PermissionError as error:
            raise UnreadableImage(f"{self.where}: {error.strerror}; check the file") from error
        except NO_WHOLE_ZIP as error:
            raise UnreadableImage(
                f"{self.where}: not a whole zip ({error}); fetch or make it again"
            ) from error
        return sorted(
            (one for one in found if is_picture(one.filename)), key=lambda one: one.filename
        )

    def pictures(self) -> Iterator[Picture]:
        """Give the pictures inside, not yet read."""
        for member in self.members():
            yield picture_inside(self.where, member.filename, partial(self.read, member))

    def read(self, member: zipfile.ZipInfo, where: str) -> bytes:
        """Give the bytes of one member. Raises UnreadableImage."""
        if member.file_size > LARGEST_FILE:
            raise too_large(where)
        try:
            with self._zip().open(member) as file:
                # Piece by piece: what the zip's directory says of its size need not be true.
                return _not_too_large(b"".join(_pieces(file)), where)
        except UnreadableImage:
            raise
        except Exception as error:  # zlib, lzma, struct, encryption: each raises its own kind
            raise UnreadableImage(
                f"{where}: cannot be read from the zip ({error}); make the zip again"
            ) from error

    def salvaged(self) -> list[Picture]:
        """Give the whole pictures of a zip that breaks off, in the order they lie in it."""
        try:
            members = salvage(self._file)
        except OSError:
            return []
        return [
            picture_inside(self.where, one.name, partial(self._read_salvaged, one))
            for one in members
            if one.whole and is_picture(one.name)
        ]

    def _read_salvaged(self, member: Member, where: str) -> bytes:
        try:
            return _not_too_large(salvaged_bytes(self._file, member, LARGEST_FILE), where)
        except OSError as error:
            raise UnreadableImage(f"{where}: {error.strerror}; check the file") from error

    def _zip(self) -> zipfile.ZipFile:
        # A forked process shares its parent's position in the file, so it must open its own.
        with self._lock:
            if self._opened is None or self._opened[0] != os.getpid():
                file = io.BytesIO(self._file) if isinstance(self._file, bytes) else self._file
                self._opened = (os.getpid(), zipfile.ZipFile(file))
            return self._opened[1]

    def __reduce__(self) -> tuple[Callable[[Path | bytes, str], Archive], tuple[Path | bytes, str]]:
        return (_opened_once if isinstance(self._file, Path) else Archive, (self._file, self.where))


@lru_cache(maxsize=4)
def _opened_once(file: Path, where: str) -> Archive:
    """A zip that another process speaks of, picture after picture, each with the whole archive."""
    return Archive(file, where)


def picture_inside(where: str, name: str, read: Callable[[str], bytes]) -> Picture:
    """The picture of a zip's or tar's member; ``read`` is told its path, for messages."""
    path = f"{where}/{readable(name)}"
    return Picture(readable(stem_of(PurePosixPath(name).name)), path, partial(read, path))


def find_pictures(paths: Iterable[Path]) -> Iterator[Picture]:
    """Find the pictures in files, folders (recursively) and zips, in the order given.

    Within folders and zips they are sorted by name. ``-`` stands for standard input: a
    picture, a zip, or lines with paths. A file that is named itself is taken whatever its ending;
    in folders and zips the ending decides, and hidden files and ``__MACOSX`` are passed over. A
    folder that may not be read gives one picture whose ``read`` raises; so does a zip that breaks
    off, after the whole pictures before the break.

    Raises BadData, before the first picture is given, for a path that does not exist or that holds
    no picture.
    """
    paths = [Path(path) for path in paths]
    for path in paths:
        _check(path)
    return (picture for path in paths for picture in _pictures_at(path))


def count_pictures(paths: Iterable[Path], most: int | None = None) -> int | None:
    """How many pictures :func:`find_pictures` will find; None where only reading would tell.

    Counting ends at ``most``, if that is given.
    """
    paths = [Path(path) for path in paths]
    if not all(path.is_dir() or path.is_file() for path in paths):
        return None
    return sum(1 for _ in islice(find_pictures(paths), most))


def is_picture_name(name: str) -> bool:
    """Whether a file's name ends as pictures' do."""
    return name.lower().endswith(_ENDINGS)


def stem_of(name: str) -> str:
    """Give a file's name without its ending, of which ``.fits.gz`` is one."""
    ending = next((one for one in _ENDINGS if name.lower().endswith(one)), "")
    return name[: -len(ending)] if ending and name != ending else PurePosixPath(name).stem


def readable(name: str) -> str:
    """Spell out the bytes of a name that are not UTF-8, so that it can be written anywhere."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _check(path: Path) -> None:
    if str(path) == "-":
        return
    where = readable(str(path))
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        if _ADDRESS.match(where):
            whole = _ADDRESS.sub(r"\1/", where, count=1)
            raise BadData(
                f"{whole}: an address, not a file; fetch it first and name the file"
            ) from error
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadData(f"{where}: {reason}; check the path") from error
    if stat.S_ISDIR(mode):
        if next(_folder(path), None) is None:
            raise BadData(
                f"{where}: no picture in this folder or below; "
                f"looked for {', '.join(sorted(SUFFIXES))} and zips of them"
            )
    elif stat.S_ISREG(mode) and _is_zip(path) and next(_archive(path), None) is None:
        raise BadData(f"{where}: no picture in this zip; looked for {', '.join(sorted(SUFFIXES))}")


def _pictures_at(path: Path) -> Iterator[Picture]:
    if str(path) == "-":
        return _bytes(sys.stdin.buffer.read(LARGEST_FILE + 1), "-", "stdin")
    if path.is_dir():
        return _folder(path)
    if path.is_file():
        if path.suffix.lower() == ".tar":
            return _shard(path)
        return _archive(path) if _is_zip(path) else iter([_file(path)])
    with path.open("rb") as pipe:
        return _bytes(pipe.read(LARGEST_FILE + 1), readable(str(path)), readable(path.name))


def _bytes(data: bytes, where: str, name: str) -> Iterator[Picture]:
    """Give what a stream held: a zip, lines with paths, or else one picture."""
    if data.startswith(ZIP_STARTS):
        return _whole(Archive(data, where))
    listed = _paths_in(data)
    if listed:
        return (picture for path in listed for picture in _listed(path))
    first = data.splitlines()[0] if data[:4096].strip() else b""
    if is_text(data) and len(first) < LONGEST_PATH and not first.lstrip().startswith(b"<"):
        said = readable(os.fsdecode(first.strip()))
        message = f"{where}: no picture, and its first line, {said}, names no file; check the path"
        return iter([failing(name, where, message)])
    return iter([Picture(name, where, lambda: _not_too_large(data, where))])


def _paths_in(data: bytes) -> list[Path]:
    """Give the paths that lines of text name; none if the bytes are no such text."""
    if b"\0" in data[:4096] or data.startswith(b"SIMPLE  ="):  # a FITS header is text too
        return []
    lines = [line for line in data[:LARGEST_FILE].splitlines() if line.strip()]
    paths = [Path(os.fsdecode(line)) for line in lines]
    # Every format begins with bytes that name no file: one line that does shows a list of paths.
    return paths if paths and len(lines[0]) < LONGEST_PATH and paths[0].exists() else []


def _listed(path: Path) -> Iterator[Picture]:
    try:
        _check(path)
    except BadData as error:
        return iter([failing(readable(path.stem), readable(str(path)), str(error))])
    return _pictures_at(path)


def _folder(folder: Path) -> Iterator[Picture]:
    refused: list[OSError] = []
    seen: set[tuple[int, int]] = set()
    _new(folder, seen)
    for name, folders, files in os.walk(folder, onerror=refused.append, followlinks=True):
        here = Path(name)
        folders[:] = sorted(one for one in folders if not _hidden(one) and _new(here / one, seen))
        for file in sorted(files):
            path = here / file
            if _hidden(file):
                continue
            if is_picture_name(file):
                yield _file(path) if _is_file(path) else _no_file(path)
            elif path.suffix.lower() == ".zip" and _is_file(path):
                yield from _archive(path)
            elif path.suffix.lower() == ".tar" and path.is_file():
                yield from _shard(path)
    for error in refused:
        path = Path(error.filename)
        message = f"{readable(str(path))}: {error.strerror}; allow reading this folder"
        yield failing(readable(path.name), readable(str(path)), message)


def _new(folder: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether the folder was not walked before: links may lead round in a circle."""
    try:
        status = folder.stat()
    except OSError:
        return False
    key = (status.st_dev, status.st_ino)
    if key in seen:
        return False
    seen.add(key)
    return True


def _file(path: Path) -> Picture:
    return Picture(readable(stem_of(path.name)), readable(str(path)), partial(read_file, path))


def _is_file(path: Path) -> bool:
    """Whether it is a plain file, or leads to one; False also where the folder keeps it secret."""
    try:
        return path.is_file()
    except OSError:
        return False


def _no_file(path: Path) -> Picture:
    """What bears a picture's name but is a link that leads nowhere, a pipe or a device."""
    where = readable(str(path))
    kind = "no plain file; remove or mend it"
    try:
        if path.is_symlink() and not path.exists():
            kind = "a link that leads nowhere; remove or mend it"
    except OSError as error:
        kind = f"{error.strerror}; allow entering its folder"
    return failing(readable(stem_of(path.name)), where, f"{where}: {kind}")


def _shard(path: Path) -> Iterator[Picture]:
    from tuningfork.images.shards import Shard

    try:
        yield from Shard(path).pictures()
    except BadData as error:
        yield failing(readable(path.stem), readable(str(path)), str(error))


def _archive(path: Path) -> Iterator[Picture]:
    return _whole(Archive(path, readable(str(path))))


def _whole(archive: Archive) -> Iterator[Picture]:
    try:
        yield from archive.pictures()
    except UnreadableImage as error:
        found = archive.salvaged()
        yield from found
        message = str(error)
        if found:
            message += f"; the {len(found)} whole pictures before the break were read"
        yield failing(PurePosixPath(archive.where).stem, archive.where, message)


def failing(name: str, path: str, message: str) -> Picture:
    """A picture that cannot be had: reading it raises UnreadableImage with the message."""
    return Picture(name, path, partial(_fail, message))


def _fail(message: str) -> bytes:
    raise UnreadableImage(message)


def read_file(path: Path) -> bytes:
    """Read a file's bytes. Raises UnreadableImage if it is absent, too large or not to be read."""
    where = readable(str(path))
    try:
        with path.open("rb") as file:
            return _not_too_large(file.read(LARGEST_FILE + 1), where)
    except OSError as error:
        raise UnreadableImage(f"{where}: {error.strerror}; check the file") from error


def _not_too_large(data: bytes, where: str) -> bytes:
    if len(data) > LARGEST_FILE:
        raise too_large(where)
    return data


def too_large(where: str) -> UnreadableImage:
    """The refusal of a file beyond ``LARGEST_FILE``."""
    return UnreadableImage(f"{where}: larger than {LARGEST_FILE >> 20} MiB; give a smaller picture")


def _is_zip(path: Path) -> bool:
    if path.suffix.lower() == ".zip":
        return True
    try:
        with path.open("rb") as file:
            return file.read(4) in ZIP_STARTS
    except OSError:
        return False


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    size = 0
    while size <= LARGEST_FILE and (piece := file.read(1 << 20)):
        size += len(piece)
        yield piece


def is_picture(name: str) -> bool:
    """Whether a zip's member of this name is a picture, and none that macOS or an editor hid."""
    hidden = any(_hidden(part) for part in PurePosixPath(name).parts)
    return is_picture_name(name) and not hidden


def _hidden(name: str) -> bool:
    """Hidden, or what macOS leaves in zips; ``..``, where a zip was packed from beside, is not."""
    return name == "__MACOSX" or (name.startswith(".") and name != "..")
