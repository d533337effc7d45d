"""Processes that answer beside this one, for its threads have one Python lock between them.

A helper is lent whole batches once it has loaded the network. One that ends, cannot answer or has
another network is no loss: its batch is answered here.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tuningfork.classify.classifier import loaded
from tuningfork.classify.stream import Asked, Row, classify_batch
from tuningfork.cores import cores
from tuningfork.errors import TuningForkError
from tuningfork.images.sources import Picture, count_pictures
from tuningfork.model.session import Model

EACH = 500
"""Pictures for each helper; fewer are answered before it would have begun."""
MOST = 15
"""Helpers, each of which holds a network in the memory."""


@contextmanager
def helpers_for(
    paths: Sequence[Path], model: str | Path | None, settings: Mapping[str, Any]
) -> Iterator[Helpers | None]:
    """Have as many helpers as the pictures at ``paths`` are worth; None where that is none.

    None also for standard input and pipes, whose bytes only this process has. ``settings`` are
    those of :class:`tuningfork.classify.stream.Asked`. Raises BadData as
    :func:`tuningfork.images.sources.find_pictures` does.
    """
    most = min(cores() - 1, MOST)
    count = (count_pictures(paths, EACH * most) or 0) // EACH
    if count == 0:
        yield None
        return
    with Helpers(count, model, Asked(**settings)) as helpers:
        yield helpers


class Helpers:
    """Some processes, each with the network ``model`` on a core of its own.

    They are there for the length of a ``with`` statement, and end with this process however it
    ends.
    """

    def __init__(self, count: int, model: str | Path | None, asked: Asked) -> None:
        self._count = count
        self._begun = (model, asked)
        self._lock = threading.Lock()
        self._starting: list[Connection] = []
        self._free: list[Connection] = []
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        for _ in range(self._count):
            ours, theirs = context.Pipe()
            helper = context.Process(target=_help, args=(theirs, *self._begun), daemon=True)
            with theirs, _without_interrupts():
                try:
                    helper.start()
                except OSError:  # no room for another process, and none is needed
                    break
            self._ending.callback(helper.join)
            self._ending.callback(helper.kill)
            self._starting.append(ours)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.close()

    def answer(self, pictures: Sequence[Picture], model: Model) -> list[Row] | None:
        """Have a helper answer; None if none is free, or if it could not. From any thread."""
        helper = self._taken()
        if helper is None:
            return None
        try:
            helper.send((pictures, model.card.sha256))
            rows: list[Row] | None = helper.recv()
        except (OSError, EOFError):  # it ended
            return None
        with self._lock:
            self._free.append(helper)
        return rows

    def _taken(self) -> Connection | None:
        with self._lock:
            for one in [one for one in self._starting if one.poll()]:
                self._starting.remove(one)
                with suppress(OSError, EOFError):
                    one.recv()
                    self._free.append(one)
            return self._free.pop() if self._free else None


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let what is started meanwhile never hear of Ctrl-C, which is this process's matter."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # whose start would let the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _help(pipe: Connection, model: str | Path | None, asked: Asked) -> None:
    """Answer what comes through a pipe until its other end is closed."""
    try:
        network = loaded(model)
    except TuningForkError:
        return  # which whoever asked is told by its own attempt
    with suppress(OSError, EOFError):
        pipe.send("ready")
        while True:
            pictures, sha256 = pipe.recv()
            pipe.send(_rows(network, pictures, asked) if network.card.sha256 == sha256 else None)


def _rows(network: Model, pictures: Sequence[Picture], asked: Asked) -> list[Row] | None:
    try:
        return classify_batch(network, pictures, asked)
    except Exception:  # whatever it is will be raised where the batch is done again
        return None
