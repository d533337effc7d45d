"""Every guess as a table, and the deletion of what is old."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer
from sqlalchemy import select, update
from typer.testing import CliRunner

from tests.game.conftest import FakeMachine, Player, make_deck, turns_of
from tuningfork.cli.play import verbs
from tuningfork.errors import BadData, BadTable
from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.kept import export_guesses, forget, read_age
from tuningfork.game.schema import Room, Round, Turn, now
from tuningfork.game.store import Store
from tuningfork.votes.rules import CLASSES

app = typer.Typer()
app.add_typer(verbs, name="play")


@pytest.fixture
def played(database: str, tmp_path: Path) -> Iterator[tuple[Store, list[tuple[str, str, str]]]]:
    """Let two players make seven guesses; give galaxy, truth and guess of each, in order."""
    game = create_app(GameConfig(make_deck(), FakeMachine(), tmp_path / "data", database=database))
    said: list[tuple[str, str, str]] = []
    for choices in (["spiral", "elliptical", "barred_spiral"], ["edge_on_spiral"] * 4):
        player = Player(game)
        path = player.start()
        player.play(path, choices)
        turns = turns_of(game, path)
        said += [(turn[0], turn[1], guess) for turn, guess in zip(turns, choices, strict=False)]
    yield game.extensions["tuningfork"].store, said
    game.extensions["tuningfork"].close()


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_every_guess_is_exported(
    played: tuple[Store, list[tuple[str, str, str]]], tmp_path: Path, ending: str
) -> None:
    """Galaxy, truth, answer and machine are those of the pages; unanswered galaxies are absent."""
    store, said = played
    output = tmp_path / f"guesses{ending}"
    before = datetime.now(UTC) - timedelta(minutes=10)
    assert export_guesses(store, output) == 7
    rows = _read(output)
    assert [(row["galaxy"], row["truth"], row["answer"]) for row in rows] == said
    assert {row["machine"] for row in rows} == {"spiral"}
    for row in rows:
        assert before <= row["time"] <= datetime.now(UTC)
        assert [float(row[f"p_{name}"]) for name in CLASSES] == [
            0.7861 if name == "spiral" else 0.0713 for name in CLASSES
        ]
    assert [int(row["number"]) for row in rows] == [1, 2, 3, 1, 2, 3, 4]
    assert len({row["voter"] for row in rows}) == len({row["round"] for row in rows}) == 2


def _read(path: Path) -> list[dict]:  # type: ignore[type-arg]
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row | {"time": datetime.fromisoformat(row["time"])} for row in rows]


def test_export_leads_to_no_cookie(
    played: tuple[Store, list[tuple[str, str, str]]], tmp_path: Path
) -> None:
    """Neither a player's code nor a round's address is in the table."""
    store, _ = played
    output = tmp_path / "guesses.csv"
    export_guesses(store, output)
    with store.reading() as session:
        hidden = session.execute(select(Round.token, Round.player)).all()
    text = output.read_text("utf-8")
    assert not any(word in text for row in hidden for word in row)


def test_export_holds_one_part_in_memory(
    played: tuple[Store, list[tuple[str, str, str]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Written in parts of two guesses, the table is the same."""
    store, _ = played
    export_guesses(store, tmp_path / "whole.csv")
    monkeypatch.setattr("tuningfork.game.kept.ROWS", 2)
    for ending in ("csv", "parquet"):
        assert export_guesses(store, tmp_path / f"parts.{ending}") == 7
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert pq.ParquetFile(tmp_path / "parts.parquet").num_row_groups == 4


def test_forgetting_takes_the_old_and_leaves_the_new(
    played: tuple[Store, list[tuple[str, str, str]]],
) -> None:
    """A round of 31 days goes with its guesses; one of 29 days stays; old rooms go when empty."""
    store, _ = played
    with store.writing() as session:
        first, second = session.scalars(select(Round.id).order_by(Round.id)).all()
        rooms = [
            Room(code=code, teacher="t", deck="d", galaxies=["a"], created=now() - timedelta(31))
            for code in ("gone22", "kept22")
        ]
        session.add_all(rooms)
        session.flush()
        old, new = now() - timedelta(days=31), now() - timedelta(days=29)
        session.execute(update(Round).where(Round.id == first).values(created=old))
        session.execute(
            update(Round).where(Round.id == second).values(created=new, room_id=rooms[1].id)
        )
    gone = forget(store, timedelta(days=30))
    assert (gone.rounds, gone.guesses, gone.rooms) == (1, 3, 1)
    with store.reading() as session:
        assert session.scalars(select(Round.id)).all() == [second]
        assert {one.round_id for one in session.scalars(select(Turn))} == {second}
        assert session.scalars(select(Room.code)).all() == ["kept22"]
    everything = forget(store, timedelta(0))
    assert (everything.rounds, everything.rooms) == (1, 1)


def test_what_is_forgotten_is_not_left_in_the_file(tmp_path: Path) -> None:
    """After deleting, no byte of a player's code remains in SQLite's files."""
    with closing(Store(tmp_path / "game.sqlite3")) as store:
        with store.writing() as session:
            session.add(Round(token="t" * 22, player="UNMISTAKABLE", deck="d"))
        forget(store, timedelta(0))
    files = list(tmp_path.glob("game.sqlite3*"))
    assert files
    assert not any(b"UNMISTAKABLE" in path.read_bytes() for path in files)


@pytest.mark.parametrize("text", ["30", "d", "-1d", "30 days", "1.5d", "", "999999d"])
def test_unclear_ages_are_refused(text: str) -> None:
    """Anything but a number with h, d or w deletes nothing and says how to write it."""
    with pytest.raises(BadData, match="30d"):
        read_age(text)


def test_ages_are_hours_days_and_weeks() -> None:
    """12h, 30d and 8w are what they say."""
    assert [read_age(text) for text in ("12h", "30d", "8w")] == [
        timedelta(hours=12),
        timedelta(days=30),
        timedelta(days=56),
    ]


def test_commands_do_as_the_functions(tmp_path: Path) -> None:
    """`play export` and `play forget` work on the folder or the database named."""
    Store(tmp_path / "game.sqlite3").close()
    url = f"sqlite:///{tmp_path / 'game.sqlite3'}"
    output = str(tmp_path / "guesses.csv")
    for words in (
        ["play", "export", "--data", str(tmp_path), "--output", output],
        ["play", "--data", str(tmp_path), "export", "--output", output],
        ["play", "export", "--database", url, "--output", output],
    ):
        done = CliRunner().invoke(app, words)
        assert (done.exit_code, done.output) == (0, f"0 guesses are in {output}\n")
    words = ["play", "forget", "--older-than", "30d", "--data", str(tmp_path)]
    done = CliRunner().invoke(app, words, env={"TUNINGFORK_DATABASE": ""})
    assert done.output == "Deleted 0 rounds with 0 guesses, and 0 rooms.\n"


def test_nothing_is_made_where_nothing_is(tmp_path: Path) -> None:
    """Export from a folder without rounds, or to an unknown ending, is refused; no file appears."""
    words = ["play", "export", "--data", str(tmp_path / "none"), "--output"]
    done = CliRunner().invoke(app, [*words, str(tmp_path / "guesses.csv")])
    assert isinstance(done.exception, BadData)
    assert "--data" in str(done.exception)
    done = CliRunner().invoke(app, [*words, str(tmp_path / "guesses.xlsx")])
    assert isinstance(done.exception, BadTable)
    assert list(tmp_path.iterdir()) == []
