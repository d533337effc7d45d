"""The first page: what the game is, and the ways in."""

from __future__ import annotations

from flask import Blueprint, render_template

from tuningfork.game.difficulty import LEVELS
from tuningfork.game.modes import MODES
from tuningfork.game.rounds import ROUND_LENGTH, current_turn, unfinished_round
from tuningfork.game.state import current_game, known_player
from tuningfork.game.strengths import strengths

pages = Blueprint("home", __name__)


@pages.get("/")
def home() -> str:
    """Welcome; who has left a round in the middle may go on with it."""
    game, player = current_game(), known_player()
    unfinished = player and unfinished_round(game.store, game.deck, player)
    return render_template(
        "home.html",
        deck=game.deck,
        decks=game.decks,
        strengths=[one for one in strengths() if one.name in game.memories],
        difficulties=("", *LEVELS),
        modes=[mode for mode in MODES.values() if mode.name != "room"],
        length=min(ROUND_LENGTH, len(game.deck.galaxies)),
        unfinished=unfinished,
        turn=current_turn(unfinished) if unfinished else None,
    )
