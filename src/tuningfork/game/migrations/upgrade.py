"""Bringing a database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from tuningfork.errors import TuningForkError

FIRST_EDITION = "0001"


def upgrade(connection: Connection) -> None:
    """Bring the database to the newest schema within the connection's transaction.

    A database of the first edition has no note of its version; it is told by its tables. Raises
    TuningForkError if a later version of the game made the database.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    found = MigrationContext.configure(connection).get_current_revision()
    if found == ScriptDirectory.from_config(config).get_current_head():
        return
    if found is None and inspect(connection).has_table("rounds"):
        command.stamp(config, FIRST_EDITION)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise TuningForkError(
            f"The game's database is of a later version than this program ({error}). "
            "Update Tuning Fork, or name another database."
        ) from error
