"""Arrow tables in, Arrow tables out: the catalogue's columns, then the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from tuningfork.classify.catalogue import UNSURE, Naming, names_in, naming_of
from tuningfork.classify.classifier import loaded
from tuningfork.classify.rows import Rows
from tuningfork.classify.stream import Row, classify_pictures
from tuningfork.classify.writers import TEXT_COLUMNS, cells, column_names
from tuningfork.errors import BadTable
from tuningfork.images.lookup import Finder, finder
from tuningfork.images.sources import Picture, failing
from tuningfork.model.card import Card
from tuningfork.model.session import Model
from tuningfork.places import Address, Place, place_of

PREDICTED = "predicted_"
"""Put before the name of an answer's column where the catalogue has a column of that name."""
FETCHING = 16
"""Threads that read pictures at an address: most of the time they wait."""
NOT_OURS = ("id", "path")
"""Columns of a table of pictures that a catalogue brings itself, under names of its own."""

Step = Callable[[Row], None]


def classify_table(
    table: pa.Table,
    *,
    images: str | Path | Address,
    model: str | Path | None = None,
    threads: int | None = None,
    **settings: Any,  # noqa: ANN401  (those of classify_pictures)
) -> pa.Table:
    """Classify the galaxies of an Arrow table: the same rows in the same order, with the answers.

    A column ``path``, ``file`` or ``image`` names each row's picture under ``images``, a folder,
    zip or tar, here or at an address such as ``s3://bucket/cutouts``; without one the picture is
    ``<id>.<ending>``. All columns are kept; ``class``, the
    probabilities, the 37 weighted fractions (float32, 0 to 1) and ``error`` follow, with
    ``predicted_`` before a name that the table already has. A row whose picture cannot be read has
    nulls and its error. ``model`` is as in :func:`tuningfork.load`, and is loaded once a process;
    ``threads`` is how many cores are used, by default all; further settings are those of
    :func:`tuningfork.classify.classify_pictures` (``frame_share``, ``views``).

    Raises BadTable if no column names pictures, BadData if ``images`` is absent, ServiceFailed if
    a service cannot be reached, UnknownName or BadModel.
    """
    where = "the table"
    naming = naming_of(table.schema, where)
    network = loaded(model)
    schema = answered_schema(table.schema, network.card, where)
    pictures = pictures_of(Rows(table), naming, looked_up(place_of(images)), where)
    settings = {"threads": threads_for(place_of(images), threads), **settings}
    return answered(Rows(table), pictures, network, schema=schema, settings=settings)


def answered_schema(schema: pa.Schema, card: Card, where: str) -> pa.Schema:
    """The catalogue's columns and the answers'. Raises BadTable if names cannot be told apart."""
    taken = set(schema.names)
    fields = list(schema)
    for name in _answer_columns(card):
        free = name if name not in taken else PREDICTED + name
        if free in taken:
            raise BadTable(f"{where}: has columns {name} and {free}; rename one of them")
        fields.append(pa.field(free, pa.string() if name in TEXT_COLUMNS else pa.float32()))
    return pa.schema(fields, schema.metadata)


def pictures_of(rows: Rows, naming: Naming, lookup: Finder, where: str) -> Iterator[Picture]:
    """The picture of each row; rows without one give a picture whose reading says why."""
    find = lookup.by_path if naming.by_path else lookup.by_id
    for place, name in enumerate(names_in(rows.table[naming.column], where)):
        if place in rows.errors:
            yield failing(name, name, rows.errors[place])
        elif name == UNSURE:
            message = (
                f"{where}: the row's {naming.column} is a floating-point number, which lost the "
                "last digits of the id; save the column as whole numbers or text"
            )
            yield failing("", "", message)
        elif not name:
            message = f"{where}: the row's {naming.column} is empty, so it has no picture; fill it"
            yield failing("", "", message)
        else:
            yield find(name)


def answered(
    rows: Rows,
    pictures: Iterable[Picture],
    model: Model,
    *,
    schema: pa.Schema,
    settings: Mapping[str, Any],
    step: Step = lambda _: None,
) -> pa.Table:
    """Classify the rows' pictures and put the answers beside their columns.

    ``schema`` is :func:`answered_schema`'s; ``step`` is called after each row.
    """
    places = [place for place, name in enumerate(column_names(model.card)) if name not in NOT_OURS]
    found: list[list[object]] = []
    for row in classify_pictures(model, pictures, **settings):
        values = cells(row, model.card)
        found.append([values[place] for place in places])
        step(row)
    own = len(rows.table.column_names)
    answers = [
        pa.array([row[place] for row in found], field.type)
        for place, field in enumerate(list(schema)[own:])
    ]
    return pa.table([*rows.table.columns, *answers], schema=schema)


def _answer_columns(card: Card) -> list[str]:
    return [name for name in column_names(card) if name not in NOT_OURS]


@lru_cache(maxsize=4)
def looked_up(images: Place) -> Finder:
    """Where pictures are found by name, opened once a process."""
    return finder(images)


def threads_for(images: Place | None, threads: int | None) -> int | None:
    """How many threads work: as many as wait for a service, else as many as are wanted."""
    return FETCHING if isinstance(images, Address) else threads
