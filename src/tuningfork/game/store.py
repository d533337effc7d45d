"""Short transactions on the game's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tuningfork.errors import TuningForkError
from tuningfork.game.database import database_url, lock_schema, open_engine, shown
from tuningfork.game.migrations.upgrade import upgrade
from tuningfork.game.schema import Opinion, Room, Round, Turn

__all__ = ["Opinion", "Room", "Round", "Store", "Turn"]


class Store:
    """One database, safe for many threads and for several servers at once.

    ``where`` is the path of an SQLite file, made if it is not there, or the URL of an SQLite or
    PostgreSQL database. Its schema is brought to that of this version; a database of the first
    edition keeps its rounds. Raises TuningForkError if it cannot be opened.
    """

    def __init__(self, where: Path | str) -> None:
        url = database_url(where)
        # SQLite lets writers wait by sleeping; those of one server take turns without.
        self._turn = Lock() if url.drivername == "sqlite" else nullcontext()
        self._engine = open_engine(url)
        self._writing = self._engine.execution_options(writes=True)
        self._passing = self._engine.execution_options(writes=True, fleeting=True)
        try:
            with self._writing.begin() as connection:
                lock_schema(connection)
                upgrade(connection)
        except DBAPIError as error:
            self.close()
            raise TuningForkError(_refusal(error, shown(url))) from error
        except TuningForkError:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session on one consistent view of the data; what it gave stays usable."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session whose changes are kept together when the block ends, or not at all."""
        with self._turn, Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def passing(self) -> Iterator[Session]:
        """Open a writing session for what may be lost when the computer loses power.

        The database then does not wait for its disk. A killed server loses nothing of it.
        """
        with self._turn, Session(self._passing, expire_on_commit=False) as session, session.begin():
            yield session

    def check(self) -> None:
        """Raise sqlalchemy's DBAPIError unless the database answers."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _refusal(error: DBAPIError, where: str) -> str:
    reason = str(error.orig).strip().splitlines()[0]
    if "://" in where:
        return (
            f"The game's database {where} cannot be opened: {reason}. "
            "Check that its server runs and the address given as --database."
        )
    return (
        f"The game's rounds in {where} cannot be opened: {reason}. "
        "Move the file away, or name another folder with --data."
    )
