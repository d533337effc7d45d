"""A touch screen in public: one way to play, no way out, and everyone starts anew."""

from __future__ import annotations

from flask import Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

IDLE_SECONDS = 60  # without a touch, before the question whether somebody is there
WARNING_SECONDS = 15  # for the answer to it
WITHOUT_SCRIPT_SECONDS = 180  # on one page, before the next visitor's turn
STAYING = frozenset(
    {
        "static",
        "health.healthz",
        "start.start",
        "rounds.go_on",
        "rounds.galaxy",
        "rounds.guess",
        "rounds.answer",
        "rounds.end",
        "pictures.picture",
        "pictures.heat",
        "kiosk.again",
    }
)
"""Endpoints that belong to a round; every other one leads back to the first page."""


def install(app: Flask, *, kiosk: bool) -> None:
    """Tell the templates whether this is a kiosk; if it is, let nothing lead out of the round."""
    app.jinja_env.globals["kiosk"] = (
        {
            "idle": IDLE_SECONDS,
            "warning": WARNING_SECONDS,
            "without_script": WITHOUT_SCRIPT_SECONDS,
        }
        if kiosk
        else None
    )
    if kiosk:
        from tuningfork.game.pages import kiosk as pages

        app.register_blueprint(pages.pages)
        app.before_request(_stay)


def _stay() -> str | AnyResponse | None:
    if request.endpoint in STAYING:
        return None
    if request.endpoint == "home.home":
        return render_template("kiosk.html")
    return redirect(url_for("home.home"), 303)
