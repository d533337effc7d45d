"""A catalogue of positions looked at, row by row, into a table with the catalogue's own columns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from tuningfork.classify.catalogue import Catalogue
from tuningfork.classify.journal import Journal
from tuningfork.classify.look import (
    SKY_COLUMNS,
    TEXT_COLUMNS,
    Sight,
    Target,
    look_at_all,
    sight_cells,
    sight_columns,
)
from tuningfork.classify.positions import columns_of, targets_of
from tuningfork.classify.rows import Rows
from tuningfork.classify.writers import TEXT_COLUMNS as ANSWER_TEXTS
from tuningfork.errors import BadTable, ServiceFailed
from tuningfork.files import replacing
from tuningfork.model.session import Model
from tuningfork.sky import AUTO
from tuningfork.web import Client

PART = 1024
"""Rows that are held at a time."""
OURS = "look_"
"""Put before the name of a column of ours where the catalogue has one of that name."""
ENDINGS = (".csv", ".jsonl", ".parquet")


def survey_catalogue(
    model: Model,
    catalogue: Catalogue,
    output: Path,
    *,
    survey: str = AUTO,
    center: str = "frame",
    resume: bool = False,
    client: Client | None = None,
    begin: Callable[[int], None] = lambda _: None,
    step: Callable[[Sight], None] = lambda _: None,
) -> Counter[str]:
    """Look at every row of a catalogue and write a table with a row for each, in their order.

    The catalogue's columns are kept, ours follow. Rows are written down one by one in a journal
    beside ``output``; the table appears whole at the end. ``begin`` is told how many rows an
    earlier run had done, ``step`` of each further one. Returns rows by class, errors under no name.

    Raises BadTable, and ServiceFailed where a service fails for good: ``resume`` goes on later.
    """
    if output.suffix.lower() not in ENDINGS:
        raise BadTable(f"{output}: unknown kind of table; end it in {', '.join(ENDINGS)}")
    columns = columns_of(catalogue.schema, catalogue.where)
    about = {
        "catalogue": catalogue.fingerprint(),
        "model": model.card.sha256,
        "survey": survey,
        "center": center,
    }
    journal = Journal(output, about, resume=resume)
    names = sight_columns(model.card)

    def write_down(sights: list[Sight]) -> None:
        for one in sights:
            journal.add(dict(zip(names, sight_cells(one, model.card), strict=True)))
            step(one)

    try:
        begin(journal.done)
        targets: Iterator[Target] = (
            target for rows in catalogue.parts(PART) for target in targets_of(rows, columns)
        )
        todo = islice(targets, journal.done, None)
        # Rows for which the service failed are written down once it answers again: if it does not,
        # the next run looks at them anew.
        waiting: list[Sight] = []
        answered = False
        for sight in look_at_all(model, todo, survey=survey, center=center, client=client):
            waiting.append(sight)
            if sight.unasked:
                continue
            answered = answered or not sight.target.error
            write_down(waiting)
            waiting = []
        if not answered:
            _check_asked(waiting)
        write_down(waiting)
    except ServiceFailed as error:
        journal.close(remove=False)
        raise ServiceFailed(
            f"{error}; {journal.done:,} of {catalogue.rows:,} rows are done: go on later with "
            "--resume"
        ) from error
    except BaseException:
        journal.close(remove=False)
        raise
    counts = _write(catalogue, journal, output, names)
    journal.close(remove=True)
    return counts


def _check_asked(sights: list[Sight]) -> None:
    """Refuse rows that are all the trouble of a service that answered none of them."""
    if sights:
        raise ServiceFailed(sights[-1].row.error.partition(";")[0])


def _write(
    catalogue: Catalogue, journal: Journal, output: Path, names: tuple[str, ...]
) -> Counter[str]:
    """Put the catalogue's rows and the journal's side by side."""
    counts: Counter[str] = Counter()
    own = set(catalogue.schema.names)
    fields = [pa.field(OURS + name if name in own else name, _kind(name)) for name in names]
    schema = pa.schema([*catalogue.schema, *fields])
    answers = journal.rows()
    try:
        with replacing(output) as path, _writer(path, schema) as write:
            for rows in catalogue.parts(PART):
                found = list(islice(answers, len(rows.table)))
                counts.update(one["class"] or "" for one in found)
                write(_beside(rows, found, names, schema))
    except (OSError, pa.ArrowException) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadTable(
            f"{output}: {first}; everything is in {journal.path}: go on with --resume and an "
            "output that ends in .parquet, or elsewhere"
        ) from error
    return counts


def _beside(
    rows: Rows, found: list[dict[str, Any]], names: tuple[str, ...], schema: pa.Schema
) -> pa.Table:
    answers = [pa.array([one[name] for one in found], _kind(name)) for name in names]
    return pa.table([*rows.table.columns, *answers], schema=schema)


def _kind(name: str) -> pa.DataType:
    texts = TEXT_COLUMNS if name in SKY_COLUMNS or name == "note" else ANSWER_TEXTS
    return pa.string() if name in texts else pa.float64()


@contextmanager
def _writer(path: Path, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    """Open a table for writing, by its ending; gives a function that takes Arrow tables."""
    ending = path.suffix.lower()
    if ending == ".parquet":
        with pyarrow.parquet.ParquetWriter(path, schema) as parquet:
            yield parquet.write_table
    elif ending == ".csv":
        options = pyarrow.csv.WriteOptions(quoting_style="needed")
        with pyarrow.csv.CSVWriter(path, schema, write_options=options) as commas:
            yield commas.write_table
    else:
        with path.open("w", encoding="utf-8") as lines:
            yield lambda table: lines.writelines(
                json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in table.to_pylist()
            )
