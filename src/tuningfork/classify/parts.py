"""The parts of a run: each appears whole, once, and says which run it belongs to.

``_manifest.json`` holds the plan from the start, and at the end the list of all parts. What a
reader of ``part-*.parquet`` sees is always whole.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict

import pyarrow as pa

from tuningfork.classify.plan import Plan, part_name, plan_from
from tuningfork.classify.shelf import alone, shelf_at
from tuningfork.errors import BadData, BadTable
from tuningfork.places import Place

MANIFEST = "_manifest.json"
"""Readers of Parquet folders pass over names that begin with an underscore."""
COUNTS = b"tuningfork.counts"
"""Rows by class, as JSON, in a part's metadata; the empty name counts errors."""
LOOKERS = 16
"""Threads that look at the parts that are there: in an object store each look takes a while."""


class Parts:
    """The parts of one run in a folder."""

    def __init__(self, folder: Place, plan: Plan) -> None:
        self.folder = folder
        self.plan = plan
        self.shelf = shelf_at(folder)

    def commit(self, number: int, table: pa.Table, counts: Mapping[str, int]) -> None:
        """Write a part and let it appear. Raises BadTable if it cannot be written."""
        name = part_name(number)
        marked = table.replace_schema_metadata(
            {**(table.schema.metadata or {}), **self._marks(number), COUNTS: json.dumps(counts)}
        )
        try:
            self.shelf.put_table(name, marked)
        except OSError as error:
            raise BadTable(
                f"{self.folder}/{name}: {error.strerror or error}; mend this and go on with "
                "--resume"
            ) from error

    def done(self) -> dict[int, Counter[str]]:
        """The rows by class of each part that is there, whole and of this run."""
        there = set(self.shelf.names())
        numbers = [one for one in range(self.plan.parts) if part_name(one) in there]
        with ThreadPoolExecutor(LOOKERS) as lookers:
            found = lookers.map(self.committed, numbers)
            return {
                one: counts
                for one, counts in zip(numbers, found, strict=True)
                if counts is not None
            }

    def committed(self, number: int) -> Counter[str] | None:
        """A part's rows by class if it is there, whole and of this run; else None."""
        found = self.shelf.metadata(part_name(number))
        if found is None:
            return None
        marks = found.metadata or {}
        ours = all(marks.get(name) == value for name, value in self._marks(number).items())
        if not ours or found.num_rows != self.plan.rows_of(number):
            return None
        return Counter(json.loads(marks[COUNTS]))

    def finish(self, counts: Counter[str]) -> None:
        """Write down that every part is there."""
        parts = [
            {"file": part_name(number), "rows": self.plan.rows_of(number)}
            for number in range(self.plan.parts)
        ]
        self.shelf.sweep()
        self.note({"complete": True, "errors": counts[""], "parts": parts})

    def note(self, values: Mapping[str, object], *, new: bool = False) -> None:
        """Write the manifest: the plan and these values."""
        text = json.dumps({"plan": asdict(self.plan), **values}, indent=1) + "\n"
        self.shelf.put_text(MANIFEST, text, new=new)

    def _marks(self, number: int) -> dict[bytes, bytes]:
        plan = self.plan
        values = {
            "model": plan.model,
            "model_sha256": plan.model_sha256,
            "version": plan.version,
            "run": plan.key,
            "part": str(number),
            "first_row": str(number * plan.part_rows),
        }
        return {f"tuningfork.{name}".encode(): text.encode() for name, text in values.items()}


@contextmanager
def parts_in(folder: Place, plan: Plan, *, resume: bool) -> Iterator[Parts]:
    """Hold a folder for a run, new or, with ``resume``, begun before.

    Raises BadData if the folder holds something else, another run, a run that was not to be
    resumed, or if another process is writing there; BadTable if it cannot be written.
    """
    try:
        parts = Parts(folder, plan)
        with alone(folder):
            _prepare(parts, resume=resume)
            yield parts
    except OSError as error:
        raise BadTable(f"{folder}: {error.strerror or error}; name another --output") from error


def _prepare(parts: Parts, *, resume: bool) -> None:
    folder, shelf = parts.folder, parts.shelf
    shelf.sweep()
    others = shelf.names()
    if not others:
        try:
            parts.note({"complete": False}, new=True)
        except FileExistsError as error:
            raise BadData(
                f"{folder}: another run began here in this moment; name another --output"
            ) from error
        return
    if MANIFEST not in others:
        raise BadData(f"{folder}: holds other files ({min(others)}); name a new folder")
    if not resume:
        raise BadData(
            f"{folder}: holds a run already; go on with it by --resume, or name another --output"
        )
    parts.plan.check_same(_read(parts), str(folder))


def _read(parts: Parts) -> Plan:
    try:
        return plan_from(json.loads(parts.shelf.text(MANIFEST))["plan"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadData(
            f"{parts.folder}/{MANIFEST}: not a run's manifest ({error}); name another --output"
        ) from error
