"""Rounds, turns and the machine's opinions in a database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    JSON,
    URL,
    Connection,
    DateTime,
    Engine,
    ForeignKey,
    MetaData,
    String,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from tuningfork.errors import TuningForkError

BUSY_SECONDS = 10  # how long a writer waits for another one, of this server or of a second


class Base(DeclarativeBase):
    """Every constraint has a name, so that a later migration can speak of it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Round(Base):
    """Some galaxies of one deck, drawn for one player."""

    __tablename__ = "rounds"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    player: Mapped[str] = mapped_column(String(32), index=True)
    deck: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=lambda: datetime.now(UTC)
    )
    turns: Mapped[list[Turn]] = relationship(
        back_populates="round", order_by="Turn.number", cascade="all, delete-orphan"
    )


class Turn(Base):
    """One galaxy of a round: the truth, the machine's answer and, once given, the person's."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("round_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id", ondelete="CASCADE"))
    number: Mapped[int]
    galaxy: Mapped[str] = mapped_column(String(512))
    truth: Mapped[str] = mapped_column(String(64))
    machine_label: Mapped[str] = mapped_column(String(64))
    machine_probabilities: Mapped[dict[str, float]] = mapped_column(JSON)
    guess: Mapped[str | None] = mapped_column(String(64))
    answered: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    round: Mapped[Round] = relationship(back_populates="turns")


class Opinion(Base):
    """What one model says of one picture, both named by their SHA-256."""

    __tablename__ = "opinions"

    picture: Mapped[str] = mapped_column(String(64), primary_key=True)
    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    label: Mapped[str] = mapped_column(String(64))
    probabilities: Mapped[dict[str, float]] = mapped_column(JSON)


class Store:
    """Short transactions on one database, safe for many threads and for two servers at once."""

    def __init__(self, path: Path) -> None:
        self._engine = _sqlite(path)
        try:
            with self._engine.execution_options(writes=True).begin() as connection:
                Base.metadata.create_all(connection)
        except DBAPIError as error:
            self.close()
            raise TuningForkError(
                f"The game's rounds in {path} cannot be opened: {error.orig}. "
                "Move the file away, or name another folder with --data."
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session on one consistent view of the data; what it gave stays usable."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session whose changes are kept together when the block ends, or not at all."""
        engine = self._engine.execution_options(writes=True)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _sqlite(path: Path) -> Engine:
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own transactions begin too late; ours begin in the next function.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once: one that reads first and writes later is refused
        # without waiting if another wrote in between.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
