"""What a run over a catalogue is: enough to split it into parts and to know it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tuningfork.errors import BadData

PART_ROWS = 4096
"""Rows of a part at most: what a kill can cost, and what is held in memory."""
SHORTEST_PART = 512
"""Rows that a part has at least, if there are so many: beginning one costs a moment."""
PARTS = 64
"""Into how many a short catalogue is parted, so that several workers have enough to share."""


def rows_of_parts(rows: int) -> int:
    """How many rows each part of a catalogue has. It follows from the catalogue alone."""
    return min(PART_ROWS, max(SHORTEST_PART, -(-rows // PARTS)))


@dataclass(frozen=True)
class Plan:
    """One run. Part n holds the catalogue's rows n·part_rows to (n + 1)·part_rows - 1."""

    catalogue: str
    """The catalogue's name, for people to read."""
    catalogue_sha256: str
    rows: int
    part_rows: int
    images: str
    """Where pictures are looked for: an absolute path."""
    model: str
    model_sha256: str
    settings: Mapping[str, str]
    """Options that change answers, as text."""
    version: str
    """Of Tuning Fork."""

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return -(-self.rows // self.part_rows)

    @property
    def key(self) -> str:
        """Names the run by what it answers; runs that answer alike have the same key."""
        told = {name: value for name, value in asdict(self).items() if name not in _NAMES}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def rows_of(self, number: int) -> int:
        """How many rows a part has."""
        return min(self.part_rows, self.rows - number * self.part_rows)

    def check_same(self, other: Plan, where: str) -> None:
        """Raise BadData, naming what differs, unless both answer alike."""
        if self.key == other.key:
            return
        differing = [
            f"{_MEANINGS.get(one.name, one.name)} ({getattr(other, one.name)} then, "
            f"{getattr(self, one.name)} now)"
            for one in fields(self)
            if one.name not in _NAMES and getattr(self, one.name) != getattr(other, one.name)
        ]
        raise BadData(
            f"{where}: holds another run, which differs in {'; '.join(differing)}; "
            "name another --output, or give the options of that run"
        )


_NAMES = ("catalogue", "model")
"""Fields that name what another field pins down."""
_MEANINGS = {
    "catalogue_sha256": "the catalogue's content",
    "part_rows": "rows of a part",
    "model_sha256": "the network",
    "version": "Tuning Fork's version",
}


def plan_from(values: Mapping[str, Any]) -> Plan:
    """Read a plan out of JSON. Raises KeyError or TypeError if it is none."""
    return Plan(**{one.name: values[one.name] for one in fields(Plan)})


def part_name(number: int) -> str:
    """The file that holds a part."""
    return f"part-{number:06}.parquet"
