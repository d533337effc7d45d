"""What it costs to classify a catalogue on several workers, here and on Ray: time, cores, memory.

    python benchmarks/scale.py --rows 10000 --workers 1 2 4         # both engines
    python benchmarks/scale.py --rows 100000 --workers 2 --engines embedded
    python benchmarks/scale.py --profile 2000                       # where a core's time goes
    python benchmarks/scale.py --plain 500                          # ConvNeXt-Nano in a plain loop
    python benchmarks/scale.py --kills 40 --rows 10000              # workers, drivers, at random

Pictures are repeated from a folder, by default the simulated deck that ships. Every run is a
command in a process of its own whose whole tree of processes is watched; its output is checked:
all rows, once, in order, answered. Prints one line of JSON a run.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psutil
from catalogue import arguments, check, write_catalogue

from tuningfork.images.sources import find_pictures

MIB = 1 << 20
LOOK = 0.25
"""Seconds between two looks at a run's processes."""
WORKERS = ("multiprocessing.spawn", "ray::_do", "ray::IDLE")


class Tree:
    """A process and all below it: memory and processor time as seen from outside."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._seconds: dict[int, float] = {}
        self._workers: dict[int, list[float]] = {}
        self._driver: list[float] = []

    def look(self) -> None:
        """Note what every process has now."""
        for one in [self._root, *self._root.children(recursive=True)]:
            try:
                with one.oneshot():
                    times, memory = one.cpu_times(), one.memory_info().rss / MIB
                    words = " ".join(one.cmdline())
            except psutil.Error:
                continue
            self._seconds[one.pid] = times.user + times.system
            if one.pid == self._root.pid:
                self._driver.append(memory)
            elif any(word in words for word in WORKERS):
                self._workers.setdefault(one.pid, []).append(memory)

    def told(self) -> dict[str, float]:
        """Peaks in MiB, over the first half of the run and over all of it; core seconds."""
        series = [one for one in self._workers.values() if len(one) > 4] or [self._driver]
        halves = [max(one[: len(one) // 2]) for one in series]
        return {
            "driver_mib": round(max(self._driver)),
            "driver_first_half_mib": round(max(self._driver[: len(self._driver) // 2])),
            "worker_mib": round(max(max(one) for one in series)),
            "worker_first_half_mib": round(max(halves)),
            "core_seconds": round(sum(self._seconds.values()), 1),
        }


def run(command: list[str]) -> tuple[float, dict[str, float]]:
    """Run a command; give its seconds, and what its processes took."""
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:  # noqa: S603
        tree = Tree(process.pid)
        while process.poll() is None:
            try:
                tree.look()
            except psutil.Error:
                break
            time.sleep(LOOK)
        assert process.stderr is not None  # noqa: S101  (a pipe was asked for)
        said = process.stderr.read().decode()
    if process.returncode:
        raise SystemExit(f"the run ended with {process.returncode}: {said}")
    return time.monotonic() - began, tree.told()


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Run every engine with every number of workers over every length."""
    for rows in options.rows:
        catalogue = folder / f"{rows}.parquet"
        write_catalogue(catalogue, options.pictures, rows)
        for engine in options.engines:
            for workers in options.workers:
                output = folder / f"{rows}-{engine}-{workers}"
                command = arguments(catalogue, options.pictures, output)
                command += ["--engine", engine, "--workers", str(workers)]
                seconds, told = run(command)
                check(catalogue, output)
                per_row = 1000 * told["core_seconds"] / rows
                say(
                    {
                        "engine": engine,
                        "workers": workers,
                        "rows": rows,
                        "seconds": round(seconds, 1),
                        "rows_per_second": round(rows / seconds),
                        "core_ms_per_row": round(per_row, 2),
                        **told,
                    }
                )


