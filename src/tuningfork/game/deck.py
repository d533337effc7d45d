"""A deck: galaxies whose class is known, to be guessed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar


@dataclass(frozen=True)
class DeckGalaxy:
    """One galaxy: its id in the deck, its true class, and a function that reads its picture."""

    id: str
    truth: str
    read: Callable[[], bytes]
    votes: Mapping[str, float] = field(default_factory=dict)
    """Volunteers' weighted fractions under their columns' names; empty where nobody voted."""
    title: str = ""
    """What astronomers call it, and what they say of it; told after the guess."""
    simulated: bool = False
    """Drawn by this program, whatever deck it is in."""


@dataclass(frozen=True)
class Deck:
    """Galaxies to draw from, and sentences about what of the folder is not among them."""

    name: str
    simulated: bool
    galaxies: tuple[DeckGalaxy, ...]
    remarks: tuple[str, ...] = ()

    far: ClassVar[bool] = False
    """Whether pictures come over the internet, so that nobody looks at all of them ahead."""

    @cached_property
    def key(self) -> str:
        """Names the deck by its galaxies and their classes, wherever its folder lies."""
        told = "\n".join(sorted(f"{galaxy.truth}\t{galaxy.id}" for galaxy in self.galaxies))
        return hashlib.sha256(told.encode()).hexdigest()

    @cached_property
    def by_id(self) -> Mapping[str, DeckGalaxy]:
        """Every galaxy under its id."""
        return {galaxy.id: galaxy for galaxy in self.galaxies}

    @cached_property
    def by_class(self) -> Mapping[str, tuple[DeckGalaxy, ...]]:
        """The galaxies of each class that the deck holds."""
        classes = sorted({galaxy.truth for galaxy in self.galaxies})
        return {
            name: tuple(galaxy for galaxy in self.galaxies if galaxy.truth == name)
            for name in classes
        }

    def ready(self, had: Collection[str] = ()) -> Mapping[str, tuple[DeckGalaxy, ...]]:
        """The galaxies of each class that can be drawn now: here, all of them.

        A deck that is still on its way has others for who ``had`` these before.
        """
        return self.by_class

    def close(self) -> None:
        """Give back what the deck holds open: here, nothing."""
