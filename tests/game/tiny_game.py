"""The tiny deck's game in its own process: ``python -m tests.game.tiny_game FOLDER``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.game.conftest import FakeMachine, make_deck
from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.server import serve


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a server on a free port; give its address and process, and end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.game.tiny_game", str(folder)],
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


def main(folder: Path) -> None:
    """Serve until Ctrl-C."""
    app = create_app(GameConfig(make_deck(), FakeMachine(), folder))
    serve(app, host="127.0.0.1", port=0, ready=lambda address: print(address, flush=True))
    app.extensions["tuningfork"].close()
    print("ended")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
