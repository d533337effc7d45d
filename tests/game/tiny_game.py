"""The tiny deck's game in its own process: ``python -m tests.game.tiny_game FOLDER``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.game.conftest import VOTES, FakeMachine, make_deck
from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.machine import load_machine
from tuningfork.game.server import serve


@contextmanager
def running(folder: Path, **options: object) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a server on a free port; give its address and process, and end it afterwards.

    ``options`` are further ones of ``GameConfig``; ``proxy`` and ``port`` are those of
    ``serve``; with ``real`` the bundled network plays galaxies that volunteers voted on.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.game.tiny_game", str(folder), json.dumps(options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, process.stderr and process.stderr.read()
        yield address, process
    finally:
        process.kill()
        process.communicate(timeout=10)


def main(folder: Path, options: dict[str, Any]) -> None:
    """Serve until Ctrl-C."""
    proxy, port = options.pop("proxy", None), options.pop("port", 0)
    real = options.pop("real", False)
    deck, machine = (
        make_deck(votes=VOTES if real else {}),
        load_machine() if real else FakeMachine(),
    )
    app = create_app(GameConfig(deck, machine, folder, **options))
    ready = lambda address: print(address, flush=True)  # noqa: E731
    serve(app, host="127.0.0.1", port=port, ready=ready, proxy=proxy)
    app.extensions["tuningfork"].close()
    print("ended")


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
