"""What the pages work with: one application's deck, machine's memory and store."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import cast

from flask import current_app, session

from tuningfork.game.deck import Deck
from tuningfork.game.machine import Memory
from tuningfork.game.store import Store

EXTENSION = "tuningfork"


@dataclass(frozen=True)
class Game:
    """One running game."""

    deck: Deck
    memory: Memory
    store: Store

    def close(self) -> None:
        """Close the database."""
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
