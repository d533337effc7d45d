"""Kind words when something is missing, expired, forged or broken."""

from __future__ import annotations

import logging

from flask import Flask, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from tuningfork.errors import TuningForkError

_log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Answer every error with a page that says what to do next."""
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(HTTPException, _failed)
    app.register_error_handler(TuningForkError, _unplayable)


def _expired(_error: CSRFError) -> tuple[str, int]:
    return render_template("error.html", code="expired"), 400


def _failed(error: HTTPException) -> AnyResponse:
    response = error.get_response()  # with what the code asks for, such as 405's Allow
    response.mimetype = "text/html"
    response.set_data(render_template("error.html", code=error.code))
    return response


def _unplayable(error: TuningForkError) -> tuple[str, int]:
    _log.error("%s", error)
    return render_template("error.html", code=503), 503
