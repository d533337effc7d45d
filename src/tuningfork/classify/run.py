"""A run over a catalogue: independent parts, each committed when it is done.

:class:`tuningfork.classify.work.Work` is all that a part needs; who does the parts is an engine's
matter (:mod:`tuningfork.classify.engines`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tuningfork.classify.catalogue import Catalogue, naming_of
from tuningfork.classify.classifier import loaded
from tuningfork.classify.engines import Engine, Here, Part
from tuningfork.classify.parts import parts_in
from tuningfork.classify.plan import Plan, rows_of_parts
from tuningfork.classify.tables import answered_schema, looked_up
from tuningfork.classify.work import Unwatched, Watch, Work
from tuningfork.errors import BadData
from tuningfork.places import Place, place_of


def classify_catalogue(
    catalogue: Catalogue,
    output: str | Place,
    *,
    images: str | Place | None,
    model: str | Path | None = None,
    threads: int | None = None,
    engine: Engine | None = None,
    resume: bool = False,
    part_rows: int | None = None,
    watch: Watch | None = None,
    **settings: Any,  # noqa: ANN401  (those of classify_pictures)
) -> Counter[str]:
    """Classify every row of a catalogue into Parquet parts under the folder ``output``.

    Each row appears exactly once and in order, however often the run or its workers are killed;
    memory holds two parts a worker, each of ``part_rows`` (by default 512 to 4096, more the longer
    the catalogue). ``engine`` does the parts, by default this process with
    ``threads``, which engines of several workers share out. ``output`` and ``images`` may be
    addresses (``s3://…``). Other options are as in
    :func:`tuningfork.classify.tables.classify_table`. Returns the rows by class, with errors under
    the empty name. Raises BadTable, BadData, ServiceFailed, UnknownName or BadModel.
    """
    engine, watch = engine or Here(), watch or Unwatched()
    output = place_of(output)
    card = loaded(model).card
    found = None if images is None else _checked(place_of(images), catalogue)
    answered_schema(catalogue.schema, card, catalogue.where)
    plan = Plan(
        catalogue=catalogue.where,
        catalogue_sha256=catalogue.fingerprint(),
        rows=catalogue.rows,
        part_rows=part_rows or rows_of_parts(catalogue.rows),
        images="" if found is None else str(found),
        model=card.name,
        model_sha256=card.sha256,
        settings={name: repr(value) for name, value in sorted(settings.items())},
        version=version("tuningfork"),
    )
    work = Work(output, plan, catalogue.where, found, model, threads, settings)
    with parts_in(output, plan, resume=resume) as parts:
        done = parts.done()
        watch.begin(plan.rows, sum(plan.rows_of(one) for one in done))
        counts = sum(done.values(), Counter[str]())
        for each in engine.run(work, _missing(catalogue, plan, done), watch):
            counts += each
        parts.finish(counts)
    return counts


def _checked(images: Place, catalogue: Catalogue) -> Place:
    """Where pictures lie, however workers' own folders are called; and that they can be named."""
    if isinstance(images, Path):
        images = images.absolute()
    naming_of(catalogue.schema, catalogue.where)
    looked_up(images)
    return images


def _missing(catalogue: Catalogue, plan: Plan, done: Mapping[int, object]) -> Iterator[Part]:
    """The parts that are still to be done, read from the catalogue one after another."""
    changed = BadData(f"{plan.catalogue}: changed during the run; start it anew")
    number = -1
    for number, rows in enumerate(catalogue.parts(plan.part_rows)):
        if number >= plan.parts or len(rows.table) != plan.rows_of(number):
            raise changed
        if number not in done:
            yield number, rows
    if number + 1 != plan.parts:
        raise changed
