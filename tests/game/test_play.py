"""The verb ``play``."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import tuningfork.game.machine
import tuningfork.game.server
from tests.game.conftest import FakeMachine, draw_galaxy
from tuningfork.cli.play import play
from tuningfork.errors import BadData, TuningForkError
from tuningfork.model.session import BUNDLED, model_names

app = typer.Typer()
app.command()(play)


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    """Make a folder of two class folders with one unreadable galaxy."""
    for truth in ("spiral", "elliptical"):
        folder = tmp_path / "deck" / truth
        folder.mkdir(parents=True)
        for number in range(3):
            (folder / f"{truth}{number}.jpg").write_bytes(draw_galaxy(truth, number))
    (tmp_path / "deck" / "spiral" / "broken.jpg").write_bytes(b"no picture")
    return tmp_path / "deck"


def test_help_tells_every_option() -> None:
    """The help names the options and shows examples."""
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "100"}).output
    for word in ("--deck", "--port", "--host", "--model", "--data", "--open", "Examples"):
        assert word in shown


def test_address_is_printed_and_rounds_lie_in_the_data_folder(
    deck: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verb builds the game of the deck, tells where it is, and opens no browser."""
    monkeypatch.setattr(tuningfork.game.machine, "load_machine", lambda _: FakeMachine())
    monkeypatch.setattr("webbrowser.open", lambda _: pytest.fail("a browser was opened"))

    def serve(_app: object, *, host: str, port: int, ready: object, **_: object) -> None:
        assert callable(ready)
        ready(f"http://{host}:{port}/")

    monkeypatch.setattr(tuningfork.game.server, "serve", serve)
    data = tmp_path / "rounds"
    done = CliRunner().invoke(app, ["--deck", str(deck), "--data", str(data), "--port", "8123"])
    assert (done.exit_code, done.exception) == (0, None)
    assert "http://127.0.0.1:8123/" in done.stdout
    assert {"secret", "game.sqlite3"} <= {path.name for path in data.iterdir()}


def test_bad_decks_are_refused(tmp_path: Path) -> None:
    """A missing or empty folder is named in one sentence."""
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "missing", tmp_path / "empty"):
        done = CliRunner().invoke(app, ["--deck", str(folder), "--data", str(tmp_path)])
        assert isinstance(done.exception, BadData)
        assert str(folder) in str(done.exception)


def test_port_in_use_is_refused(
    deck: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A taken port is named before anything is served."""
    monkeypatch.setattr(tuningfork.game.machine, "load_machine", lambda _: FakeMachine())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(
            app, ["--deck", str(deck), "--data", str(tmp_path), "--port", port]
        )
    assert isinstance(done.exception, TuningForkError)
    assert port in str(done.exception)


def test_the_real_thing_starts_and_stops(tmp_path: Path) -> None:
    """``tuningfork play`` serves its own deck with its own network until Ctrl-C."""
    if BUNDLED not in model_names():
        pytest.skip("the bundled network has not been trained yet")
    game = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from tuningfork.cli import main; main()",
            "play",
            "--port",
            "0",
            "--data",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": ""},
    )
    try:
        assert game.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+/", game.stdout.readline())
        assert address
        with urllib.request.urlopen(address[0], timeout=60) as page:
            assert "simulated" in page.read().decode()
        game.send_signal(signal.SIGINT)
        output, _ = game.communicate(timeout=60)
    finally:
        game.kill()
    assert (game.returncode, output.strip()) == (0, "Stopped.")
