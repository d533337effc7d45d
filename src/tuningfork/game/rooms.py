"""Rooms: a class of pupils that get the same galaxies, its board and its results."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from tuningfork.errors import BadData, TuningForkError
from tuningfork.game.draw import candidates
from tuningfork.game.rounds import ROUND_LENGTH, Plan, end_round, find_round, score, start_round
from tuningfork.game.schema import now
from tuningfork.game.share import LETTERS, token_of_one_try
from tuningfork.game.store import Room, Round, Store, Turn

if TYPE_CHECKING:
    from tuningfork.game.deck import Deck, DeckGalaxy
    from tuningfork.game.draw import Pool
    from tuningfork.game.machine import Memory

CODE_LENGTH = 6  # 31⁶: a stranger who tries 300 a minute meets one of ten open rooms in months
LARGEST_CLASS = 200
TRIES = 20


@dataclass(frozen=True)
class Pupil:
    """One line of the board."""

    alias: str
    answered: int
    right: int
    finished: bool


@dataclass(frozen=True)
class Lesson:
    """How the class met one galaxy."""

    number: int
    galaxy: str
    truth: str
    machine: str
    answered: int
    right: int
    taken_for: str | None
    """The wrong answer given most often; None where nobody was wrong."""


def open_room(store: Store, room: Room) -> str:
    """Keep a new room under a code that no other has, and give the code."""
    for _ in range(TRIES):
        room.code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
        try:
            with store.writing() as session:
                session.add(room)
        except IntegrityError:
            continue  # another room has this very code
        return room.code
    raise TuningForkError("No code for a room could be found. Try again.")


def draw_galaxies(deck: Deck, memory: Memory, pool: Pool) -> list[str]:
    """Draw ten galaxies that can be read, every class alike, as for a round of ten.

    Raises BadData if no picture can be read.
    """
    chance = secrets.SystemRandom()
    drawn = list(islice(_readable(candidates(pool, chance, {}), memory), ROUND_LENGTH))
    if not drawn:
        raise BadData(f"No picture of the deck {deck.name} can be read. Check the folder.")
    chance.shuffle(drawn)
    return drawn


def _readable(galaxies: Iterator[DeckGalaxy], memory: Memory) -> Iterator[str]:
    for galaxy in galaxies:
        try:
            memory.answer(galaxy.read())
        except (OSError, TuningForkError):
            continue
        yield galaxy.id


def find_room(store: Store, code: str) -> Room | None:
    """Find the room of a code, however it is typed, with its rounds; None if there is none."""
    wanted = select(Room).where(Room.code == code.strip().lower())
    with store.reading() as session:
        return session.scalar(wanted.options(selectinload(Room.rounds).selectinload(Round.turns)))


def rooms_of(store: Store, teacher: str) -> Sequence[Room]:
    """Give the rooms that somebody opened, the latest first."""
    wanted = select(Room).where(Room.teacher == teacher).order_by(Room.id.desc()).limit(20)
    with store.reading() as session:
        return session.scalars(wanted).all()


def round_in(room: Room, player: str | None) -> Round | None:
    """Find the player's round among those of the room."""
    return next((one for one in room.rounds if one.player == player), None)


def join(deck: Deck, memory: Memory, store: Store, room: Room, player: str) -> str:
    """Give the token of the player's round in the room, begun now if it is the first time.

    The player gets a star's name that nobody else in the room has. Raises TuningForkError if the
    room is full.
    """
    before = round_in(room, player)
    if before is not None:
        return before.token
    if len(room.rounds) >= LARGEST_CLASS:
        raise TuningForkError(f"The room {room.code} is full: it has {LARGEST_CLASS} players.")
    token = token_of_one_try(player, "room", room.id)
    for _ in range(TRIES):
        plan = Plan(
            "room",
            room.strength,
            room.difficulty,
            galaxies=room.galaxies,
            token=token,
            further={"room_id": room.id, "alias": _free_alias(store, room)},
        )
        try:
            start_round(deck, memory, store, player, plan)
        except IntegrityError:
            continue  # another pupil was given this name in the same moment
        _end_if_closed(store, room, token, player)
        return token
    raise TuningForkError("Too many join at once. Try again.")


def _end_if_closed(store: Store, room: Room, token: str, player: str) -> None:
    """Let a room that was closed while somebody joined have no round that goes on."""
    found, played = find_room(store, room.code), find_round(store, token, player)
    if found is not None and found.closed is not None and played is not None:
        end_round(store, played)


def star_names() -> list[str]:
    """The names that pupils are given."""
    return (resources.files("tuningfork.game") / "stars.txt").read_text("utf-8").split()


def _free_alias(store: Store, room: Room) -> str:
    with store.reading() as session:
        taken = set(session.scalars(select(Round.alias).where(Round.room_id == room.id)))
    stars, lap = star_names(), 1
    while True:
        names = [star if lap == 1 else f"{star} {lap}" for star in stars]
        free = [name for name in names if name not in taken]
        if free:
            return secrets.choice(free)
        lap += 1


def close_room(store: Store, room: Room) -> None:
    """Close a room and end its rounds; a guess that comes later does not count."""
    with store.writing() as session:
        session.execute(
            update(Room).where(Room.id == room.id, Room.closed.is_(None)).values(closed=now())
        )
    with store.reading() as session:
        going_on = select(Round).where(Round.room_id == room.id, Round.ended.is_(None))
        unfinished = session.scalars(going_on).all()
    for played in unfinished:
        end_round(store, played)


def pupils(room: Room) -> list[Pupil]:
    """Give the lines of the board, the best first."""
    lines = []
    for played in room.rounds:
        points = score(played)
        finished = points.answered == len(played.turns)
        lines.append(Pupil(played.alias or "", points.answered, points.person, finished))
    return sorted(lines, key=lambda one: (-one.right, one.answered, one.alias))


def lessons(room: Room) -> list[Lesson]:
    """Tell of each galaxy, in the room's order, how many saw what it is."""
    if not room.rounds:
        return []
    return [_lesson(turn, room) for turn in room.rounds[0].turns]


def machine_points(room: Room) -> int:
    """Count the galaxies of the room that the machine got right."""
    return sum(one.machine == one.truth for one in lessons(room))


def _lesson(turn: Turn, room: Room) -> Lesson:
    guesses = [
        one.guess
        for played in room.rounds
        for one in played.turns
        if one.number == turn.number and one.guess is not None
    ]
    wrong = Counter(guess for guess in guesses if guess != turn.truth)
    return Lesson(
        number=turn.number,
        galaxy=turn.galaxy,
        truth=turn.truth,
        machine=turn.machine_label,
        answered=len(guesses),
        right=len(guesses) - wrong.total(),
        taken_for=wrong.most_common(1)[0][0] if wrong else None,
    )
