"""What is to be done with each part of a run: small, picklable, the same wherever it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tuningfork.classify.catalogue import naming_of
from tuningfork.classify.classifier import loaded
from tuningfork.classify.parts import Parts
from tuningfork.classify.plan import Plan
from tuningfork.classify.rows import Rows
from tuningfork.classify.stream import Row
from tuningfork.classify.tables import (
    answered,
    answered_schema,
    looked_up,
    pictures_of,
    threads_for,
)
from tuningfork.errors import BadModel
from tuningfork.images.sources import Picture
from tuningfork.places import Place


class Watch(Protocol):
    """Is told how a run goes."""

    def begin(self, rows: int, done: int) -> None:
        """A run of so many rows begins, of which some were done before."""

    def step(self, row: Row) -> None:
        """A row was answered in this process."""

    def leap(self, rows: int) -> None:
        """So many rows were answered elsewhere."""


class Unwatched:
    """Nobody looks."""

    def begin(self, rows: int, done: int) -> None:
        """Pass over."""

    def step(self, row: Row) -> None:
        """Pass over."""

    def leap(self, rows: int) -> None:
        """Pass over."""


@dataclass(frozen=True)
class Work:
    """What is to be done with each part of a run."""

    output: Place
    plan: Plan
    where: str
    images: Place | None
    """None if the rows bring their pictures with them."""
    model: str | Path | None
    threads: int | None
    settings: Mapping[str, Any]

    def do(self, number: int, rows: Rows, step: Callable[[Row], None]) -> Counter[str]:
        """Classify a part and commit it; returns its rows by class, errors under no name.

        Done twice it gives the same part twice, which is one. Raises BadModel if the network here
        is not the run's, BadTable if the part cannot be written, ServiceFailed.
        """
        network = loaded(self.model)
        if network.card.sha256 != self.plan.model_sha256:
            raise BadModel(
                f"{network.card.name}: the network on this worker is not the one of the run; "
                "install the same version of Tuning Fork on every machine"
            )
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

        settings = {"threads": threads_for(self.images, self.threads), **self.settings}
        table = answered(
            rows, pictures or (), network, schema=schema, settings=settings, step=counted
        )
        Parts(self.output, self.plan).commit(number, table, counts)
        return counts
