"""Pictures of the galaxies of a round, by their place in it."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from tuningfork.errors import TuningForkError
from tuningfork.game.heat import heat_jpeg
from tuningfork.game.pages.rounds import deck_of, own_round
from tuningfork.game.pictures import plain_jpeg
from tuningfork.game.reveal import said_of
from tuningfork.game.rounds import current_turn
from tuningfork.game.state import current_game, known_player
from tuningfork.game.turnstile import aside
from tuningfork.votes.rules import CLASSES

pages = Blueprint("pictures", __name__)


@pages.get("/round/<token>/galaxy/<int:number>.jpg")
def picture(token: str, number: int) -> Response:
    """One's own galaxy, once it is its turn; the address says nothing but its place."""
    game = current_game()
    named = game.shown.get((token, known_player() or "", number)) or _may_see(token, number)
    key = (*named, "")
    jpeg = game.pictures.get(key)
    if jpeg is None:
        deck = game.deck_of_key(named[0])
        if deck is None:
            abort(410)
        galaxy = deck.by_id[named[1]]
        try:
            with aside():
                jpeg = plain_jpeg(galaxy.read(), galaxy.id)
        except (OSError, TuningForkError):
            abort(404)
        game.pictures.put(key, jpeg)
    return Response(jpeg, mimetype="image/jpeg")


def _may_see(token: str, number: int) -> tuple[str, str]:
    """Give deck and galaxy of an answered question, or of the present one; 404 for another."""
    played = own_round(token)
    if not 1 <= number <= len(played.turns):
        abort(404)
    turn = played.turns[number - 1]
    if turn.guess is None and turn is not current_turn(played):
        abort(404)
    return played.deck, turn.galaxy


@pages.get("/round/<token>/galaxy/<int:number>/heat/<label>.jpg")
def heat(token: str, number: int, label: str) -> Response:
    """What the machine looked at, for one class; only of a galaxy that is answered."""
    played = own_round(token)
    if not 1 <= number <= len(played.turns) or label not in CLASSES:
        abort(404)
    turn = played.turns[number - 1]
    if turn.guess is None:
        abort(404)
    game = current_game()
    said = said_of(game, played, turn)
    if said is None:
        abort(404)
    galaxy, view = deck_of(played).by_id[turn.galaxy], game.memory_of(played.strength).machine.view
    key = (f"{played.deck} {turn.model}", turn.galaxy, label)
    jpeg = game.pictures.get(key)
    if jpeg is None:
        try:
            with aside():
                jpeg = heat_jpeg(galaxy.read(), galaxy.id, said, label, view)
        except (OSError, TuningForkError):
            jpeg = None
        if jpeg is None:
            abort(404)
        game.pictures.put(key, jpeg)
    return Response(jpeg, mimetype="image/jpeg")
