"""The page about galaxies, the machine, and those to whom the data are owed."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import format_decimal

from tuningfork.game.crowd import matched_by, place
from tuningfork.game.state import current_game
from tuningfork.game.strengths import strengths

pages = Blueprint("about", __name__)


@pages.get("/about")
def about() -> str:
    """Hubble's tuning fork, the four classes, how the machine learned, credits."""
    game = current_game()
    return render_template(
        "about.html",
        decks=game.decks,
        machine=game.memory.machine,
        strengths=[one for one in strengths() if one.name in game.memories],
        crowd=matched_by(game.memory.machine.identity),
        ten=round(place(10), 1),
        decimal=format_decimal,
    )
