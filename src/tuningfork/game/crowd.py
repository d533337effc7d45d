"""How many volunteers the machine is as good as, for the page about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuningfork.report.volunteers import kept

WIDTH = 100.0
"""Of the figure, in its own units."""
MOST = 50.0
"""Volunteers at the figure's right edge; 1 at its left."""


@dataclass(frozen=True)
class Matched:
    """The crowd that the machine matches at one question, or at any."""

    question: int
    """1 to 11; 0 for any."""
    volunteers: float
    low: float
    high: float
    """95 % interval; infinite where there is no upper end."""

    @property
    def place(self) -> float:
        """Where the dot stands, 0 to WIDTH, on a logarithmic scale."""
        return place(self.volunteers)

    @property
    def bar(self) -> tuple[float, float]:
        """Where the interval begins and ends."""
        return place(self.low), place(self.high)


def matched_by(identity: str) -> tuple[Matched, ...]:
    """What was measured for the network of this SHA-256, any question last; empty if nothing was.

    Raises BadModel if the file that keeps it is damaged.
    """
    stated = kept(identity)
    if stated is None:
        return ()
    whole = stated["whole"]
    rows = [(one["number"], one["crowd"]) for one in whole["questions"]]
    found = (_matched(number, crowd) for number, crowd in [*rows, (0, whole["overall"])])
    return tuple(one for one in found if one is not None)


def place(volunteers: float) -> float:
    """Where a number of volunteers stands on the figure's scale."""
    return WIDTH * math.log(min(max(volunteers, 1.0), MOST)) / math.log(MOST)


def _matched(number: int, crowd: Mapping[str, Any]) -> Matched | None:
    if crowd["volunteers"] is None or crowd["interval"] is None:
        return None
    low, high = crowd["interval"]
    return Matched(number, float(crowd["volunteers"]), float(low), float(high))
