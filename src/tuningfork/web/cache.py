"""Answers kept on disk, so that no service is asked twice for the same thing."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tuningfork.files import replacing

LARGEST = 2 * 2**30
"""Bytes; where the cache grows beyond, what was not used for longest goes."""


@dataclass(frozen=True)
class Kept:
    """An answer as it was given."""

    url: str
    content_type: str
    fetched: str
    """When, as ISO 8601 in UTC."""
    body: bytes


class Cache:
    """A folder with one file for each address: a line of JSON, then the answer's bytes.

    Files appear whole or not at all and hold their own SHA-256: a damaged one is as if it were
    absent. A folder that cannot be written to keeps nothing, and nobody is stopped by that.
    """

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self.folder = folder
        self.largest = largest
        self._size: int | None = None
        self._lock = threading.Lock()

    def get(self, url: str) -> Kept | None:
        """Give the answer of this address, if it is here and whole."""
        path = self._path(url)
        try:
            head, _, body = path.read_bytes().partition(b"\n")
            stated = json.loads(head)
            whole = stated.pop("sha256") == hashlib.sha256(body).hexdigest()
            kept = Kept(**stated, body=body)
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            return None
        if not whole or kept.url != url:
            return None
        with suppress(OSError):  # another user's folder is as good to read from
            path.touch()
        return kept

    def put(self, kept: Kept) -> None:
        """Keep an answer."""
        stated = asdict(kept)
        body = stated.pop("body")
        stated["sha256"] = hashlib.sha256(body).hexdigest()
        head = json.dumps(stated).encode()
        try:
            with replacing(self._path(kept.url)) as path:
                path.write_bytes(head + b"\n" + body)
            self._count(len(head) + 1 + len(body))
        except OSError:
            return

    def _path(self, url: str) -> Path:
        name = hashlib.sha256(url.encode()).hexdigest()
        return self.folder / name[:2] / name

    def _count(self, added: int) -> None:
        with self._lock:
            if self._size is None:
                self._size = sum(size for _, size, _ in self._files())
            else:
                self._size += added
            if self._size > self.largest:
                self._size = self._pruned()

    def _pruned(self) -> int:
        """Remove what was not used for longest until a tenth is free; gives the size left."""
        files = sorted(self._files())
        size = sum(bytes_ for _, bytes_, _ in files)
        for _, bytes_, path in files:
            if size <= 0.9 * self.largest:
                break
            path.unlink(missing_ok=True)
            size -= bytes_
        return size

    def _files(self) -> list[tuple[float, int, Path]]:
        """Last use, size and path of every file."""
        found = []
        for path in self.folder.glob("??/*"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            found.append((status.st_mtime, status.st_size, path))
        return found
