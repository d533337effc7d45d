"""Rows of a catalogue on their way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from tuningfork.images.sources import Picture


@dataclass(frozen=True)
class Rows:
    """Some rows of a catalogue, in its order."""

    table: pa.Table
    errors: dict[int, str] = field(default_factory=dict)
    """Why a row cannot be used, by its place in ``table``."""
    pictures: Sequence[Picture] | None = None
    """Each row's picture, where the rows were made from pictures; else the table names them."""
