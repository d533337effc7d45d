"""The folder where the game keeps its rounds and the secret that signs its cookie."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from tuningfork.errors import TuningForkError

SECRET_VARIABLE = "TUNINGFORK_SECRET"  # noqa: S105  (the variable's name, not its value)
SHORTEST_SECRET = 16
DATABASE = "game.sqlite3"
"""The file of the rounds, where no other database is named."""


def default_folder() -> Path:
    """Give the user's folder for the game: ``$XDG_DATA_HOME/tuningfork`` or its default."""
    named = os.environ.get("XDG_DATA_HOME", "")
    # The XDG base directory specification: a relative path is invalid and is to be ignored.
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "share"
    return base / "tuningfork"


def prepare_folder(folder: Path) -> Path:
    """Make ``folder``, readable by its owner only, if it is not there; raise if it is unusable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise TuningForkError(
            f"The game cannot keep its rounds in {folder}: {error.strerror or error}. "
            "Name a folder that you can write to with --data."
        ) from error
    return folder


def given_secret() -> str | None:
    """Give the secret of the environment, ``$TUNINGFORK_SECRET``; None without one."""
    given = os.environ.get(SECRET_VARIABLE, "")
    return _checked(given, f"the environment variable {SECRET_VARIABLE}") if given else None


def read_secret(folder: Path) -> str:
    """Give the secret that signs the cookie: the environment's, else that of ``folder``.

    Without ``$TUNINGFORK_SECRET`` a file of mode 0600 is made once. It appears whole or not
    at all: two servers that start at once share it, and cookies outlive a restart.
    """
    given = given_secret()
    if given is not None:
        return given
    path = folder / "secret"
    try:
        if not path.exists():
            _write_once(path, secrets.token_hex(32))
        found = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TuningForkError(
            f"The game's secret in {path} cannot be read or written: {error}. "
            "Delete the file, or name another folder with --data."
        ) from error
    return _checked(found, str(path))


def _write_once(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=".secret.", dir=path.parent)  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        # A link, unlike a rename, fails if another server's secret came first.
        with suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        temporary.unlink()


def _checked(secret: str, where: str) -> str:
    if len(secret) < SHORTEST_SECRET:
        raise TuningForkError(
            f"The secret in {where} has {len(secret)} characters, too few to sign a cookie with. "
            f"Give at least {SHORTEST_SECRET}, or remove it and one is made."
        )
    return secret
