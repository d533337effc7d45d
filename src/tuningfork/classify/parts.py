"""The folder of a run's parts: each appears whole, once, and says which run it belongs to.

A part is written under a name that begins with a dot and renamed when it is on the disk, so what
a reader of ``part-*.parquet`` sees is always whole. ``_manifest.json`` holds the plan from the
start, and at the end the list of all parts.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tuningfork.classify.plan import Plan, part_name, plan_from
from tuningfork.errors import BadData, BadTable
from tuningfork.files import held, replacing

MANIFEST = "_manifest.json"
"""Readers of Parquet folders pass over names that begin with an underscore."""
COUNTS = b"tuningfork.counts"
"""Rows by class, as JSON, in a part's metadata; the empty name counts errors."""


class Parts:
    """The parts of one run in a folder."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.plan = plan

    def commit(self, number: int, table: pa.Table, counts: Mapping[str, int]) -> None:
        """Write a part and let it appear. Raises BadTable if it cannot be written."""
        path = self.folder / part_name(number)
        temporary = self.folder / f".{path.name}.{os.getpid()}.tmp"
        marked = table.replace_schema_metadata(
            {**(table.schema.metadata or {}), **self._marks(number), COUNTS: json.dumps(counts)}
        )
        try:
            pq.write_table(marked, temporary, compression="zstd", row_group_size=len(marked))
            _to_disk(temporary)
            temporary.replace(path)
            _to_disk(self.folder)
        except OSError as error:
            raise BadTable(
                f"{path}: {error.strerror or error}; mend this and go on with --resume"
            ) from error
        finally:
            with suppress(OSError):
                temporary.unlink()

    def committed(self, number: int) -> Counter[str] | None:
        """A part's rows by class if it is there, whole and of this run; else None."""
        try:
            found = pq.read_metadata(self.folder / part_name(number))
        except (OSError, pa.ArrowException):
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
        self.note({"complete": True, "errors": counts[""], "parts": parts})

    def note(self, values: Mapping[str, object]) -> None:
        """Write the manifest: the plan and these values."""
        with replacing(self.folder / MANIFEST) as temporary:
            temporary.write_text(
                json.dumps({"plan": asdict(self.plan), **values}, indent=1) + "\n",
                encoding="utf-8",
            )

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
def parts_in(folder: Path, plan: Plan, *, resume: bool) -> Iterator[Parts]:
    """Hold a folder for a run, new or, with ``resume``, begun before.

    Raises BadData if the folder holds something else, another run, a run that was not to be
    resumed, or if another process is writing there; BadTable if it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with held(folder) as alone:
            if not alone:
                raise BadData(
                    f"{folder}: another run is writing here; wait for it or name another --output"
                )
            parts = Parts(folder, plan)
            _prepare(parts, resume=resume)
            yield parts
    except OSError as error:
        raise BadTable(f"{folder}: {error.strerror or error}; name another --output") from error


def _prepare(parts: Parts, *, resume: bool) -> None:
    folder = parts.folder
    for left in (*folder.glob(".part-*.tmp"), *folder.glob(f".{MANIFEST}.*")):
        left.unlink()  # of a process that was killed
    others = [one.name for one in folder.iterdir() if not one.name.startswith(".")]
    if not others:
        parts.note({"complete": False})
        return
    if MANIFEST not in others:
        raise BadData(f"{folder}: holds other files ({min(others)}); name a new folder")
    if not resume:
        raise BadData(
            f"{folder}: holds a run already; go on with it by --resume, or name another --output"
        )
    parts.plan.check_same(_read(folder / MANIFEST), str(folder))


def _read(path: Path) -> Plan:
    try:
        return plan_from(json.loads(path.read_bytes())["plan"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadData(f"{path}: not a run's manifest ({error}); name another --output") from error


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
