"""Read damaged files by the thousand and count what no reader may do.

A failure is an error that is not of the family, a process that dies, more than 5 s of processor
time for a file, or more than 1 GiB of memory beyond what the process had before its first file.
"""

from __future__ import annotations

import argparse
import faulthandler
import multiprocessing
import os
import resource
import tempfile
import time
import traceback
import warnings
from collections import Counter
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

from tests.fuzz.damage import damaged
from tests.fuzz.readers import read
from tests.fuzz.seeds import KINDS, seeds

SECONDS = 5.0
MEMORY = 1 << 30
PATIENCE = 120.0
"""Seconds by the clock after which a process that does not move on is ended."""


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _failure(number: int, folder: Path, before: int) -> str:
    kind, data = damaged(number)
    began = time.process_time()
    try:
        read(kind, data, folder)
    except BaseException:
        return traceback.format_exc()
    seconds, memory = time.process_time() - began, _peak() - before
    if seconds > SECONDS:
        return f"took {seconds:.1f} s"
    return f"took {memory / 2**20:,.0f} MiB" if memory > MEMORY else ""


def _work(numbers: range, at: Synchronized[int], told: Any) -> None:
    faulthandler.enable()
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as name:
        for kind in KINDS:
            for one in seeds(kind):
                read(kind, one, Path(name))  # everything is loaded before memory is counted
        before = _peak()
        for number in numbers:
            at.value = number
            failure = _failure(number, Path(name), before)
            told.put((number, failure))
        told.put((-1, f"{(_peak() - before) / 2**20:,.0f}"))


def _watched(numbers: range, told: Any) -> None:
    """Go through the numbers in a process; after one that dies or stops, go on behind it."""
    context = multiprocessing.get_context("spawn")
    while len(numbers):
        at = context.Value("q", numbers[0])
        process = context.Process(target=_work, args=(numbers, at, told))
        process.start()
        last, since = -1, time.monotonic()
        while process.is_alive():
            process.join(1.0)
            if at.value != last:
                last, since = at.value, time.monotonic()
            elif time.monotonic() - since > PATIENCE:
                process.kill()
        if process.exitcode == 0:
            return
        told.put((at.value, f"the process ended with {process.exitcode}"))
        numbers = range(at.value + numbers.step, numbers.stop, numbers.step)


def main() -> int:
    """Run, print what failed and how many were read; 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    stop = options.first + options.count
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        told = manager.Queue()
        processes = [
            context.Process(
                target=_watched, args=(range(options.first + one, stop, options.jobs), told)
            )
            for one in range(options.jobs)
        ]
        for one in processes:
            one.start()
        failed: dict[int, str] = {}
        read_files: Counter[str] = Counter()
        peaks: list[str] = []
        while any(one.is_alive() for one in processes) or not told.empty():
            if told.empty():
                time.sleep(0.2)
                continue
            number, failure = told.get()
            if number < 0:
                peaks.append(failure)
                continue
            read_files[list(KINDS)[number % len(KINDS)]] += 1
            if failure:
                failed[number] = failure
                print(f"{number} ({damaged(number)[0]}): {failure}", flush=True)
    told_kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(read_files.items()))
    print(f"{read_files.total():,} files read ({told_kinds}), {len(failed)} failed")
    print(f"most memory beyond the start: {', '.join(peaks)} MiB in {len(peaks)} processes")
    return 0 if read_files.total() == options.count and not failed else 1
