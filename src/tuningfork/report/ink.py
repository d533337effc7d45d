"""Colours, marks and words of figures: apart for every eye, on paper too.

Colours are Okabe and Ito's (2008), darkened where they would fade on white; each class also has a
line style and a mark of its own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ink:
    """How one thing is drawn."""

    colour: str
    dash: str
    mark: str


INKS = (
    Ink("#b84a00", "-", "o"),
    Ink("#0067a3", "--", "s"),
    Ink("#007a5a", "-.", "^"),
    Ink("#a3487f", ":", "D"),
    Ink("#8a6d00", (0, (5, 1, 1, 1, 1, 1)), "v"),  # type: ignore[arg-type]
    Ink("#3d3d3d", (0, (1, 1)), "P"),  # type: ignore[arg-type]
    Ink("#3f8fbf", (0, (3, 1)), "X"),  # type: ignore[arg-type]
)
QUIET = "#5c5c5c"
"""Of what stands behind: diagonals, grids, notes."""


def ink(place: int) -> Ink:
    """The ink of the class or answer at this place."""
    return INKS[place % len(INKS)]


def amount(count: int, one: str, many: str = "") -> str:
    """So many of something: 1 picture, 1,000 pictures; ``many`` where an s does not do."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def galaxy_count(count: int) -> str:
    """So many galaxies."""
    return amount(count, "galaxy", "galaxies")
