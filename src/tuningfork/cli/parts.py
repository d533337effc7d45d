"""``classify`` over catalogues and into folders of parts: long work that can be resumed."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tuningfork.cli.progress import Pace, progress_bar
from tuningfork.errors import BadTable
from tuningfork.places import Place

if TYPE_CHECKING:
    from rich.progress import Progress

    from tuningfork.classify import Row
    from tuningfork.classify.catalogue import Catalogue
    from tuningfork.classify.engines import Engine

LINE_SECONDS = 30.0
"""Between lines of progress where no terminal shows a bar."""


TABLES = (".csv", ".jsonl", ".parquet")
"""Endings of single tables; any other name with a catalogue is a folder's."""


def goes_to_parts(output: Place | None) -> bool:
    """Whether the output is a folder of parts: an address, no ending, or a folder."""
    if isinstance(output, Path):
        return not output.suffix or output.is_dir()
    return output is not None


def engine_named(
    name: str, workers: int | None, address: str | None
) -> tuple[Engine | None, int | None]:
    """Give the engine of this name, and the threads of each of its workers here.

    Raises typer.BadParameter for options that do not go together, TuningForkError if a package is
    missing.
    """
    if name == "ray":
        from tuningfork.classify.on_ray import OnRay

        return OnRay(address, workers), None
    if name != "embedded":
        raise typer.BadParameter("give embedded or ray", param_hint="--engine")
    if address is not None:
        raise typer.BadParameter("goes with --engine ray", param_hint="--address")
    if workers is None or workers == 1:
        return None, None
    from tuningfork.classify.engines import Processes, threads_each

    return Processes(workers), threads_each(workers)


def _is_table(output: Path) -> bool:
    return output.suffix.lower() in TABLES and not output.is_dir()


def classify_in_parts(
    *,
    paths: list[Place],
    catalog: Place | None,
    images: Place | None,
    output: Place | None,
    engine: tuple[Engine | None, int | None],
    model: str | None,
    resume: bool,
    as_json: bool,
    settings: Mapping[str, Any],
) -> Counter[str]:
    """Classify a catalogue, or pictures, into parts and print what was done."""
    from tuningfork.classify.catalogue import open_catalogue
    from tuningfork.classify.listing import Listing
    from tuningfork.classify.run import classify_catalogue

    if output is None:
        raise BadTable("--catalog needs --output: name a folder for the parts")
    if catalog is not None and isinstance(output, Path) and _is_table(output):
        raise BadTable(
            f"{output}: a catalogue's answers come in parts; give --output a folder such as "
            f"{output.with_suffix('')}"
        )
    with _waiting("reading the catalogue" if catalog else "counting the pictures"):
        catalogue: Catalogue = open_catalogue(catalog) if catalog else Listing(paths)
    with _watched(output) as watch:
        counts = classify_catalogue(
            catalogue,
            output,
            images=(images or catalog.parent) if catalog else None,
            engine=engine[0],
            threads=engine[1],
            model=model,
            resume=resume,
            watch=watch,
            **settings,
        )
    _print(counts, output, as_json=as_json)
    return counts


class _Watch:
    """Shows a bar on a terminal, and now and then a line elsewhere."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)
        self._shown = time.monotonic()
        self.pace = Pace(0, 0)

    def begin(self, rows: int, done: int) -> None:
        self.pace = Pace(rows, done)
        self._progress.update(self._task, total=rows, completed=done)
        self._progress.start()
        self._say(f"{rows - done:,} of {rows:,} rows to classify")

    def step(self, _: Row) -> None:
        self.leap(1)

    def leap(self, rows: int) -> None:
        self.pace.done += rows
        self._progress.advance(self._task, rows)
        if time.monotonic() - self._shown >= LINE_SECONDS:
            self._say(self.pace.sentence)

    def _say(self, sentence: str) -> None:
        self._shown = time.monotonic()
        if not self._progress.console.is_terminal:
            typer.echo(sentence, err=True)


@contextmanager
def _watched(output: Place) -> Iterator[_Watch]:
    progress = progress_bar("rows")
    watch = _Watch(progress)
    try:
        yield watch
    except KeyboardInterrupt:
        progress.stop()
        typer.echo(
            f"{watch.pace.done:,} of {watch.pace.rows:,} rows answered; the whole parts are in "
            f"{output}: go on with the same command and --resume",
            err=True,
        )
        raise
    finally:
        progress.stop()


@contextmanager
def _waiting(what: str) -> Iterator[None]:
    from rich.console import Console

    notes = Console(stderr=True)
    if not notes.is_terminal:
        yield
        return
    with notes.status(what):
        yield


def _print(counts: Counter[str], output: Place, *, as_json: bool) -> None:
    total, failed = counts.total(), counts[""]
    classes = {name: count for name, count in counts.most_common() if name}
    if as_json:
        told = {"output": str(output), "rows": total, "errors": failed, "classes": classes}
        typer.echo(json.dumps(told))
        return
    kinds = ", ".join(f"{count:,} {name}" for name, count in classes.items())
    typer.echo(f"{total - failed:,} of {total:,} read{': ' if kinds else ''}{kinds}")
    typer.echo(f"Written to {output}/part-*.parquet")
