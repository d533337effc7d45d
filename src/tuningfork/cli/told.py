"""What ``classify`` tells of its rows: a table for people, or JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import typer

from tuningfork.cli.doubting import counted_as, doubt_cells
from tuningfork.cli.options import table_console

if TYPE_CHECKING:
    from rich.table import Table

    from tuningfork.classify import Row
    from tuningfork.model.card import Card

SHOWN = 10
"""Rows that are printed where the whole table goes to a file."""
PIPE_WIDTH = 240
"""Characters a line, where the table goes to another program."""


class Told:
    """What the table on the terminal tells of the rows that went by."""

    def __init__(self, *, every: bool) -> None:
        self._every = every
        self.rows: list[Row] = []
        self.errors: list[str] = []
        self.notes: list[str] = []
        self.counts: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()

    def count(self, row: Row) -> None:
        """Count the row by its class and its verdict."""
        found = row.classification
        if found is not None and found.doubt is not None:
            self.verdicts[found.doubt.verdict] += 1
        self.counts[counted_as(row)] += 1

    def keep(self, row: Row) -> None:
        """Keep what of the row is shown."""
        if self._every or len(self.rows) < SHOWN:
            self.rows.append(row)
        if row.note and (self._every or len(self.notes) < SHOWN):
            self.notes.append(f"{row.id}: {row.note}")
        if row.error and (self._every or len(self.errors) < SHOWN):
            self.errors.append(row.error)


def printed(rows: Iterable[Row], card: Card) -> Iterator[Row]:
    """Print rows as a JSON list, one to a line, as they come."""
    from tuningfork.classify.writers import json_row

    before = "[\n"
    for row in rows:
        typer.echo(before + json_row(row, card), nl=False)
        before = ",\n"
        yield row
    typer.echo("\n]" if before == ",\n" else "[]")


def print_table(told: Told, card: Card) -> None:
    """Print rows, what was noted of them, why some could not be read, and how many are what."""
    console = table_console(PIPE_WIDTH)
    counts, errors = told.counts, told.errors
    total, failed = counts.total(), counts[""]
    console.print(_table(told.rows, card))
    if total > len(told.rows):
        console.print(f"… and {total - len(told.rows):,} more\n")
    for note in told.notes:
        console.print(_on_one_line(note), style="dim", markup=False, soft_wrap=True)
    for error in errors:
        console.print(_on_one_line(error), style="red", markup=False, soft_wrap=True)
    if failed > len(errors):
        console.print(f"… and {failed - len(errors):,} more that could not be read")
    read = f"{total - failed:,} of {total:,} read"
    kinds = ", ".join(f"{count:,} {name}" for name, count in counts.most_common() if name)
    console.print(f"{read}: {kinds}" if kinds else read)


def _table(rows: list[Row], card: Card) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from tuningfork.classify.writers import shown_classes

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("id", overflow="fold")
    table.add_column("class", no_wrap=True)
    for name in shown_classes(card):
        table.add_column(name, justify="right")
    if card.calibration is not None:
        table.add_column("set")
        table.add_column("verdict", no_wrap=True)
    for row in rows:
        found = row.classification
        shown_id = Text(_on_one_line(row.id))
        if found is None:
            table.add_row(shown_id, "unreadable", style="red")
            continue
        shares = (f"{found.probabilities[one]:.3f}" for one in shown_classes(card))
        doubt = doubt_cells(row) if card.calibration is not None else ()
        table.add_row(shown_id, found.label, *shares, *doubt)
    return table


def _on_one_line(text: str) -> str:
    """Spell out what would break a line or command the terminal."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
