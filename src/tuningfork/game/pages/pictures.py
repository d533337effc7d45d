"""Pictures of the galaxies of a round, by their place in it."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from tuningfork.errors import TuningForkError
from tuningfork.game.pages.rounds import own_round
from tuningfork.game.pictures import plain_jpeg
from tuningfork.game.rounds import current_turn
from tuningfork.game.state import current_game

pages = Blueprint("pictures", __name__)


@pages.get("/round/<token>/galaxy/<int:number>.jpg")
def picture(token: str, number: int) -> Response:
    """One's own galaxy, once it is its turn; the address says nothing but its place."""
    played = own_round(token)
    current = current_turn(played)
    reached = len(played.turns) if current is None else current.number
    if not 1 <= number <= reached:
        abort(404)
    galaxy = current_game().deck.by_id[played.turns[number - 1].galaxy]
    try:
        jpeg = plain_jpeg(galaxy.read(), galaxy.id)
    except (OSError, TuningForkError):
        abort(404)
    return Response(jpeg, mimetype="image/jpeg")
