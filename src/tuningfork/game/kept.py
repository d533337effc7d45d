"""What the game has kept: every guess as a table, and the deletion of what is old."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import delete, func, select

from tuningfork.errors import BadData, BadTable
from tuningfork.files import replacing
from tuningfork.game.database import database_url
from tuningfork.game.folder import DATABASE
from tuningfork.game.schema import Allowance, Room, Round, Turn, now
from tuningfork.game.store import Store
from tuningfork.votes.rules import CLASSES

Guesses: TypeAlias = Generator[list[dict[str, object]], None, None]

ROWS = 4096
"""Guesses that are held in memory at a time."""
ENDINGS = (".csv", ".parquet")
_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("galaxy", pa.string()),
        ("answer", pa.string()),
        ("machine", pa.string()),
        ("truth", pa.string()),
        ("time", _TIME),
        ("shown", _TIME),
        ("round", pa.int64()),
        ("number", pa.int32()),
        ("voter", pa.string()),
        ("mode", pa.string()),
        ("difficulty", pa.string()),
        ("strength", pa.string()),
        ("room", pa.int64()),
        ("deck", pa.string()),
        ("picture", pa.string()),
        ("model", pa.string()),
        *((f"p_{name}", pa.float64()) for name in CLASSES),
    ]
)
"""A guess: the galaxy's id in its deck, the person's answer, the machine's, the truth, when it was
answered and when shown (UTC, null in rounds of the first edition); the round, the place in it, a
code for the same player's guesses that leads to nobody, how it was played, SHA-256 of deck, picture
and network, and the probabilities that the machine gave."""

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True)
class Forgotten:
    """How much was deleted."""

    rounds: int
    guesses: int
    rooms: int


def open_kept(database: str | None, folder: Path) -> Store:
    """Open what a game has kept: the database of that URL, or the file in ``folder``.

    Raises BadData if there is no such file, TuningForkError if it cannot be opened.
    """
    where: Path | str = folder / DATABASE if database is None else database
    url = database_url(where)
    if url.drivername == "sqlite" and not Path(str(url.database)).exists():
        raise BadData(
            f"{url.database}: no rounds are kept there; name the game's folder with --data, or "
            "its database with --database"
        )
    return Store(where)


def export_guesses(store: Store, output: Path) -> int:
    """Write every guess to a .csv or .parquet file, the oldest first, and give their number.

    The file appears whole or not at all; memory does not grow with it. Raises BadTable if it
    cannot be written.
    """
    check_table(output)
    write = _write_csv if output.suffix.lower() == ".csv" else _write_parquet
    try:
        with replacing(output) as path:
            return write(path, _guesses(store))
    except OSError as error:
        raise BadTable(
            f"{output}: cannot be written ({error.strerror or error}); name another file"
        ) from error


def check_table(output: Path) -> None:
    """Raise BadTable unless the file's ending is known."""
    if output.suffix.lower() not in ENDINGS or output.is_dir():
        raise BadTable(f"{output}: unknown kind of table; end it in {' or '.join(ENDINGS)}")


_COLUMNS = (
    Turn.galaxy,
    Turn.guess.label("answer"),
    Turn.machine_label.label("machine"),
    Turn.truth,
    Turn.answered.label("time"),
    Turn.shown,
    Round.id.label("round"),
    Turn.number,
    Round.player.label("voter"),
    Round.mode,
    Round.difficulty,
    Round.strength,
    Round.room_id.label("room"),
    Round.deck,
    Turn.picture,
    Turn.model,
    Turn.machine_probabilities,
)


def _guesses(store: Store) -> Guesses:
    wanted = (
        select(*_COLUMNS)
        .join(Round, Turn.round_id == Round.id)
        .where(Turn.guess.is_not(None))
        .order_by(Turn.answered, Turn.id)
        .execution_options(yield_per=ROWS)
    )
    with store.reading() as session:
        for part in session.execute(wanted).mappings().partitions():
            yield [_row(dict(found)) for found in part]


def _row(found: dict[str, Any]) -> dict[str, object]:
    gave = found.pop("machine_probabilities")
    # The code in the cookie would let whoever has the table play as that player.
    found["voter"] = hashlib.sha256(found["voter"].encode()).hexdigest()[:16]
    return {**found, **{f"p_{name}": gave.get(name) for name in CLASSES}}


def _write_csv(path: Path, parts: Guesses) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file, closing(parts):
        writer = csv.DictWriter(file, SCHEMA.names)
        writer.writeheader()
        for rows in parts:
            writer.writerows({name: _text(value) for name, value in row.items()} for row in rows)
            count += len(rows)
    return count


def _text(value: object) -> object:
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value


def _write_parquet(path: Path, parts: Guesses) -> int:
    count = 0
    with pq.ParquetWriter(path, SCHEMA) as writer, closing(parts):
        for rows in parts:
            writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
            count += len(rows)
    return count


def read_age(text: str) -> timedelta:
    """Read an age such as ``30d``: hours, days or weeks. Raises BadData for another form."""
    found = re.fullmatch(r"(\d{1,5})([hdw])", text.strip())
    if found is None:
        raise BadData(f"'{text}' is no age; give a number with h, d or w, such as 30d")
    return int(found[1]) * _UNITS[found[2]]


def forget(store: Store, older_than: timedelta) -> Forgotten:
    """Delete rounds begun that long ago with their guesses, and old rooms that hold no more.

    What the machine said of pictures stays: it tells of nobody.
    """
    limit = now() - older_than
    with store.writing() as session:
        old = Round.created <= limit
        guesses = session.scalar(
            select(func.count(Turn.id)).join(Round).where(old, Turn.guess.is_not(None))
        )
        rounds = len(session.scalars(delete(Round).where(old).returning(Round.id)).all())
        without = Room.id.not_in(select(Round.room_id).where(Round.room_id.is_not(None)))
        gone = delete(Room).where(Room.created <= limit, without).returning(Room.id)
        rooms = len(session.scalars(gone).all())
        session.execute(delete(Allowance).where(Allowance.expires <= now()))
    return Forgotten(rounds, guesses or 0, rooms)
