"""Beginning a round, of one's own choice or with a friend's galaxies."""

from __future__ import annotations

from collections.abc import Collection

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from tuningfork.game.difficulty import LEVELS
from tuningfork.game.modes import MODES
from tuningfork.game.rounds import Plan, score, start_round
from tuningfork.game.schema import now
from tuningfork.game.share import find_shared, token_of_one_try
from tuningfork.game.state import current_game, known_player, player
from tuningfork.game.store import Round

pages = Blueprint("start", __name__)

CHOICES = tuple(name for name in MODES if name != "room")


@pages.post("/round")
def start() -> AnyResponse:
    """Draw a new round, in the mode and with the choices of the form."""
    game = current_game()
    mode = _chosen("mode", CHOICES, "ten")
    deck = game.decks[_chosen("deck", game.decks, next(iter(game.decks)))]
    strength = _chosen("strength", game.memories, "full")
    difficulty = "" if deck.far else _chosen("difficulty", LEVELS, "")
    if mode == "daily":
        return _daily()
    plan = Plan(mode, strength, difficulty, pool=game.pool(deck, difficulty))
    token = start_round(deck, game.memory_of(strength), game.store, player(), plan)
    return redirect(url_for("rounds.go_on", token=token), 303)


@pages.get("/round")
def nowhere() -> AnyResponse:
    """Send who comes here by the address bar to the button that starts a round."""
    return redirect(url_for("home.home"), 303)


@pages.get("/s/<code>")
def shared(code: str) -> str | AnyResponse:
    """Show what a friend reached, and the way to the same galaxies."""
    played = _shared(code)
    if played.player == known_player():
        return redirect(url_for("rounds.end", token=played.token), 303)
    return render_template("shared.html", played=played, count=score(played).answered)


@pages.post("/s/<code>")
def play_shared(code: str) -> AnyResponse:
    """Play a friend's galaxies: once."""
    game, played = current_game(), _shared(code)
    if played.mode == "daily" and played.day == now().date():
        return _daily(played)
    if played.player == player():
        return redirect(url_for("rounds.end", token=played.token), 303)
    deck = game.deck_of(played)
    if deck is None:
        abort(410)
    plan = Plan(
        "ten" if played.mode == "daily" else played.mode,
        played.strength,
        played.difficulty,
        galaxies=[turn.galaxy for turn in played.turns],
        token=token_of_one_try(player(), "share", played.id),
        further={"shared_from_id": played.id},
    )
    token = start_round(deck, game.memory_of(played.strength), game.store, player(), plan)
    return redirect(url_for("rounds.go_on", token=token), 303)


def _daily(friend: Round | None = None) -> AnyResponse:
    """Go to the player's one try at the day's challenge: the main deck, the full machine."""
    game, day = current_game(), now().date()
    plan = Plan(
        "daily",
        day=day,
        token=token_of_one_try(player(), "daily", day, game.deck.key),
        further={} if friend is None else {"shared_from_id": friend.id},
    )
    token = start_round(game.deck, game.memory, game.store, player(), plan)
    return redirect(url_for("rounds.go_on", token=token), 303)


def _shared(code: str) -> Round:
    """Find the round of a link; 404 for a link that nobody gave, 410 if it is of another deck."""
    game = current_game()
    played = find_shared(game.store, code)
    if played is None:
        abort(404)
    if game.deck_of(played) is None:
        abort(410)
    return played


def _chosen(name: str, allowed: Collection[str], otherwise: str) -> str:
    """The form's choice, where it is one of those offered."""
    choice = request.form.get(name, otherwise)
    return choice if choice in allowed else otherwise
