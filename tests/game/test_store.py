"""The database under many hands."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from tests.game.conftest import FakeMachine, draw_galaxy, make_deck
from tuningfork.errors import TuningForkError
from tuningfork.game.machine import Memory
from tuningfork.game.rounds import find_round, score, start_round, store_guess
from tuningfork.game.store import Round, Store, Turn
from tuningfork.votes.rules import CLASSES


@pytest.fixture
def stores(database: str) -> Iterator[list[Store]]:
    """Open one database twice, as two servers do."""
    both = [Store(database) for _ in range(2)]
    yield both
    for store in both:
        store.close()


def test_one_of_many_guesses_at_once_counts(stores: list[Store]) -> None:
    """Of forty guesses through two servers in one moment the first is kept, told to all."""
    deck, memory = make_deck(), Memory(FakeMachine(), stores[0])
    token = start_round(deck, memory, stores[0], "somebody")
    played = find_round(stores[0], token, "somebody")
    assert played is not None
    turn = played.turns[0]

    def guess(place: int) -> str | None:
        return store_guess(stores[place % 2], turn, CLASSES[place % 4])

    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(guess, range(40)))
    with stores[1].reading() as session:
        kept = session.scalars(select(Turn.guess).where(Turn.id == turn.id)).one()
    assert told == {kept}


def test_many_rounds_at_once_are_all_kept(stores: list[Store]) -> None:
    """Players who start through two servers at once wait for each other and lose nothing."""
    deck = make_deck()
    memories = [Memory(FakeMachine(), store) for store in stores]

    def start(place: int) -> str:
        return start_round(deck, memories[place % 2], stores[place % 2], f"player-{place}")

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(start, range(32)))
    with stores[0].reading() as session:
        assert set(session.scalars(select(Round.token))) == set(tokens)
    for place, token in enumerate(tokens):
        played = find_round(stores[1], token, f"player-{place}")
        assert played is not None
        assert [turn.number for turn in played.turns] == list(range(1, 11))
        assert score(played).answered == 0


def test_a_number_comes_once_in_a_round(stores: list[Store]) -> None:
    """The database itself refuses a second turn of the same number."""
    token = start_round(make_deck(), Memory(FakeMachine(), stores[0]), stores[0], "somebody")
    again = "INSERT INTO turns (round_id, number, galaxy, truth, machine_label, "
    again += "machine_probabilities) SELECT round_id, number, galaxy, truth, machine_label, "
    again += "machine_probabilities FROM turns WHERE number = 1"
    with pytest.raises(IntegrityError, match=r"(?i)unique"), stores[0].writing() as session:
        session.execute(text(again))
    played = find_round(stores[0], token, "somebody")
    assert played is not None
    assert len(played.turns) == 10


def test_answers_are_kept_per_model(stores: list[Store]) -> None:
    """Another model is asked anew; the same model in another server is not."""
    picture = draw_galaxy("spiral", 0)
    first, same, other = FakeMachine(), FakeMachine(), FakeMachine(identity="e" * 64)
    one = Memory(first, stores[0]).answer(picture)
    assert Memory(same, stores[1]).answer(picture) == one
    Memory(other, stores[1]).answer(picture)
    assert [len(machine.asked) for machine in (first, same, other)] == [1, 0, 1]


def test_machine_is_asked_once_by_many_threads(stores: list[Store]) -> None:
    """Players who meet the same galaxy in the same moment share one look at it."""
    machine = FakeMachine()
    memory = Memory(machine, stores[0])
    picture = draw_galaxy("spiral", 0)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(memory.answer, [picture] * 32))
    assert len(machine.asked) == 1
    assert all(answer == answers[0] for answer in answers)


def test_sqlite_is_in_wal_mode(tmp_path: Path) -> None:
    """Readers do not wait for writers, and what is deleted is overwritten."""
    with closing(Store(tmp_path / "game.sqlite3")) as store, store.reading() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA secure_delete")) == 1
        assert session.scalar(text("PRAGMA synchronous")) == 2  # FULL: kept through a power cut


def test_two_servers_may_open_a_new_database_at_once(database: str) -> None:
    """Eight servers that start in one moment all find the same schema."""
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(Store, [database] * 8))
    for store in opened:
        with store.reading() as session:
            assert session.scalars(select(Round)).all() == []
        store.close()


def test_reading_sees_one_moment(stores: list[Store]) -> None:
    """What another server writes in the midst of a reading session is not half seen in it."""
    memory = Memory(FakeMachine(), stores[0])
    with stores[1].reading() as session:
        assert session.scalars(select(Round)).all() == []
        start_round(make_deck(), memory, stores[0], "somebody")
        assert session.scalars(select(Round)).all() == []
    with stores[1].reading() as session:
        assert len(session.scalars(select(Round)).all()) == 1


def test_times_keep_their_zone(stores: list[Store]) -> None:
    """A time comes back as the same moment, in UTC, whatever zone it was given in."""
    east = timezone(timedelta(hours=5, minutes=30))
    moment = datetime(2026, 3, 1, 2, 15, tzinfo=east)
    with stores[0].writing() as session:
        session.add(Round(token="t", player="p", deck="d", created=moment))
    with stores[1].reading() as session:
        kept = session.scalars(select(Round.created)).one()
    assert kept == moment
    assert kept.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://somebody:hidden@localhost/game", "cannot use a database of mysql"),
        ("not a url", "cannot be understood"),
        ("sqlite://", "cannot use a database of sqlite"),
        ("postgresql://somebody:hidden@127.0.0.1:1/game", "127.0.0.1:1/game cannot be opened"),
    ],
)
def test_unusable_databases_are_refused_without_the_password(url: str, told: str) -> None:
    """One sentence names the database and what to do; the password is not in it."""
    with pytest.raises(TuningForkError, match=told) as refused:
        Store(url)
    assert "hidden" not in str(refused.value)
    assert "--database" in str(refused.value)


def test_damaged_database_is_named(tmp_path: Path) -> None:
    """A file that is no database is reported with what to do, and left as it is."""
    path = tmp_path / "game.sqlite3"
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(TuningForkError, match=r"game\.sqlite3 cannot be opened"):
        Store(path)
    assert path.read_bytes().startswith(b"this is not")
