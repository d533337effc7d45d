"""Rows to files: CSV, JSON Lines and Parquet with the same columns and the same values."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuningfork.errors import BadTable
from tuningfork.files import replacing
from tuningfork.votes.rules import CLASSES
from tuningfork.votes.tree import TREE

if TYPE_CHECKING:
    from tuningfork.classify.stream import Row
    from tuningfork.model.card import Card

Cell = str | float | None
Write = Callable[["Row"], None]

DECIMALS = 8
"""Of probabilities and fractions in tables: finer than the network's 32 bits near 1."""
TEXT_COLUMNS = frozenset({"id", "path", "class", "set", "verdict", "note", "error"})
"""Columns that hold text; all others hold numbers."""
DOUBT_COLUMNS = ("set", "verdict")
"""Of a calibrated network: see :mod:`tuningfork.model.calibration`."""
PARQUET_ROWS = 4096
"""Rows that are gathered before they are compressed."""


def column_names(card: Card) -> tuple[str, ...]:
    """Name the columns of a table of answers.

    id, path, class, the probability of each class, from a calibrated network the classes that are
    left (``|`` between them) and the verdict, the 37 weighted fractions, how the picture was read
    where that was not plain, error.
    """
    return (
        "id",
        "path",
        "class",
        *(f"p_{name}" for name in shown_classes(card)),
        *(DOUBT_COLUMNS if card.calibration is not None else ()),
        *TREE.columns,
        "note",
        "error",
    )


def cells(row: Row, card: Card) -> tuple[Cell, ...]:
    """Give a row's values in the order of :func:`column_names`; None where there is none."""
    found = row.classification
    if found is None:
        empty = (None,) * (len(column_names(card)) - 3)
        return (row.id, row.path, *empty, row.error)
    doubt: tuple[Cell, ...] = ()
    if card.calibration is not None:
        own = found.doubt
        doubt = (None, None) if own is None else ("|".join(own.possible), own.verdict)
    return (
        row.id,
        row.path,
        found.label,
        *(_rounded(found.probabilities[name]) for name in shown_classes(card)),
        *doubt,
        *(_rounded(found.fractions.get(name)) for name in TREE.columns),
        row.note or None,
        None,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)


def check_output(path: Path) -> None:
    """Raise BadTable if rows cannot be written there: of an unknown ending, or a folder."""
    if path.suffix.lower() not in _WRITERS:
        raise BadTable(f"{path}: unknown kind of table; end it in {', '.join(_WRITERS)}")
    if path.is_dir():
        raise BadTable(f"{path}: is a folder; name a file in it")


@contextmanager
def row_writer(path: Path, card: Card) -> Iterator[Write]:
    """Open a table to write rows to; its ending (.csv, .jsonl, .parquet) decides the form.

    The file appears whole at the end or not at all. Raises BadTable.
    """
    check_output(path)
    try:
        with replacing(path) as temporary, _WRITERS[path.suffix.lower()](temporary, card) as write:
            yield write
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror or error}; write the table elsewhere") from error


def shown_classes(card: Card) -> tuple[str, ...]:
    """Give the card's classes, in the order of display where they are the four."""
    return CLASSES if set(card.classes) == set(CLASSES) else card.classes


@contextmanager
def _csv(path: Path, card: Card) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(column_names(card))
        yield lambda row: table.writerow(cells(row, card))


@contextmanager
def _jsonl(path: Path, card: Card) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        yield lambda row: print(json_row(row, card), file=file)


def json_row(row: Row, card: Card) -> str:
    """Write a row as one line of JSON."""
    return json.dumps(
        dict(zip(column_names(card), cells(row, card), strict=True)), ensure_ascii=False
    )


@contextmanager
def _parquet(path: Path, card: Card) -> Iterator[Write]:
    import pyarrow
    import pyarrow.parquet

    names = column_names(card)
    schema = pyarrow.schema(
        [(name, pyarrow.string() if name in TEXT_COLUMNS else pyarrow.float64()) for name in names]
    )
    waiting: list[dict[str, Any]] = []

    with pyarrow.parquet.ParquetWriter(path, schema) as table:

        def flush() -> None:
            table.write_table(pyarrow.Table.from_pylist(waiting, schema=schema))
            waiting.clear()

        def write(row: Row) -> None:
            waiting.append(dict(zip(names, cells(row, card), strict=True)))
            if len(waiting) == PARQUET_ROWS:
                flush()

        yield write
        flush()


_WRITERS = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
