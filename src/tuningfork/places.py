"""Places for files: paths on this machine, and addresses such as ``s3://bucket/folder``.

fsspec reaches the addresses, each kind through a package of its own, with the credentials of that
package's usual places (environment, ``~/.aws``, ``~/.config/gcloud``). What is shown of an address
never holds a password or a signature, and no text of a service's answer is passed on.
"""

from __future__ import annotations

import errno
import io
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

from tuningfork.errors import TuningForkError

_ADDRESS = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_SECRETIVE = frozenset({"http", "https"})
"""Kinds whose queries may hold a signature; elsewhere ``?`` is a letter like others."""
DRIVERS = {
    "s3": ("s3fs", "s3"),
    "s3a": ("s3fs", "s3"),
    "gs": ("gcsfs", "gs"),
    "gcs": ("gcsfs", "gs"),
    "http": ("aiohttp", "https"),
    "https": ("aiohttp", "https"),
}
"""The package that reaches a kind of address, and the extra that installs it."""
WRITABLE = frozenset({"s3", "s3a", "gs", "gcs"})
"""Kinds whose objects appear whole or not at all."""
ATTEMPTS = 4
FIRST_WAIT = 0.25
"""Seconds before the second attempt; twice as long before each further one."""
_NO_ACCESS = re.compile("Credential|Permission|AccessDenied|Forbidden|ProfileNotFound|Unauthor")

Result = TypeVar("Result")


class Unreached(OSError):
    """A service that does not answer, or answers that it cannot just now."""


class _Beyond(OSError):
    """What was asked for lies beyond an object's end."""


@dataclass(frozen=True)
class Address:
    """A file or folder that fsspec reaches. Everything may raise OSError, in words of our own."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        if parts.scheme not in _SECRETIVE:
            return f"{parts.scheme}://{self.url.split('://', 1)[1].rpartition('@')[2]}"
        return urlunsplit((parts.scheme, host, parts.path, "", ""))

    @property
    def kind(self) -> str:
        """What stands before ``://``."""
        return self.url.split("://", 1)[0].lower()

    @property
    def name(self) -> str:
        """The last of its names."""
        return PurePosixPath(self._path).name

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> Address:
        """The folder that it lies in."""
        before, query = self._split()
        return Address(before.rstrip("/").rpartition("/")[0] + query)

    def __truediv__(self, name: str) -> Address:
        before, query = self._split()
        return Address(f"{before.rstrip('/')}/{name.lstrip('/')}{query}")

    def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Give the bytes from ``start`` to before ``end``; what lies beyond the end is not there.

        Tries again where the service does not answer. Raises FileNotFoundError, PermissionError,
        Unreached.
        """
        system, path = self._reached()
        whole = start == 0 and end is None
        limits = {} if whole else {"start": start, "end": end}
        try:
            data = bytes(self._tried(partial(system.cat_file, path, **limits)))
        except _Beyond:
            return b""
        if end is not None and len(data) > end - start:
            return data[start:end]  # a server that knows no ranges gave all
        return data

    def size(self) -> int:
        """How many bytes it has."""
        system, path = self._reached()
        found = self._tried(partial(system.info, path))
        if found.get("type") == "directory":
            raise IsADirectoryError(errno.EISDIR, "a folder")
        return int(found.get("size") or 0)

    def open(self, buffer: int = 1 << 16) -> io.BufferedReader:
        """Open it for reading at any place, ``buffer`` bytes at a time."""
        return io.BufferedReader(_Object(self), buffer)

    def fetch(self, file: IO[bytes], piece: int = 1 << 25) -> None:
        """Copy it into an open file."""
        size, start = self.size(), 0
        while start < size:
            file.write(self.read(start, min(start + piece, size)))
            start += piece
        file.flush()

    def files(self) -> Iterator[str]:
        """The names of all files below, relative to it, sorted."""
        system, path = self._reached()
        system.invalidate_cache()
        found = self._tried(partial(system.find, path))
        before = len(path.rstrip("/")) + 1
        return (str(one)[before:] for one in sorted(found))

    def write(self, data: bytes, *, new: bool = False) -> None:
        """Let these bytes appear, whole; with ``new`` raises FileExistsError if it is there."""
        system, path = self._reached()
        mode = {"mode": "create"} if new else {}
        self._tried(partial(system.pipe_file, path, data, **mode))

    def check_reachable(self) -> None:
        """Raise TuningForkError if the package that reaches it is missing, or unknown."""
        self._reached()

    @property
    def _path(self) -> str:
        path = self._split()[0].split("://", 1)[1].rstrip("/")
        return unquote(path) if self.kind in _SECRETIVE else path

    def _split(self) -> tuple[str, str]:
        """The address without its query, and the query with its mark."""
        if self.kind not in _SECRETIVE:
            return self.url, ""
        before, mark, query = self.url.partition("?")
        return before, mark + query

    def _reached(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        try:
            system, path = url_to_fs(self.url)
        except ImportError as error:
            package, extra = DRIVERS.get(self.kind, ("a package that fsspec names", ""))
            how = f"install with: pip install 'tuningfork[{extra}]'" if extra else "install it"
            raise TuningForkError(f"{self}: this needs {package}; {how}") from error
        except ValueError as error:
            raise TuningForkError(
                f"{self}: unknown kind of address; give one of {', '.join(DRIVERS)}, or a path"
            ) from error
        return system, str(path)

    def _tried(self, ask: Callable[[], Result]) -> Result:
        for attempt in range(ATTEMPTS):
            try:
                return ask()
            except Exception as error:  # each service raises kinds of its own
                told = _told(error)
                if not isinstance(told, Unreached) or attempt == ATTEMPTS - 1:
                    raise told from None
            time.sleep(FIRST_WAIT * 2**attempt)
        raise AssertionError("unreachable")


class _Object(io.RawIOBase):
    """An object as a file that is read by ranges."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._size = address.size()
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (any writable bytes)
        """Fill the buffer as far as there are bytes."""
        end = min(self._at + len(buffer), self._size)
        if self._at >= end:
            return 0
        data = self._address.read(self._at, end)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


