"""What the pages work with: one application's decks, opponents and store."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from flask import current_app, session

from tuningfork.game.deck import Deck
from tuningfork.game.difficulty import Difficulties
from tuningfork.game.draw import Pool
from tuningfork.game.machine import Memory
from tuningfork.game.recent import Recent
from tuningfork.game.store import Round, Store

EXTENSION = "tuningfork"
SHOWN = 4096
PICTURES = 1536  # encoded pictures kept in memory, about 40 kB each: a deck with its heat maps


@dataclass(frozen=True)
class Game:
    """One running game."""

    deck: Deck
    """The deck that is played unless another is chosen."""
    memory: Memory
    """The machine at full strength."""
    store: Store
    further_decks: Mapping[str, Deck] = field(default_factory=dict)
    """Other decks to choose from, under their names in forms."""
    memories: Mapping[str, Memory] = field(default_factory=dict)
    """Every strength's machine, under the strength's name."""
    pictures: Recent[tuple[str, str, str], bytes] = field(default_factory=lambda: Recent(PICTURES))
    """Encoded pictures under deck, galaxy and kind."""
    shown: Recent[tuple[str, str, int], tuple[str, str]] = field(
        default_factory=lambda: Recent(SHOWN)
    )
    """Deck and galaxy of questions that were sent, under round, player and number: whoever has the
    page may have its picture, so the database is not asked once more."""

    @cached_property
    def decks(self) -> Mapping[str, Deck]:
        """Every deck under its name in forms."""
        first = "simulated" if self.deck.simulated else "own"
        return {first: self.deck, **self.further_decks}

    @cached_property
    def difficulties(self) -> Mapping[str, Difficulties]:
        """The thirds of each deck, by the deck's key; nothing is measured before it is asked."""
        return {deck.key: Difficulties(deck, self.memory) for deck in self.decks.values()}

    def deck_of(self, played: Round) -> Deck | None:
        """Find the deck of a round; None if the game has been started with others since."""
        return self.deck_of_key(played.deck)

    def deck_of_key(self, key: str) -> Deck | None:
        """Find the deck of that key."""
        return next((deck for deck in self.decks.values() if deck.key == key), None)

    def memory_of(self, strength: str) -> Memory:
        """Give the machine of a strength; at full strength if there is none of that name."""
        return self.memories.get(strength, self.memory)

    def pool(self, deck: Deck, difficulty: str, had: Collection[str] = ()) -> Pool:
        """Give the galaxies of a difficulty, for a round that ``had`` some before.

        Raises TuningForkError while they are not known.
        """
        return self.difficulties[deck.key].pool(difficulty, had)

    def close(self) -> None:
        """Close the decks and the database."""
        for deck in self.decks.values():
            deck.close()
        self.store.close()


def current_game() -> Game:
    """Give the game of the application that answers the present request."""
    return cast(Game, current_app.extensions[EXTENSION])


def known_player() -> str | None:
    """Give the player named by the signed cookie; None without a cookie, or with an expired one."""
    return session.get("player")


def player() -> str:
    """Give the player named by the signed cookie, which is given to whoever has none."""
    found = known_player()
    if found is None:
        found = session["player"] = secrets.token_urlsafe(16)
    return found