def kill_often(options: argparse.Namespace, folder: Path) -> None:
    """Kill workers and drivers at random moments, resume, and check every row."""
    chance = random.Random(0)  # noqa: S311  (moments need not be secret)
    for engine in options.engines:
        rows = options.rows[0]
        catalogue, output = folder / "killed.parquet", folder / f"killed-{engine}"
        write_catalogue(catalogue, options.pictures, rows)
        command = arguments(catalogue, options.pictures, output)
        command += ["--engine", engine, "--workers", "2", "--resume"]
        killed = {"workers": 0, "drivers": 0, "starts": 0}
        while killed["workers"] + killed["drivers"] < options.kills:
            killed["starts"] += 1
            with subprocess.Popen(  # noqa: S603
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as process:
                _kill_at_random(process, chance, killed)
            if process.returncode == 0:
                break
        run(command)
        check(catalogue, output)
        say({"engine": engine, "rows": rows, "killed": killed, "every_row_once": True})


def _kill_at_random(
    process: subprocess.Popen[bytes], chance: random.Random, killed: dict[str, int]
) -> None:
    """Kill up to three workers of a run, then its driver."""
    for _ in range(chance.randint(0, 3)):
        workers = _wait_for_workers(process)
        time.sleep(chance.uniform(0, 4))
        alive = [one for one in workers if one.is_running()]
        if alive and process.poll() is None:
            victim = chance.choice(alive)
            try:
                victim.send_signal(signal.SIGKILL)
            except psutil.Error:
                continue
            killed["workers"] += 1
    if _wait_for_workers(process):
        time.sleep(chance.uniform(0, 6))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed["drivers"] += 1


def _wait_for_workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    while process.poll() is None:
        try:
            below = psutil.Process(process.pid).children(recursive=True)
            found = [one for one in below if any(w in " ".join(one.cmdline()) for w in WORKERS)]
        except psutil.Error:
            found = []
        if found:
            return found
        time.sleep(0.1)
    return []


def profile(options: argparse.Namespace, folder: Path) -> None:
    """Tell where one core's time goes: a run in this process with one thread for each task."""
    from tuningfork.classify import parts, run, stream, tables
    from tuningfork.classify.catalogue import open_catalogue
    from tuningfork.images import reading
    from tuningfork.model import session

    catalogue = folder / "profile.parquet"
    write_catalogue(catalogue, options.pictures, options.profile)
    tables.loaded(None, 1)
    with (
        timed(stream, "_prepare") as prepared,
        timed(reading, "opened") as decoded,
        timed(reading, "frame_picture") as located,
        timed(session.Model, "answer") as answered,
        timed(parts.Parts, "commit") as committed,
    ):
        began = time.process_time()
        found = open_catalogue(catalogue)
        run.classify_catalogue(found, folder / "profile", images=options.pictures, threads=1)
        total = time.process_time() - began
    check(catalogue, folder / "profile")
    spent = {
        "decoding": decoded[0],
        "finding the galaxy": located[0],
        "reading files, cutting, scaling": prepared[0] - decoded[0] - located[0],
        "network": answered[0],
        "writing": committed[0],
    }
    spent["engine (catalogue, tables, threads)"] = total - sum(spent.values())
    say(
        {
            "rows": options.profile,
            "core_ms_per_row": round(1000 * total / options.profile, 2),
            "shares": {name: round(value / total, 3) for name, value in spent.items()},
        }
    )


@contextmanager
def timed(owner: Any, name: str) -> Iterator[list[float]]:  # noqa: ANN401  (a module or a class)
    """Count the processor time that a function takes, in whichever threads."""
    real, spent, lock = getattr(owner, name), [0.0], threading.Lock()

    def counted(*given: Any, **further: Any) -> Any:  # noqa: ANN401
        began = time.thread_time()
        try:
            return real(*given, **further)
        finally:
            with lock:
                spent[0] += time.thread_time() - began

    setattr(owner, name, counted)
    try:
        yield spent
    finally:
        setattr(owner, name, real)


def plain(options: argparse.Namespace, folder: Path) -> None:
    """Do what a user would write: Pillow, 224 pixels, ConvNeXt-Nano, batches of 16, all cores."""
    import onnxruntime
    from convnext_nano import answer_all, export

    parameters = export(folder / "nano.onnx")
    found = onnxruntime.InferenceSession(folder / "nano.onnx", providers=["CPUExecutionProvider"])
    names = [Path(one.path) for one in find_pictures([options.pictures])]
    began, cpu = time.monotonic(), time.process_time()
    answer_all(islice(cycle(names), options.plain), found)
    seconds = time.monotonic() - began
    say(
        {
            "plain loop": "ConvNeXt-Nano",
            "parameters": parameters,
            "rows": options.plain,
            "rows_per_second": round(options.plain / seconds, 1),
            "core_ms_per_row": round(1000 * (time.process_time() - cpu) / options.plain, 2),
        }
    )


def say(told: dict[str, object]) -> None:
    """Print a line of JSON at once."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    deck = Path(str(files("tuningfork.images.simulated"))) / "deck"
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--engines", nargs="+", default=["embedded", "ray"])
    parser.add_argument("--pictures", type=Path, default=deck)
    parser.add_argument("--profile", type=int, metavar="ROWS", default=0)
    parser.add_argument("--plain", type=int, metavar="ROWS", default=0)
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    chosen: list[Callable[[argparse.Namespace, Path], None]] = [
        one
        for one, wanted in (
            (profile, options.profile),
            (plain, options.plain),
            (kill_often, options.kills),
        )
        if wanted
    ] or [measure]
    with tempfile.TemporaryDirectory() as name:
        for one in chosen:
            one(options, Path(name))


if __name__ == "__main__":
    main()