Place = Path | Address


def place_of(told: str | Path | Address) -> Place:
    """Tell an address from a path. ``file://`` is a path."""
    if isinstance(told, str) and _ADDRESS.match(told):
        if told.lower().startswith("file://"):
            return Path(unquote(urlsplit(told).path))
        return Address(told)
    return told if isinstance(told, Address) else Path(told)


def is_address(told: str) -> bool:
    """Whether a text has the form of an address."""
    return _ADDRESS.match(told) is not None


def _told(error: Exception) -> OSError:
    """What went wrong, without a word that the service or its package said."""
    code = _code(error)
    if isinstance(error, FileNotFoundError) or code in {"404", "NoSuchKey", "NoSuchBucket"}:
        return FileNotFoundError(errno.ENOENT, "no such object")
    if code in {"416", "InvalidRange"}:
        return _Beyond(errno.EINVAL, "beyond its end")
    if isinstance(error, FileExistsError) or code == "PreconditionFailed":
        return FileExistsError(errno.EEXIST, "is there already")
    if isinstance(error, PermissionError) or code in {"401", "403"} or _NO_ACCESS.search(code):
        return PermissionError(
            errno.EACCES, "access is refused; check the credentials that this machine has for it"
        )
    return Unreached(errno.EIO, f"the service cannot be reached ({code})")


def _code(error: BaseException) -> str:
    """The code that a service gave, else the error's kind."""
    cause = error.__cause__
    for one in (error, *([] if cause is None else [cause])):
        response = getattr(one, "response", None)
        if isinstance(response, dict) and "Error" in response:
            return str(response["Error"].get("Code", type(one).__name__))
        status = getattr(one, "status", None)
        if isinstance(status, int) and status:
            return str(status)
    return type(error if isinstance(error, OSError) or cause is None else cause).__name__
