"""The boards: who did best in a mode on a day, without names."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from tuningfork.game.board import Contest, board
from tuningfork.game.difficulty import LEVELS
from tuningfork.game.modes import MODES
from tuningfork.game.schema import now
from tuningfork.game.state import current_game, known_player

pages = Blueprint("board", __name__)


@pages.get("/board")
def today() -> AnyResponse:
    """Go to today's board of the daily challenge."""
    return redirect(url_for("board.show", mode="daily", day=now().date().isoformat()), 303)


@pages.get("/board/<mode>/<day>")
def show(mode: str, day: str) -> str:
    """Show the best of a mode and day, for one deck, strength and difficulty."""
    game = current_game()
    ranked = [one.name for one in MODES.values() if one.ranked]
    if mode not in ranked:
        abort(404)
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        abort(404)
    deck = request.args.get("deck", "")
    name = deck if deck in game.decks else next(iter(game.decks))
    strength = request.args.get("strength", "full")
    difficulty = request.args.get("difficulty", "")
    if difficulty not in ("", *LEVELS) or strength not in {*game.memories, "full"}:
        abort(404)
    contest = Contest(mode, asked, game.decks[name].key, strength, difficulty)
    return render_template(
        "board.html",
        contest=contest,
        deck=name,
        modes=ranked,
        places=board(game.store, contest, known_player()),
    )
