"""The game for strangers: behind a proxy, under attack, with a broken database."""

from __future__ import annotations

import http.client
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from tests.game.conftest import FakeMachine, Player, make_deck
from tests.game.tiny_game import running
from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.folder import SECRET_VARIABLE
from tuningfork.game.server import LARGEST_BODY

FORWARDED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


def _connect(address: str) -> closing[http.client.HTTPConnection]:
    split = urlsplit(address)
    return closing(http.client.HTTPConnection(str(split.hostname), split.port, timeout=60))


def _ask(address: str, path: str, **headers: str) -> http.client.HTTPResponse:
    with _connect(address) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer


def test_health_tells_whether_the_database_answers(player: Player) -> None:
    """200 while it does, and no cookie is set."""
    well = player.get("/healthz")
    assert (well.status_code, well.json) == (200, {"status": "ok"})
    assert "Set-Cookie" not in well.headers


def test_health_is_bad_without_a_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the database cannot be reached any more the server says so, without its reasons."""
    store = app.extensions["tuningfork"].store
    gone = OperationalError("SELECT 1", {}, Exception("no such host"))
    monkeypatch.setattr(store, "check", Mock(side_effect=gone))
    answer = Player(app).get("/healthz")
    store.close()
    assert answer.status_code == 503
    assert "no such host" not in answer.text


def test_only_the_named_proxy_is_believed(tmp_path: Path) -> None:
    """Behind the named proxy https marks the cookie and asks for https; else nothing changes."""
    for proxy, secure in ((None, False), ("192.0.2.1", False), ("127.0.0.1", True)):
        with running(tmp_path, proxy=proxy) as (address, _):
            answer = _ask(address, "/", **FORWARDED)
            assert answer.status == 200
            cookie = answer.headers["Set-Cookie"]
            assert ("Secure" in cookie) == secure, proxy
            assert ("Strict-Transport-Security" in answer.headers) == secure, proxy


def test_more_than_a_picture_is_not_taken_in(tmp_path: Path) -> None:
    """A body larger than any picture is refused before it has been sent."""
    with running(tmp_path) as (address, process):
        with _connect(address) as connection:
            connection.putrequest("POST", "/yours")
            connection.putheader("Content-Length", str(LARGEST_BODY + 1))
            connection.endheaders()
            with connection.getresponse() as answer:
                assert answer.status == 413
        assert process.poll() is None
        assert _ask(address, "/healthz").status == 200


def test_secret_is_made_once_for_its_owner_only(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    """Two starts share one secret in a file that nobody else may read."""
    first, second = make_app(), make_app()
    assert first.secret_key == second.secret_key
    path = tmp_path / "data" / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text("utf-8").strip() == first.secret_key


def test_nothing_is_written_with_a_given_secret_and_a_database(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With secret and database given no folder is needed, so the disk may be read-only."""
    monkeypatch.setenv(SECRET_VARIABLE, "0123456789abcdef")
    folder = tmp_path / "never" / "made"
    app = create_app(GameConfig(make_deck(), FakeMachine(), folder, database=database))
    player = Player(app)
    player.play(player.start(), ["spiral"] * 10)
    app.extensions["tuningfork"].close()
    assert not folder.parent.exists()


def test_load_script_measures_a_running_game(tmp_path: Path) -> None:
    """The script plays against an address and prints its figures as one line of JSON."""
    with running(tmp_path) as (address, _):
        words = ["benchmarks/load.py", "--address", address, "--rate", "150", "--players", "5"]
        done = subprocess.run(
            [sys.executable, *words, "--seconds", "2"],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).resolve().parents[2],
        )
    told = json.loads(done.stdout)
    assert told["requests"] == 300
    assert told["broken"] == 0
    assert set(told["statuses"]) <= {"200", "303"}
    assert told["guesses"] > 0
    assert told["p50_ms"] <= told["p99_ms"] <= told["max_ms"]
