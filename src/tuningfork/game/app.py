"""The application factory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined

from tuningfork.game import security
from tuningfork.game.deck import Deck
from tuningfork.game.folder import prepare_folder, read_secret
from tuningfork.game.machine import Machine, Memory
from tuningfork.game.pages import about, errors, home, pictures, rounds
from tuningfork.game.state import EXTENSION, Game
from tuningfork.game.store import Store

COOKIE_LIFETIME = timedelta(days=31)
LARGEST_FORM = 16 * 1024  # bytes; a guess and its token need a few hundred


@dataclass(frozen=True)
class GameConfig:
    """What a game needs: galaxies, an opponent and a folder for its rounds and its secret."""

    deck: Deck
    machine: Machine
    folder: Path


def create_app(config: GameConfig) -> Flask:
    """Build the game; it works in tests and under any WSGI server.

    Raises TuningForkError if the folder cannot be written to or holds a damaged database.
    """
    folder = prepare_folder(config.folder)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=read_secret(folder),
        SESSION_COOKIE_NAME="tuningfork",
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=COOKIE_LIFETIME,
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        # A form is good for as long as its cookie: a round may rest overnight.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.jinja_env.undefined = StrictUndefined
    store = Store(folder / "game.sqlite3")
    app.extensions[EXTENSION] = Game(config.deck, Memory(config.machine, store), store)
    security.protect(app)
    for page in (home, rounds, pictures, about):
        app.register_blueprint(page.pages)
    errors.register(app)
    return app
