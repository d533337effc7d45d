"""A round: ten times a galaxy and its answer, then the result."""

from __future__ import annotations

from typing import TypeAlias

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from tuningfork.game.rounds import current_turn, find_round, score, start_round, store_guess
from tuningfork.game.state import current_game, known_player, player
from tuningfork.game.store import Round, Turn
from tuningfork.votes.rules import CLASSES

pages = Blueprint("rounds", __name__)

Page: TypeAlias = str | AnyResponse | tuple[str, int]


@pages.post("/round")
def start() -> AnyResponse:
    """Draw a new round."""
    game = current_game()
    token = start_round(game.deck, game.memory, game.store, player())
    return _to_galaxy(token, 1)


@pages.get("/round")
def nowhere() -> AnyResponse:
    """Send who comes here by the address bar to the button that starts a round."""
    return redirect(url_for("home.home"), 303)


@pages.get("/round/<token>")
def go_on(token: str) -> AnyResponse:
    """Go where the round stands: its next galaxy, or its end."""
    played = own_round(token)
    turn = current_turn(played)
    return _to_end(token) if turn is None else _to_galaxy(token, turn.number)


@pages.get("/round/<token>/galaxy/<int:number>")
def galaxy(token: str, number: int) -> Page:
    """Show the galaxy and the four choices; once answered, its answer."""
    played = own_round(token)
    turn = _turn(played, number)
    if turn.guess is not None:
        return _to_answer(token, number)
    if turn is not current_turn(played):
        return go_on(token)
    return _choices(played, turn)


@pages.post("/round/<token>/galaxy/<int:number>")
def guess(token: str, number: int) -> Page:
    """Take a guess: the first one for the galaxy whose turn it is."""
    played = own_round(token)
    turn = _turn(played, number)
    choice = request.form.get("guess", "")
    current = current_turn(played)
    if turn.guess is None and turn is not current:
        return render_template("too_early.html", played=played, turn=current), 409
    if turn.guess is None and choice not in CLASSES:
        flash("Choose one of the four first: an empty guess does not count.")
        return _choices(played, turn), 422
    counted = turn.guess or store_guess(current_game().store, turn, choice)
    if choice in CLASSES and choice != counted:
        flash("You had already answered this galaxy. Your first answer counts.")
    return _to_answer(token, number)


@pages.get("/round/<token>/galaxy/<int:number>/answer")
def answer(token: str, number: int) -> Page:
    """Show your answer, the machine's, the truth, and who scored."""
    played = own_round(token)
    turn = _turn(played, number)
    if turn.guess is None:
        return go_on(token)
    return render_template(
        "answer.html", played=played, turn=turn, score=score(played), next=current_turn(played)
    )


@pages.get("/round/<token>/end")
def end(token: str) -> Page:
    """Show the result of the round, galaxy by galaxy."""
    played = own_round(token)
    if current_turn(played) is not None:
        return go_on(token)
    return render_template("end.html", played=played, score=score(played))


def own_round(token: str) -> Round:
    """Find the present player's round; 404 for another's, 410 if it is of another deck."""
    game, known = current_game(), known_player()
    played = find_round(game.store, token, known) if known else None
    if played is None:
        abort(404)
    if played.deck != game.deck.key:
        abort(410)
    return played


def _turn(played: Round, number: int) -> Turn:
    if not 1 <= number <= len(played.turns):
        abort(404)
    return played.turns[number - 1]


def _choices(played: Round, turn: Turn) -> str:
    return render_template("galaxy.html", played=played, turn=turn, score=score(played))


def _to_galaxy(token: str, number: int) -> AnyResponse:
    return redirect(url_for("rounds.galaxy", token=token, number=number), 303)


def _to_answer(token: str, number: int) -> AnyResponse:
    return redirect(url_for("rounds.answer", token=token, number=number), 303)


def _to_end(token: str) -> AnyResponse:
    return redirect(url_for("rounds.end", token=token), 303)
