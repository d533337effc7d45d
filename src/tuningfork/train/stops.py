"""What may end a run early, each as one sentence that says how to go on."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from tuningfork.errors import BadData, TrainingInterrupted, TrainingStopped, TuningForkError
from tuningfork.files import LOCK, held

RECORD = "run.json"
"""Written when a run begins: without it there is nothing to resume."""

_LACK_OF_MEMORY = (
    "not enough memory",
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "failed to allocate memory",
    "bad_alloc",
    "bad allocation",
)
"""How torch, ONNX Runtime and C++ say it."""


_LOST = ("connection closed by peer", "connection reset by peer", "connectfullmesh failed")
"""How gloo says that another process is gone."""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder. Two runs in one would write over each other: BadData for the second.

    It is made if need be, and removed again if nothing came into it.
    """
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with held(folder) as alone:
            if not alone:
                raise BadData(
                    f"{folder}: another run is training here; wait for it or give another --output"
                )
            yield
    finally:
        if made and all(one.name == LOCK for one in folder.iterdir()):
            with suppress(OSError):
                (folder / LOCK).unlink()
                folder.rmdir()


@contextmanager
def clear_stops(folder: Path) -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM, lack of memory or disk and unusable files into TrainingStopped."""
    try:
        with _interrupted_by_sigterm():
            yield
    except KeyboardInterrupt as error:
        what = "SIGTERM" if isinstance(error, _Terminated) else "Ctrl-C"
        raise TrainingInterrupted(f"stopped by {what}; {_again(folder)}") from error
    except TuningForkError:
        raise
    except Exception as error:
        reason = _reason(error, folder)
        if reason is None:
            raise
        raise TrainingStopped(f"{reason} {_again(folder)}") from error


class _Terminated(KeyboardInterrupt):
    """SIGTERM, which is how a container or a machine that is taken away ends a process."""


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    # Only the main thread may handle signals.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _again(folder: Path) -> str:
    if (folder / RECORD).exists():
        return f"continue with the same command and --resume (--output {folder})"
    return "give the same command again: nothing was trained yet"


def _reason(error: Exception, folder: Path) -> str | None:
    """What happened and what to do about it; None for what only a programmer can mend."""
    chain = _chain(error)
    for one in chain:
        if isinstance(one, OSError) and one.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return f"no space left on the disk of {one.filename or folder}; free some, then"
    for one in chain:
        lacks_memory = isinstance(one, OSError) and one.errno == errno.ENOMEM
        said = str(one).lower()
        if isinstance(one, MemoryError) or lacks_memory or any(w in said for w in _LACK_OF_MEMORY):
            return (
                "out of memory; close other programs (or begin anew in another --output with a "
                "smaller network or batch), then"
            )
    if any(words in str(one).lower() for one in chain for words in _LOST):
        return "another process of this training was lost; unless torchrun starts it again,"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}; mend this, then"
    return None


def _chain(error: BaseException) -> list[BaseException]:
    """The error and those that it arose from: torch raises its own on top of a full disk's."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or following.__context__
    return chain
