"""Engines for the two databases that the game knows: SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from tuningfork.errors import TuningForkError

BUSY_SECONDS = 10  # how long a writer waits for another one, of this server or of a second
CONNECT_SECONDS = 10
POOL = 8  # connections held open to PostgreSQL: one for each thread of the server
UPGRADE_LOCK = 0x7475_6E66  # "tunf": PostgreSQL's name for the lock on the schema
HOW = "Give --database as postgresql://user:password@host/name or sqlite:///path/to/file"


def database_url(where: Path | str) -> URL:
    """Give the URL of an SQLite file's path, or of a URL in words.

    Raises TuningForkError for a URL that is none, or names another kind of database.
    """
    if isinstance(where, Path):
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except ArgumentError as error:
        raise TuningForkError(f"The database cannot be understood. {HOW}.") from error
    if url.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database not in {None, "", ":memory:"}:
        return url
    raise TuningForkError(f"The game cannot use a database of {url.drivername}. {HOW}.")


def shown(url: URL) -> str:
    """Give the URL as it may be shown: a file's path, or a server's address without password."""
    if url.drivername == "sqlite":
        return str(url.database)
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def open_engine(url: URL) -> Engine:
    """Give an engine whose transactions are what ``Store`` promises; nothing is opened yet.

    The execution option ``writes`` tells transactions that change something; ``fleeting``, on
    top of it, those whose last moments may be lost when the computer loses power.
    """
    return _sqlite(url) if url.drivername == "sqlite" else _postgresql(url)


def lock_schema(connection: Connection) -> None:
    """Wait until no other server changes the schema; the lock goes with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})")


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own transactions begin too late; ours begin in the next function.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten
        _use_write_ahead_log(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once: one that reads first and writes later is refused
        # without waiting if another wrote in between.
        options = connection.get_execution_options()
        if options.get("writes", False):
            synchronous = "NORMAL" if options.get("fleeting", False) else "FULL"
            connection.exec_driver_sql(f"PRAGMA synchronous = {synchronous}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Let readers not wait for writers.

    The file remembers the mode. Setting it needs the whole file, and does not wait for it: when
    two servers open a new file at once, the second finds it locked, and the first has set it.
    """
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=POOL,
        max_overflow=POOL,
        pool_pre_ping=True,  # the server may have been started anew
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "tuningfork"},
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("fleeting", False):
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
        elif not options.get("writes", False):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    return engine
