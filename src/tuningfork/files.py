"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

LOCK = ".lock"
"""The file by which a process holds a folder."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; on success rename it to ``path``, else remove it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; what is handed over should be as readable as any other file.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())  # or a lost power supply leaves an empty file of that name
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


@contextmanager
def held(folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """Tell whether this process alone holds the folder, which it then does to the block's end.

    The hold ends with the process, however that ends. With ``wait`` it waits for other processes
    to let go.
    """
    with (folder / LOCK).open("w") as lock:
        yield hold(lock, wait=wait)


def hold(file: IO[str], *, wait: bool = False) -> bool:
    """Hold an open file for this process alone, until it is closed; False if another does.

    With ``wait`` it waits for the other to let go.
    """
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
