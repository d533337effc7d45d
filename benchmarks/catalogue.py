"""Rows a second and peak memory of catalogues of several lengths, and a run that is killed often.

    python benchmarks/catalogue.py --rows 10000 100000 --kills 20

classifies catalogues whose pictures are repeated from a folder (by default the simulated deck that
ships), each in a process of its own, and prints what the operating system says of its memory. With
``--kills`` the longest run is done once more, killed by SIGKILL at random moments and resumed.
Every output is checked: all rows, once, in order.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from itertools import cycle, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tuningfork.images.sources import find_pictures

COMMAND = [sys.executable, "-c", "from tuningfork.cli import main; main()", "classify"]


def write_catalogue(path: Path, pictures: Path, rows: int) -> None:
    """Write a catalogue of so many rows that names the folder's pictures again and again."""
    names = cycle(os.path.relpath(one.path, pictures) for one in list(find_pictures([pictures])))
    table = pa.table(
        {
            "id": pa.array(range(587_722_952_230_174_996, 587_722_952_230_174_996 + rows)),
            "path": list(islice(names, rows)),
            "ra": pa.array([place * 360 / rows for place in range(rows)]),
        }
    )
    pq.write_table(table, path)


def arguments(catalogue: Path, pictures: Path, output: Path) -> list[str]:
    """Give the command that classifies a catalogue."""
    options = ["--catalog", catalogue, "--images", pictures, "--output", output]
    return [*COMMAND, *map(str, options)]


def measured(command: list[str]) -> tuple[float, float]:
    """Run a command; give its seconds and its peak memory in MiB."""
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603  (our own)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the run ended with {process.returncode}")
    return time.monotonic() - began, usage.ru_maxrss / 1024


def killed_often(command: list[str], kills: int, seconds: float) -> int:
    """Kill a run at random moments and resume it; give how many kills met it at work."""
    chance = random.Random(0)  # noqa: S311  (moments need not be secret)
    met = 0
    for _ in range(kills):
        with subprocess.Popen(  # noqa: S603
            [*command, "--resume"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            time.sleep(chance.uniform(0.2, seconds / kills * 2))
            met += process.poll() is None
            process.send_signal(signal.SIGKILL)
    measured([*command, "--resume"])
    return met


def check(catalogue: Path, output: Path) -> None:
    """Check that every row is there, once, in order, with an answer."""
    wanted = pq.read_table(catalogue)
    found = pq.read_table(output)
    own = found.select(wanted.column_names).replace_schema_metadata(None)
    if not own.equals(wanted) or found["class"].null_count or found["error"].null_count < len(own):
        raise SystemExit(f"{output}: rows are missing, doubled or unanswered")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    deck = Path(str(files("tuningfork.images.simulated"))) / "deck"
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--pictures", type=Path, default=deck)
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    seconds = 0.0
    with tempfile.TemporaryDirectory() as name:
        for rows in options.rows:
            catalogue, output = Path(name) / f"{rows}.parquet", Path(name) / f"{rows}"
            write_catalogue(catalogue, options.pictures, rows)
            command = arguments(catalogue, options.pictures, output)
            seconds, memory = measured(command)
            check(catalogue, output)
            sys.stdout.write(
                f"{rows:,} rows: {seconds:.1f} s, {rows / seconds:,.0f} rows/s, "
                f"peak memory {memory:,.0f} MiB\n"
            )
            sys.stdout.flush()
        if options.kills:
            again = arguments(catalogue, options.pictures, Path(name) / "killed")
            met = killed_often(again, options.kills, seconds)
            check(catalogue, Path(name) / "killed")
            sys.stdout.write(f"{met} kills met {rows:,} rows at work; every row is there once\n")


if __name__ == "__main__":
    main()
