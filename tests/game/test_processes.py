"""Two processes of the game behind one PostgreSQL, with nothing in common but it and the secret."""

from __future__ import annotations

import re
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest
from sqlalchemy import select

from tests.game.tiny_game import running
from tuningfork.game.folder import SECRET_VARIABLE
from tuningfork.game.schema import Round
from tuningfork.game.store import Store
from tuningfork.votes.rules import CLASSES

Game = tuple[str, subprocess.Popen[str]]


@pytest.fixture(params=["postgresql"], name="database")
def _database(request: pytest.FixtureRequest, database: str) -> str:
    """Only the kind of database that several machines can share."""
    return database


@pytest.fixture
def games(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Game]]:
    """Start two processes in two folders, as on two machines."""
    monkeypatch.setenv(SECRET_VARIABLE, secrets.token_hex(16))
    with ExitStack() as stack:
        yield [
            stack.enter_context(running(tmp_path / name, database=database, production=True))
            for name in ("first", "second")
        ]


class Browser:
    """Somebody whose requests reach whichever process the proxy chooses: each in turn."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = addresses
        self._turn = 0
        self._open: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> str:
        """Give a page."""
        with self._open.open(self._next() + path, timeout=60) as answer:
            return str(answer.read().decode())

    def post(self, path: str, page: str, **form: str) -> str:
        """Send the form of a page; give the path where the answer leads to in the end."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token, "the page has no form"
        data = urlencode({"csrf_token": token[1], **form}).encode()
        with self._open.open(self._next() + path, data, timeout=60) as answer:
            answer.read()
            return str(urlsplit(answer.url).path)

    def _next(self) -> str:
        self._turn += 1
        return self._addresses[self._turn % len(self._addresses)].rstrip("/")


def test_every_request_may_go_to_another_process(games: list[Game], database: str) -> None:
    """Page, form, answer and end by turns on two processes; boards of both show the round at once.

    The process that began it is killed in the middle, and nothing is lost.
    """
    both = [address for address, _ in games]
    browser = Browser(both)
    first = browser.post("/round", browser.get("/"), mode="ten")
    path = first.removesuffix("/galaxy/1")
    truths = _truths(database, path)
    for number in range(1, 6):
        page = browser.get(f"{path}/galaxy/{number}")
        browser.post(f"{path}/galaxy/{number}", page, guess=truths[number - 1])
    games[0][1].send_signal(signal.SIGKILL)
    games[0][1].wait()
    browser._addresses = both[1:]
    for number in range(6, 11):
        page = browser.get(f"{path}/galaxy/{number}")
        browser.post(f"{path}/galaxy/{number}", page, guess=truths[number - 1])
    assert re.search(r"\b10\b", browser.get(f"{path}/end"))
    store = Store(database)
    with store.reading() as session:
        played = session.scalars(select(Round).where(Round.token == path.split("/")[2])).one()
        assert [turn.guess for turn in played.turns] == truths
    store.close()


def test_the_live_board_is_the_same_on_both(games: list[Game], database: str) -> None:
    """A teacher on one process sees at once what a pupil does on the other."""
    first, second = ([address] for address, _ in games)
    teacher, pupil = Browser(first), Browser(second)
    board = teacher.post("/rooms", teacher.get("/rooms"))
    room = board.removesuffix("/board")
    path = pupil.post(room, pupil.get(room)).removesuffix("/galaxy/1")
    truths = _truths(database, path)
    for number in range(1, 4):
        page = pupil.get(f"{path}/galaxy/{number}")
        pupil.post(f"{path}/galaxy/{number}", page, guess=truths[number - 1])
        told = []
        for addresses in (first, second):
            teacher._addresses = addresses
            told.append(_lines(teacher.get(f"{board}/lines")))
        assert told[0] == told[1] == [(str(number), str(number))]


def test_limits_of_both_count_together(games: list[Game]) -> None:
    """What one process has counted the other one knows: 60 rooms an hour, whoever is asked."""
    from urllib.error import HTTPError

    browser = Browser([address for address, _ in games])
    page = browser.get("/rooms")
    for _ in range(60):
        browser.post("/rooms", page)
    for _ in games:
        with pytest.raises(HTTPError, match="429"):
            browser.post("/rooms", page)


def _truths(database: str, path: str) -> list[str]:
    """Read the true classes past the pages."""
    store = Store(database)
    with store.reading() as session:
        played = session.scalars(select(Round).where(Round.token == path.split("/")[2])).one()
        found = [turn.truth for turn in played.turns]
    store.close()
    assert set(found) <= set(CLASSES)
    return found


def _lines(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<th scope="row">[^<]+</th><td>(\d+) of.*?</td><td>(\d+)</td>', page)
