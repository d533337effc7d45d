"""Sets of galaxies: pictures, and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tuningfork.images.sources import Picture
from tuningfork.votes.problems import Problem


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of one galaxy; every part may be missing."""

    votes: NDArray[np.float64] | None = None
    """Weighted fractions of shape (37,), columns as in ``TREE.columns``; NaN: not known."""
    raw: NDArray[np.float64] | None = None
    """The same as volunteers voted, where ``votes`` are debiased and the table states both."""
    label: str | None = None
    """The class under the rule that the set was read with: as stated, or as the votes make it."""
    possible: frozenset[str] = frozenset()
    """The rule's classes that what is known allows; empty: anything."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """Classes under other rules; an empty name: it meets none of that rule's classes."""
    volunteers: float | None = None
    """How many volunteers saw the galaxy, where the table tells."""


@dataclass(frozen=True, eq=False)
class Galaxy:
    """One galaxy with its picture, not yet read."""

    id: str
    picture: Picture
    known: Known


@dataclass(frozen=True, eq=False)
class GalaxySet:
    """The usable galaxies of one folder, and what was wrong with the others."""

    name: str
    folder: Path
    galaxies: tuple[Galaxy, ...]
    problems: tuple[Problem, ...]
