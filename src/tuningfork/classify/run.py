"""A run over a catalogue: independent parts, in order, each committed when it is done.

:class:`Work` is all that a part needs, small and picklable: an engine that spreads parts over
machines sends it to its workers, each of which loads network and zip once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from tuningfork.classify.catalogue import Catalogue, naming_of
from tuningfork.classify.parts import Parts, parts_in
from tuningfork.classify.plan import PART_ROWS, Plan
from tuningfork.classify.rows import Rows
from tuningfork.classify.stream import Row
from tuningfork.classify.tables import answered, answered_schema, loaded, looked_up, pictures_of
from tuningfork.errors import BadData
from tuningfork.images.sources import Picture


class Watch(Protocol):
    """Is told how a run goes."""

    def begin(self, rows: int, done: int) -> None:
        """A run of so many rows begins, of which some were done before."""

    def step(self, row: Row) -> None:
        """A row was answered."""


class Unwatched:
    """Nobody looks."""

    def begin(self, rows: int, done: int) -> None:
        """Pass over."""

    def step(self, row: Row) -> None:
        """Pass over."""


@dataclass(frozen=True)
class Work:
    """What is to be done with each part of a run."""

    output: Path
    plan: Plan
    where: str
    images: Path | None
    """None if the rows bring their pictures with them."""
    model: str | Path | None
    threads: int | None
    settings: Mapping[str, Any]

    def do(self, number: int, rows: Rows, step: Callable[[Row], None]) -> Counter[str]:
        """Classify a part and commit it; returns its rows by class, errors under no name."""
        network = loaded(self.model, self.threads)
        own = rows.table.schema
        schema = answered_schema(own, network.card, self.where)
        pictures: Iterable[Picture] | None = rows.pictures
        if pictures is None and self.images is not None:
            naming = naming_of(own, self.where)
            pictures = pictures_of(rows, naming, looked_up(self.images), self.where)
        counts: Counter[str] = Counter()

        def counted(row: Row) -> None:
            counts["" if row.classification is None else row.classification.label] += 1
            step(row)

        table = answered(
            rows, pictures or (), network, schema=schema, settings=self.settings, step=counted
        )
        Parts(self.output, self.plan).commit(number, table, counts)
        return counts


def classify_catalogue(
    catalogue: Catalogue,
    output: Path,
    *,
    images: Path | None,
    model: str | Path | None = None,
    threads: int | None = None,
    resume: bool = False,
    part_rows: int = PART_ROWS,
    watch: Watch | None = None,
    **settings: Any,  # noqa: ANN401  (those of classify_pictures)
) -> Counter[str]:
    """Classify every row of a catalogue into Parquet parts under the folder ``output``.

    Each row appears exactly once and in order, however often the run is killed and resumed; memory
    holds one part. Options are as in :func:`tuningfork.classify.tables.classify_table`. Returns
    the rows by class, with errors under the empty name. Raises BadTable, BadData, UnknownName or
    BadModel.
    """
    watch = watch or Unwatched()
    card = loaded(model, threads).card
    if images is not None:
        images = images.absolute()
        naming_of(catalogue.schema, catalogue.where)
        looked_up(images)
    answered_schema(catalogue.schema, card, catalogue.where)
    plan = Plan(
        catalogue=catalogue.where,
        catalogue_sha256=catalogue.fingerprint(),
        rows=catalogue.rows,
        part_rows=part_rows,
        images="" if images is None else str(images),
        model=card.name,
        model_sha256=card.sha256,
        settings={name: repr(value) for name, value in sorted(settings.items())},
        version=version("tuningfork"),
    )
    work = Work(output, plan, catalogue.where, images, model, threads, settings)
    with parts_in(output, plan, resume=resume) as parts:
        done = {one: found for one in range(plan.parts) if (found := parts.committed(one))}
        watch.begin(plan.rows, sum(plan.rows_of(one) for one in done))
        counts = sum(done.values(), Counter[str]())
        for number, rows in enumerate(catalogue.parts(part_rows)):
            if number >= plan.parts or len(rows.table) != plan.rows_of(number):
                raise BadData(f"{plan.catalogue}: changed during the run; start it anew")
            if number not in done:
                counts += work.do(number, rows, watch.step)
        parts.finish(counts)
    return counts
