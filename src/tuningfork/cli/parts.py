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

if TYPE_CHECKING:
    from rich.progress import Progress

    from tuningfork.classify import Row
    from tuningfork.classify.catalogue import Catalogue

LINE_SECONDS = 30.0
"""Between lines of progress where no terminal shows a bar."""


TABLES = (".csv", ".jsonl", ".parquet")
"""Endings of single tables; any other name with a catalogue is a folder's."""


def goes_to_parts(output: Path | None) -> bool:
    """Whether the output is a folder of parts: its name has no ending, or it is a folder."""
    return output is not None and (not output.suffix or output.is_dir())


def classify_in_parts(
    *,
    paths: list[Path],
    catalog: Path | None,
    images: Path | None,
    output: Path | None,
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
    if catalog is not None and output.suffix.lower() in TABLES and not output.is_dir():
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
        self.pace.done += 1
        self._progress.advance(self._task)
        if time.monotonic() - self._shown >= LINE_SECONDS:
            self._say(self.pace.sentence)

    def _say(self, sentence: str) -> None:
        self._shown = time.monotonic()
        if not self._progress.console.is_terminal:
            typer.echo(sentence, err=True)


@contextmanager
def _watched(output: Path) -> Iterator[_Watch]:
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


def _print(counts: Counter[str], output: Path, *, as_json: bool) -> None:
    total, failed = counts.total(), counts[""]
    classes = {name: count for name, count in counts.most_common() if name}
    if as_json:
        told = {"output": str(output), "rows": total, "errors": failed, "classes": classes}
        typer.echo(json.dumps(told))
        return
    kinds = ", ".join(f"{count:,} {name}" for name, count in classes.items())
    typer.echo(f"{total - failed:,} of {total:,} read{': ' if kinds else ''}{kinds}")
    typer.echo(f"Written to {output}/part-*.parquet")
