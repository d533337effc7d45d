"""The rules of a round: drawing its galaxies, taking guesses in order, counting points."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, load_only, selectinload

from tuningfork.errors import BadData, TuningForkError
from tuningfork.game.draw import Pool, candidates, times_seen
from tuningfork.game.modes import MODES, Mode
from tuningfork.game.schema import now
from tuningfork.game.store import Round, Turn

if TYPE_CHECKING:
    from tuningfork.game.deck import Deck, DeckGalaxy
    from tuningfork.game.machine import Memory
    from tuningfork.game.store import Store

ROUND_LENGTH = 10
"""Galaxies of a round, and how many more a growing round gets at a time."""
_log = logging.getLogger(__name__)

# Every page asks these, and to put them together costs more than to answer them.
_OWN = (
    select(Round)
    .where(Round.token == bindparam("token"), Round.player == bindparam("player"))
    .options(joinedload(Round.turns))
)
# Turns are read by a second query, after the lock is had: joined to the first they would be as they
# were before whoever held it.
_LOCKED = (
    select(Round)
    .where(Round.id == bindparam("number"))
    .options(
        load_only(Round.mode, Round.seconds, Round.ended),
        selectinload(Round.turns).load_only(
            Turn.number, Turn.truth, Turn.machine_label, Turn.guess, Turn.shown
        ),
    )
    .with_for_update(of=Round)
)


@dataclass(frozen=True)
class Score:
    """Points of both after the galaxies answered so far."""

    person: int
    machine: int
    answered: int


@dataclass(frozen=True)
class Plan:
    """How a round is to be played."""

    mode: str = "ten"
    """A name in ``MODES``."""
    strength: str = "full"
    difficulty: str = ""
    day: date | None = None
    """Of the daily challenge; the galaxies follow from it. None: today."""
    galaxies: Sequence[str] = ()
    """Exactly these ids of the deck, in this order; empty: drawn."""
    pool: Pool | None = None
    """Where to draw from; None: the deck."""
    token: str | None = None
    """Of a round that a player can have only once; it is found again instead of made twice."""
    further: Mapping[str, Any] = field(default_factory=dict)
    """Further columns of the round: a room's id and alias, the round that is played again."""


def start_round(
    deck: Deck, memory: Memory, store: Store, player: str, plan: Plan | None = None
) -> str:
    """Begin a round for a player, with the machine's answers, and give its token.

    A round of ten has ten galaxies, or as many as the deck if it has fewer; no galaxy twice, by id
    or by content. Raises BadData if no picture of the deck can be read.
    """
    plan = plan or Plan()
    chance = _chance(deck, plan)
    if plan.galaxies:
        order: Iterable[DeckGalaxy] = [
            deck.by_id[one] for one in plan.galaxies if one in deck.by_id
        ]
        length = len(plan.galaxies)
    else:
        seen = {} if plan.day else times_seen(store, deck.key, player)
        order = candidates(plan.pool or deck.ready(), chance, seen)
        length = ROUND_LENGTH
    turns = list(_turns(order, memory, length))
    if not turns:
        raise BadData("No picture of the deck can be read. Check the folder given as --deck.")
    if not plan.galaxies:
        chance.shuffle(turns)
    for number, turn in enumerate(turns, start=1):
        turn.number = number
    return _keep(store, _round(deck, player, plan, turns))


def _chance(deck: Deck, plan: Plan) -> Random:
    if plan.day is None:
        return secrets.SystemRandom()
    return Random(f"{deck.key} {plan.day.isoformat()}")  # noqa: S311  (the same for everyone)


def _round(deck: Deck, player: str, plan: Plan, turns: list[Turn]) -> Round:
    return Round(
        token=plan.token or secrets.token_urlsafe(16),
        player=player,
        deck=deck.key,
        mode=plan.mode,
        day=plan.day or now().date(),
        seed=plan.day and plan.day.isoformat(),
        strength=plan.strength,
        difficulty=plan.difficulty,
        seconds=MODES[plan.mode].seconds,
        turns=turns,
        **plan.further,
    )


def _keep(store: Store, made: Round) -> str:
    token = made.token
    try:
        with store.writing() as session:
            session.add(made)
    except IntegrityError:
        with store.reading() as session:
            if session.scalar(select(Round.id).where(Round.token == token)) is None:
                raise
        _log.info("The round was begun twice at once; the first one counts")
    return token


def _turns(order: Iterable[DeckGalaxy], memory: Memory, length: int) -> Iterator[Turn]:
    """Make turns of the first galaxies that can be read, no picture twice."""
    contents: set[str] = set()
    for galaxy in order:
        if len(contents) == length:
            break
        turn = _turn(galaxy, memory, contents)
        if turn is not None:
            yield turn


