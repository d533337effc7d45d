"""Who does the parts of a run: this process, several on this machine, or Ray's workers.

Every engine does the same work on the same parts, so the output is the same. A part that was lost
with its worker is done again.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.process import BaseProcess
from typing import Protocol

from tuningfork.classify.rows import Rows
from tuningfork.classify.work import Watch, Work
from tuningfork.cores import cores
from tuningfork.errors import TuningForkError

Part = tuple[int, Rows]
DEATHS = 5
"""Losses of workers in a row, with no part done between them, after which a run gives up."""
AHEAD = 2
"""Parts in hand for each worker, so that none waits: one that is done, one that is next."""


class Engine(Protocol):
    """Does parts, in any order."""

    def run(self, work: Work, parts: Iterable[Part], watch: Watch) -> Iterator[Counter[str]]:
        """Do every part; give the rows by class of each as it is committed.

        No more than two parts a worker are taken before one is done. Raises what
        :meth:`tuningfork.classify.work.Work.do` raises, and TuningForkError if workers cannot be
        had, or if a part loses one after another.
        """
        ...


class Here:
    """Work in this process, in its threads."""

    def run(self, work: Work, parts: Iterable[Part], watch: Watch) -> Iterator[Counter[str]]:
        """See :class:`Engine`."""
        for number, rows in parts:
            yield work.do(number, rows, watch.step)


class Processes:
    """Processes of this machine. One that is killed is replaced, and its part done again."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(self, work: Work, parts: Iterable[Part], watch: Watch) -> Iterator[Counter[str]]:
        """See :class:`Engine`."""
        remaining = iter(parts)
        deaths = 0
        again: list[Part] = []
        pool = self._pool()
        waiting: dict[Future[Counter[str]], Part] = {}
        try:
            while True:
                room = AHEAD * self._workers - len(waiting)
                taken = [again.pop() for _ in range(min(room, len(again)))]
                for part in [*taken, *islice(remaining, room - len(taken))]:
                    waiting[_sent(pool, work, part)] = part
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    part = waiting.pop(future)
                    try:
                        counts = future.result()
                    except BrokenProcessPool:
                        again.append(part)
                        continue
                    deaths = 0
                    watch.leap(len(part[1].table))
                    yield counts
                if again:
                    # One death breaks the pool and all that it holds; which part it was is unknown.
                    again += waiting.values()
                    waiting.clear()
                    deaths += 1
                    if deaths == DEATHS:
                        raise TuningForkError(_lost(number for number, _ in again))
                    pool.shutdown(cancel_futures=True)
                    pool = self._pool()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers, multiprocessing.get_context("spawn"), initializer=_begin_worker
        )


def threads_each(workers: int) -> int | None:
    """How many threads each of some workers gets, so that they do not fight over cores."""
    return None if workers == 1 else max(1, cores() // workers)


def _sent(pool: ProcessPoolExecutor, work: Work, part: Part) -> Future[Counter[str]]:
    try:
        return pool.submit(_do, work, *part)
    except BrokenProcessPool as error:  # a worker died since the last look
        failed: Future[Counter[str]] = Future()
        failed.set_exception(error)
        return failed


def _lost(numbers: Iterable[int]) -> str:
    told = ", ".join(map(str, sorted(numbers)))
    return (
        f"workers were lost {DEATHS} times in a row at parts {told}, "
        "perhaps for want of memory; give fewer --workers and go on with --resume"
    )


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _do(work: Work, number: int, rows: Rows) -> Counter[str]:
    return work.do(number, rows, lambda _: None)
