"""Ray as the engine: its cluster starts and replaces workers, and does lost parts again."""

from __future__ import annotations

import os
import socket
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from tuningfork.classify.engines import AHEAD, Part, threads_each
from tuningfork.classify.rows import Rows
from tuningfork.classify.work import Watch, Work
from tuningfork.errors import BadModel, TuningForkError
from tuningfork.model.session import graph_path, model_names

STORE = 256 << 20
"""Bytes of shared memory of a cluster on this machine: a few parts wait there."""

TRIES = 5
"""How often a part is begun before it is held to be what kills its workers."""
PATIENCE = 5.0
"""Seconds for a cluster to take a connection."""


@dataclass(frozen=True)
class Carried:
    """A network that is not bundled, on its way to workers that have no such file."""

    sha256: str
    graph: bytes
    card: bytes


class OnRay:
    """Ray's workers, on the cluster at ``address`` or, without one, on a new one on this machine.

    A part is a task: Ray gives it to a node with a free core, and to another when the worker or
    its node is lost. ``workers`` bounds how many are at work; by default every core of the
    cluster is. Raises TuningForkError if Ray is not installed.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        try:
            import ray  # noqa: F401
        except ImportError as error:
            raise TuningForkError(
                "--engine ray needs ray; install with: pip install 'tuningfork[ray]'"
            ) from error
        self._address = address or os.environ.get("RAY_ADDRESS") or None
        self._workers = workers

    def run(self, work: Work, parts: Iterable[Part], watch: Watch) -> Iterator[Counter[str]]:
        """See :class:`tuningfork.classify.engines.Engine`."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        with self._connected():
            threads = 1 if self._workers is None else self._threads(self._workers)
            task = ray.remote(num_cpus=threads, max_retries=TRIES - 1)(_do)
            carried = ray.put(_carried(work))
            told = ray.put((replace(work, threads=threads), Path.cwd()))
            remaining = iter(parts)
            waiting: dict[Any, int] = {}
            while True:
                room = self._room(threads) - len(waiting)
                for number, rows in islice(remaining, max(0, room)):
                    waiting[task.remote(told, carried, number, rows)] = number
                if not waiting:
                    return
                (done, *_), _ = ray.wait(list(waiting), num_returns=1)
                number = waiting.pop(done)
                try:
                    counts = ray.get(done)
                except RayTaskError as error:
                    cause = error.cause
                    raise (cause if isinstance(cause, TuningForkError) else error) from None
                except RayError as error:
                    raise _lost(number, error) from error
                watch.leap(counts.total())
                yield counts

    def _threads(self, workers: int) -> int:
        """Of this machine's cores each worker gets its share; of a cluster's, one."""
        return 1 if self._address else threads_each(workers) or 1

    def _room(self, threads: int) -> int:
        """How many parts may be in hand: workers come and go with their nodes."""
        import ray

        resources = ray.cluster_resources()  # type: ignore[no-untyped-call]
        cluster = max(1, int(resources.get("CPU", 1)) // threads)
        if self._workers is not None and self._workers < cluster:
            return self._workers
        return AHEAD * cluster

    @contextmanager
    def _connected(self) -> Iterator[None]:
        import ray

        # Nothing is reported to anybody, and workers' lines stay in Ray's own logs.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        given: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
        if self._address is None:
            count = self._workers
            given |= {
                "num_cpus": None if count is None else count * self._threads(count),
                "include_dashboard": False,
                "object_store_memory": STORE,
            }
        own = not ray.is_initialized()
        if own and self._address is not None:
            _check_listening(self._address)
        try:
            if own:
                ray.init(address=self._address or "local", **given)
        except (RuntimeError, ConnectionError, ValueError, TimeoutError, AssertionError) as error:
            raise TuningForkError(_not_there(self._address, error)) from error
        except Exception as error:  # a node that does not start raises just that
            if type(error) is not Exception:
                raise
            raise TuningForkError(_not_there(self._address, error)) from error
        try:
            yield
        finally:
            if own:
                ray.shutdown()


def _check_listening(address: str) -> None:
    """Raise TuningForkError at once where nobody listens: Ray itself would wait for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return  # auto, or a name that Ray knows
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise TuningForkError(_not_there(address, error)) from error


def _not_there(address: str | None, error: Exception) -> str:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    if address is None:
        return f"Ray does not start on this machine ({reason}); is it short of memory or cores?"
    return f"{address}: no Ray cluster answers there ({reason}); check --address"


def _lost(number: int, error: Exception) -> TuningForkError:
    return TuningForkError(
        f"part {number} was lost with its worker {TRIES} times ({type(error).__name__}), perhaps "
        "for want of memory; go on with --resume"
    )


def _carried(work: Work) -> Carried | None:
    """What workers need to have the run's network; nothing if it is bundled."""
    if work.model is None or work.model in model_names():
        return None
    path = graph_path(work.model)
    return Carried(
        work.plan.model_sha256, path.read_bytes(), path.with_suffix(".json").read_bytes()
    )


def _do(told: tuple[Work, Path], carried: Carried | None, number: int, rows: Rows) -> Counter[str]:
    """A task: what a worker does with a part, in the driver's folder if it is there as well."""
    work, folder = told
    with suppress(OSError):
        os.chdir(folder)
    here = version("tuningfork")
    if here != work.plan.version:
        raise BadModel(
            f"a worker has Tuning Fork {here}, the run {work.plan.version}; install the same "
            "version on every machine"
        )
    if carried is not None:
        work = replace(work, model=_settled(carried))
    return work.do(number, rows, lambda _: None)


@lru_cache(maxsize=1)
def _settled(carried: Carried) -> Path:
    """Write a network down, once a process, where it can be loaded."""
    folder = Path(tempfile.mkdtemp(prefix="tuningfork-network-"))
    (folder / "model.onnx").write_bytes(carried.graph)
    (folder / "model.json").write_bytes(carried.card)
    return folder