def _turn(galaxy: DeckGalaxy, memory: Memory, contents: set[str]) -> Turn | None:
    """Make a turn for ``galaxy``, or None if its picture is unreadable or already in the round."""
    try:
        picture = galaxy.read()
        answer = memory.answer(picture)
    except (OSError, TuningForkError) as error:
        _log.warning("Galaxy %s is left out of the round: %s", galaxy.id, error)
        return None
    content = hashlib.sha256(picture).hexdigest()
    if content in contents:
        return None
    contents.add(content)
    return Turn(
        galaxy=galaxy.id,
        picture=content,
        model=memory.machine.identity,
        truth=galaxy.truth,
        machine_label=answer.label,
        machine_probabilities=dict(answer.probabilities),
    )


def extend_round(
    deck: Deck, memory: Memory, store: Store, played: Round, pool: Pool | None = None
) -> bool:
    """Give a growing round further galaxies, none that it had; False if the deck has no more."""
    had = {turn.galaxy for turn in played.turns}
    seen = times_seen(store, deck.key, played.player)
    chance = secrets.SystemRandom()
    order = candidates(pool or deck.ready(), chance, seen, had)
    shown = {turn.picture for turn in played.turns}
    turns = [turn for turn in _turns(order, memory, ROUND_LENGTH) if turn.picture not in shown]
    if not turns:
        return False
    chance.shuffle(turns)
    for number, turn in enumerate(turns, start=len(played.turns) + 1):
        turn.number = number
        turn.round_id = played.id
    # The same round may have gone on in another window, and have its galaxies.
    with suppress(IntegrityError), store.writing() as session:
        session.add_all(turns)
    return True


def find_round(store: Store, token: str, player: str) -> Round | None:
    """Find the player's own round with this token; None if it is another's or nobody's."""
    with store.reading() as session:
        return session.scalars(_OWN, {"token": token, "player": player}).unique().one_or_none()


def unfinished_round(store: Store, deck: Deck, player: str) -> Round | None:
    """Find the player's latest round of this deck, if galaxies of it are still to be answered."""
    latest = (
        select(Round)
        .where(Round.player == player, Round.deck == deck.key, Round.room_id.is_(None))
        .order_by(Round.id.desc())
        .limit(1)
        .options(selectinload(Round.turns))
    )
    with store.reading() as session:
        found = session.scalar(latest)
    return None if found is None or current_turn(found) is None else found


def mode_of(played: Round) -> Mode:
    """The mode of a round."""
    return MODES[played.mode]


def current_turn(played: Round) -> Turn | None:
    """Find the first galaxy without an answer; None when the round is over or waits for more."""
    if is_over(played):
        return None
    return next((turn for turn in played.turns if turn.guess is None), None)


def is_over(played: Round) -> bool:
    """Whether the round takes no more guesses."""
    return played.ended is not None or _has_ended(played, now())


def deadline(played: Round) -> datetime | None:
    """When a timed round's time is up; None before its first galaxy was shown, or without time."""
    shown = played.turns[0].shown
    if played.seconds is None or shown is None:
        return None
    return shown + timedelta(seconds=played.seconds)


def misses(played: Round) -> int:
    """How many guesses of the person were wrong."""
    return sum(turn.guess not in (None, turn.truth) for turn in played.turns)


def _has_ended(played: Round, moment: datetime) -> bool:
    mode = mode_of(played)
    if not mode.grows:
        return all(turn.guess is not None for turn in played.turns)
    if mode.misses is not None:
        return misses(played) >= mode.misses
    last = deadline(played)
    return last is not None and moment > last


def mark_shown(store: Store, turn: Turn) -> None:
    """Write down that the galaxy's page is being sent for the first time."""
    if turn.shown is None:
        moment = now()
        with store.passing() as session:
            session.execute(
                update(Turn).where(Turn.id == turn.id, Turn.shown.is_(None)).values(shown=moment)
            )
        turn.shown = moment


def store_guess(store: Store, turn: Turn, guess: str) -> str | None:
    """Keep ``guess`` unless the turn has one or the round is over; end the round if it ends it.

    Gives the guess that counts, which is the first; None if the round took none for this turn.
    """
    with store.writing() as session:
        played = _locked(session, turn.round_id)
        mine = next(one for one in played.turns if one.id == turn.id)
        if mine.guess is None and not is_over(played):
            mine.guess = guess
            mine.answered = now()
        _settle(played, ended=False)
        return mine.guess


def end_round(store: Store, played: Round) -> None:
    """End a round now: the player has had enough, or the time or the deck is up."""
    with store.writing() as session:
        _settle(_locked(session, played.id), ended=True)


def _locked(session: Session, number: int) -> Round:
    """Read a round so that no other guess of it comes between (PostgreSQL; SQLite locks all)."""
    return session.scalars(_LOCKED, {"number": number}).one()


def _settle(played: Round, *, ended: bool) -> None:
    if played.ended is None and (ended or _has_ended(played, now())):
        points = score(played)
        played.ended, played.person, played.machine = now(), points.person, points.machine


def score(played: Round) -> Score:
    """Count the points of both over the answered galaxies: one for each right answer."""
    answered = [turn for turn in played.turns if turn.guess is not None]
    return Score(
        person=sum(turn.guess == turn.truth for turn in answered),
        machine=sum(turn.machine_label == turn.truth for turn in answered),
        answered=len(answered),
    )
