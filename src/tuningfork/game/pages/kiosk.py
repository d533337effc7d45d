"""The kiosk's way back to its first page."""

from __future__ import annotations

from flask import Blueprint, redirect, session, url_for
from werkzeug.wrappers import Response as AnyResponse

pages = Blueprint("kiosk", __name__)


@pages.get("/again")
def again() -> AnyResponse:
    """Take leave of a visitor: the next one is another player."""
    session.clear()
    return redirect(url_for("home.home"), 303)
