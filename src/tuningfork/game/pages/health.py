"""Whether the server can serve, for whoever starts it anew if it cannot."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from tuningfork.game.state import current_game

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def healthz() -> tuple[Response, int]:
    """200 if the database answers, else 503; no cookie, no limit."""
    try:
        current_game().store.check()
    except SQLAlchemyError:
        return jsonify(status="the database does not answer"), 503
    return jsonify(status="ok"), 200
