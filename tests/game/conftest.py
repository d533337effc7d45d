"""A tiny deck, a machine that errs on purpose, and players who read the pages."""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from sqlalchemy import create_engine, make_url, select, text
from werkzeug.test import TestResponse

from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.deck import Deck, DeckGalaxy
from tuningfork.game.machine import Answer
from tuningfork.game.store import Round
from tuningfork.votes.rules import CLASSES
from tuningfork.votes.tree import TREE

COMMENT = b"the-truth-is-in-the-comment"


def draw_galaxy(truth: str, number: int) -> bytes:
    """Draw a JPEG with a hint of the class's shape, unlike any other, with a telling comment."""
    picture = Image.new("RGB", (120, 120), (8, 8, 12))
    pen = ImageDraw.Draw(picture)
    thickness = {"elliptical": 30, "spiral": 22, "barred_spiral": 16, "edge_on_spiral": 4}[truth]
    pen.ellipse((20, 60 - thickness, 100, 60 + thickness), fill=(200, 180, 150))
    pen.rectangle((3, 3, 9 + number, 9), fill=(90, 90 + number, 120))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", comment=COMMENT + truth.encode())
    return buffer.getvalue()


VOTES = dict.fromkeys(TREE.columns, 0.0) | {"Class1.2": 0.998, "Class2.1": 0.998, "Class1.1": 0.002}
"""Volunteers who are nearly all of one opinion."""


def make_deck(each: int = 6, votes: Mapping[str, float] = MappingProxyType({})) -> Deck:
    """``each`` galaxies of every class, in memory; ids tell the class, as a careless deck would."""
    galaxies = [
        DeckGalaxy(f"{truth}-{number}", truth, lambda picture=picture: picture, votes)  # type: ignore[misc]
        for truth in CLASSES
        for number, picture in ((n, draw_galaxy(truth, n)) for n in range(each))
    ]
    return Deck("tiny", simulated=True, galaxies=tuple(galaxies))


@dataclass
class FakeMachine:
    """Always says spiral, with odd probabilities, and counts how often it was asked."""

    name: str = "fake"
    identity: str = "f" * 64
    view: float = 0.5
    asked: list[str] = field(default_factory=list)

    def answer(self, picture: bytes) -> Answer:
        """Spiral."""
        self.asked.append(hashlib.sha256(picture).hexdigest())
        given = dict.fromkeys(CLASSES, 0.0713) | {"spiral": 0.7861}
        return Answer("spiral", given)


class Player:
    """A browser with its own cookies, which follows the pages' own forms."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()

    def get(self, path: str) -> TestResponse:
        """Ask for a page."""
        return self.client.get(path, buffered=True)

    def form(self, page: str) -> str:
        """Find the token that the page's form carries."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, "the page has no form"
        return found[1]

    def start(self) -> str:
        """Press the home page's button; give the path of the round."""
        token = self.form(self.get("/").text)
        answer = self.client.post("/round", data={"csrf_token": token})
        assert answer.status_code == 303
        return answer.headers["Location"].removesuffix("/galaxy/1")

    def guess(self, path: str, number: int, choice: str | None) -> TestResponse:
        """Send a guess with a valid form, whatever page the player is on."""
        data = {"csrf_token": self.form(self.get("/").text)}
        if choice is not None:
            data["guess"] = choice
        return self.client.post(f"{path}/galaxy/{number}", data=data)

    def play(self, path: str, choices: list[str]) -> None:
        """Guess the first galaxies of a round."""
        for number, choice in enumerate(choices, start=1):
            assert self.guess(path, number, choice).status_code == 303


@pytest.fixture
def machine() -> FakeMachine:
    """Give a machine whose answers are known."""
    return FakeMachine()


@pytest.fixture
def make_app(tmp_path: Path, machine: FakeMachine) -> Iterator[Callable[..., Flask]]:
    """Start the game on the test's folder, as often as the test likes."""
    apps: list[Flask] = []

    def build(deck: Deck | None = None, folder: Path | None = None) -> Flask:
        app = create_app(GameConfig(deck or make_deck(), machine, folder or tmp_path / "data"))
        apps.append(app)
        return app

    yield build
    for app in apps:
        app.extensions["tuningfork"].close()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """Start a game with the tiny deck."""
    return make_app()


@pytest.fixture
def player(app: Flask) -> Player:
    """Somebody with a browser."""
    return Player(app)


def turns_of(app: Flask, path: str) -> list[tuple[str, str, str | None]]:
    """Galaxy, truth and guess of each turn, read past the pages out of the database."""
    with app.extensions["tuningfork"].store.reading() as session:
        found = session.scalars(select(Round).where(Round.token == path.split("/")[2])).one()
        return [(turn.galaxy, turn.truth, turn.guess) for turn in found.turns]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a real PostgreSQL server; give the URL of its first database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it grumbles about a runtime folder that it does not need
        pgserver = pytest.importorskip("pgserver", reason="no PostgreSQL for this computer")
    # Not below pytest's own folder: run by root, the server takes another user, who must get in.
    folder = Path(tempfile.mkdtemp(prefix="tuningfork-postgres-"))
    folder.chmod(0o755)
    server = pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a new, empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'game.sqlite3'}"
        return
    first = make_url(request.getfixturevalue("postgres")).set(drivername="postgresql+psycopg")
    engine = create_engine(first, isolation_level="AUTOCOMMIT")
    name = f"game_{secrets.token_hex(6)}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield first.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
