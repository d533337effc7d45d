"""The application factory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined

from tuningfork.game import kiosk, languages, security, words
from tuningfork.game.deck import Deck
from tuningfork.game.folder import DATABASE, given_secret, prepare_folder, read_secret
from tuningfork.game.limits import limit_rates
from tuningfork.game.machine import Machine, Memory
from tuningfork.game.pages import (
    about,
    board,
    errors,
    guide,
    health,
    home,
    pictures,
    rooms,
    rounds,
    start,
    yours,
)
from tuningfork.game.state import EXTENSION, Game
from tuningfork.game.store import Store
from tuningfork.game.strengths import opponents

COOKIE_LIFETIME = timedelta(days=31)
LARGEST_FORM = 16 * 1024  # bytes; a guess and its token need a few hundred


@dataclass(frozen=True)
class GameConfig:
    """What a game needs: galaxies, an opponent and a folder for its rounds and its secret."""

    deck: Deck
    machine: Machine
    folder: Path
    database: str | None = None
    """URL of an SQLite or PostgreSQL database; None: a file in ``folder``."""
    further_decks: Mapping[str, Deck] = field(default_factory=dict)
    """Other decks to choose from, under their names in forms: ``sky``."""
    production: bool = False
    """On the open internet: rates are limited."""
    kiosk: bool = False
    """On a touch screen in public."""


def create_app(config: GameConfig) -> Flask:
    """Build the game; it works in tests and under any WSGI server.

    With a database elsewhere and the secret in the environment nothing is written to the folder.
    Raises TuningForkError if the folder cannot be written to, or the database cannot be opened.
    """
    secret = given_secret()
    if config.database is None or secret is None:
        prepare_folder(config.folder)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secret or read_secret(config.folder),
        SESSION_COOKIE_NAME="tuningfork",
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=COOKIE_LIFETIME,
        SESSION_REFRESH_EACH_REQUEST=False,  # pages do it, see tuningfork.game.security
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        # A form is good for as long as its cookie: a round may rest overnight.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.jinja_env.undefined = StrictUndefined
    store = Store(config.database or config.folder / DATABASE)
    memories = {name: Memory(machine, store) for name, machine in opponents(config.machine).items()}
    app.extensions[EXTENSION] = Game(
        config.deck, memories["full"], store, dict(config.further_decks), memories
    )
    languages.install(app)
    words.install(app)
    yours.allow_pictures(app)
    security.protect(app)
    kiosk.install(app, kiosk=config.kiosk)
    for page in (home, start, rounds, pictures, guide, board, yours, rooms, about, health):
        app.register_blueprint(page.pages)
    if config.production:
        limit_rates(app, store)
    errors.register(app)
    return app
