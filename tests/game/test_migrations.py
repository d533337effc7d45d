"""A database of the first edition goes on under this one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, select, text

from tuningfork.errors import TuningForkError
from tuningfork.game.database import database_url
from tuningfork.game.rounds import find_round, store_guess
from tuningfork.game.schema import Base, Opinion, Round, Turn
from tuningfork.game.store import Store

FIRST_EDITION = Path(__file__).with_name("first_edition.sql")
PLAYER = "player-of-the-first-ed"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Store]:
    """Open a file that the first edition wrote: two rounds, one of them half played."""
    path = tmp_path / "game.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(FIRST_EDITION.read_text("utf-8"))
    with closing(Store(path)) as store:
        yield store


def test_rounds_of_the_first_edition_are_all_there(old: Store) -> None:
    """Rounds, guesses, times and the machine's answers are what they were."""
    with old.reading() as session:
        guesses = session.scalars(select(Turn.guess).order_by(Turn.id)).all()
        moments = session.scalars(select(Round.created).order_by(Round.id)).all()
        opinion = session.get(Opinion, ("a" * 64, "b" * 64))
    assert guesses == ["spiral", None, "spiral", "spiral"]
    assert moments == [datetime(2026, 11, day, 23, 59, 59, tzinfo=UTC) for day in (21, 22)]
    assert opinion is not None
    assert (opinion.label, opinion.probabilities) == ("spiral", {"spiral": 1.0})


def test_rounds_of_the_first_edition_count_as_rounds_of_ten(old: Store) -> None:
    """They get the mode that they were played in, and the day in UTC on which they began."""
    with old.reading() as session:
        kinds = session.execute(select(Round.mode, Round.day).order_by(Round.id)).all()
    assert kinds == [("ten", date(2026, 11, 21)), ("ten", date(2026, 11, 22))]


def test_a_half_played_round_of_the_first_edition_can_be_finished(old: Store) -> None:
    """Its cookie still opens it, and a further guess is taken and ends it."""
    played = find_round(old, "token-of-round-1-xxxxxx", PLAYER)
    assert played is not None
    store_guess(old, played.turns[1], "elliptical")
    again = find_round(old, "token-of-round-1-xxxxxx", PLAYER)
    assert again is not None
    assert [turn.guess for turn in again.turns] == ["spiral", "elliptical"]
    assert again.ended is not None


def test_opening_twice_migrates_once(old: Store, tmp_path: Path) -> None:
    """A second start finds everything done and changes nothing."""
    with closing(Store(tmp_path / "game.sqlite3")) as again, again.reading() as session:
        assert len(session.scalars(select(Turn)).all()) == 4
        assert session.scalars(text("SELECT version_num FROM alembic_version")).all() == ["0002"]


def test_migrated_tables_are_those_of_the_schema(database: str) -> None:
    """Step by step the migrations reach the schema that the code speaks of, in both databases.

    SQLite forgets the names of foreign keys in added columns, so those are compared by what
    they bind.
    """
    Store(database).close()
    engine = create_engine(database_url(database))
    with engine.connect() as connection:
        found = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata
        )
        keys = [step for step in found if step[0] in {"add_fk", "remove_fk"}]
        assert [step for step in found if step not in keys] == []
        bound = {
            kind: {
                (key.parent.table.name, key.parent.name, key.target_fullname)
                for step, constraint in keys
                if step == kind
                for key in constraint.elements
            }
            for kind in ("add_fk", "remove_fk")
        }
    engine.dispose()
    assert bound["add_fk"] == bound["remove_fk"]


def test_foreign_keys_hold_after_the_migration(old: Store) -> None:
    """A round's turns go with it, and a friend's round stays when the shared one goes."""
    with old.writing() as session:
        first, second = session.scalars(select(Round).order_by(Round.id)).all()
        second.shared_from_id = first.id
    with old.writing() as session:
        session.execute(text("DELETE FROM rounds WHERE id = 1"))
    with old.reading() as session:
        assert session.scalars(select(Round.shared_from_id)).all() == [None]
        assert session.scalars(select(Turn.round_id)).all() == [2, 2]


def test_a_later_version_s_database_is_left_alone(database: str) -> None:
    """One sentence says that the program is older than the database, which stays as it is."""
    with closing(Store(database)) as store, store.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(TuningForkError, match=r"later version.*Update Tuning Fork"):
        Store(database)
    engine = create_engine(database_url(database))
    with engine.connect() as connection:
        found = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    engine.dispose()
    assert found == ["9999"]
