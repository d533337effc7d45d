"""A round: galaxy after galaxy with its answer, then the result."""

from __future__ import annotations

from typing import TypeAlias

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from tuningfork.game.deck import Deck
from tuningfork.game.result import result_of
from tuningfork.game.reveal import reveal_of
from tuningfork.game.rounds import (
    current_turn,
    deadline,
    end_round,
    extend_round,
    find_round,
    is_over,
    mark_shown,
    misses,
    mode_of,
    score,
    store_guess,
)
from tuningfork.game.schema import now
from tuningfork.game.state import current_game, known_player
from tuningfork.game.store import Round, Turn
from tuningfork.votes.rules import CLASSES

pages = Blueprint("rounds", __name__)

Page: TypeAlias = str | AnyResponse | tuple[str, int]


@pages.get("/round/<token>")
def go_on(token: str) -> AnyResponse:
    """Go where the round stands: its next galaxy, or its end."""
    played = going_on(own_round(token))
    turn = current_turn(played)
    return _to_end(token) if turn is None else _to_galaxy(token, turn.number)


@pages.get("/round/<token>/galaxy/<int:number>")
def galaxy(token: str, number: int) -> Page:
    """Show the galaxy and the four choices; once answered, its answer."""
    played = own_round(token)
    turn = _turn(played, number)
    if turn.guess is not None:
        return _after(played, turn)
    if turn is not current_turn(played):
        return go_on(token)
    mark_shown(current_game().store, turn)
    return _choices(played, turn)


@pages.post("/round/<token>/galaxy/<int:number>")
def guess(token: str, number: int) -> Page:
    """Take a guess: the first one for the galaxy whose turn it is."""
    played = own_round(token)
    turn = _turn(played, number)
    choice = request.form.get("guess", "")
    current = current_turn(played)
    if turn.guess is None and is_over(played):
        flash(_("The round was over before this guess, so it does not count."))
        return go_on(token)
    if turn.guess is None and turn is not current:
        return render_template("too_early.html", played=played, turn=current), 409
    if turn.guess is None and choice not in CLASSES:
        flash(_("Choose one of the four first: an empty guess does not count."))
        return _choices(played, turn), 422
    counted = turn.guess or store_guess(current_game().store, turn, choice)
    if choice in CLASSES and counted is not None and choice != counted:
        flash(_("You had already answered this galaxy. Your first answer counts."))
    return _after(played, turn)


@pages.get("/round/<token>/galaxy/<int:number>/answer")
def answer(token: str, number: int) -> Page:
    """Show your answer, the machine's, the truth, and who scored."""
    game, played = current_game(), going_on(own_round(token))
    turn = _turn(played, number)
    if turn.guess is None:
        return go_on(token)
    return render_template(
        "answer.html",
        played=played,
        turn=turn,
        mode=mode_of(played),
        reveal=reveal_of(game, played, turn),
        score=score(played),
        misses=misses(played),
        next=current_turn(played),
    )


@pages.post("/round/<token>/end")
def finish(token: str) -> AnyResponse:
    """End a practice: the player has had enough."""
    played = own_round(token)
    if not mode_of(played).scored:
        end_round(current_game().store, played)
    return go_on(token)


@pages.get("/round/<token>/end")
def end(token: str) -> Page:
    """Show the result of the round, galaxy by galaxy."""
    game, played = current_game(), going_on(own_round(token))
    if not is_over(played):
        return go_on(token)
    return render_template(
        "end.html", played=played, mode=mode_of(played), result=result_of(game, played)
    )


def own_round(token: str) -> Round:
    """Find the present player's round; 404 for another's, 410 if it is of another deck."""
    game, known = current_game(), known_player()
    played = find_round(game.store, token, known) if known else None
    if played is None:
        abort(404)
    if game.deck_of(played) is None:
        abort(410)
    return played


def going_on(played: Round) -> Round:
    """Bring a round up to date: further galaxies where it grows, its end where it has ended."""
    game = current_game()
    if played.ended is None and is_over(played):
        end_round(game.store, played)
    elif played.ended is None and all(turn.guess is not None for turn in played.turns):
        deck = deck_of(played)
        pool = game.pool(deck, played.difficulty, [turn.galaxy for turn in played.turns])
        memory = game.memory_of(played.strength)
        if not extend_round(deck, memory, game.store, played, pool):
            end_round(game.store, played)
    else:
        return played
    return own_round(played.token)


def deck_of(played: Round) -> Deck:
    """The deck of a round; 410 if the game has been started with others since."""
    deck = current_game().deck_of(played)
    if deck is None:
        abort(410)
    return deck


def _turn(played: Round, number: int) -> Turn:
    if not 1 <= number <= len(played.turns):
        abort(404)
    return played.turns[number - 1]


def _choices(played: Round, turn: Turn) -> str:
    game = current_game()
    game.shown.put((played.token, played.player, turn.number), (played.deck, turn.galaxy))
    last = deadline(played)
    before = played.turns[turn.number - 2] if turn.number > 1 else None
    return render_template(
        "galaxy.html",
        played=played,
        turn=turn,
        before=before,
        mode=mode_of(played),
        galaxy=deck_of(played).by_id[turn.galaxy],
        deck=deck_of(played),
        score=score(played),
        misses=misses(played),
        left=None if last is None else max(0, (last - now()).total_seconds()),
    )


def _after(played: Round, turn: Turn) -> AnyResponse:
    """Go to the answer; against the clock, on to the next galaxy."""
    if mode_of(played).seconds is not None:
        return go_on(played.token)
    return redirect(url_for("rounds.answer", token=played.token, number=turn.number), 303)


def _to_galaxy(token: str, number: int) -> AnyResponse:
    return redirect(url_for("rounds.galaxy", token=token, number=number), 303)


def _to_end(token: str) -> AnyResponse:
    return redirect(url_for("rounds.end", token=token), 303)
