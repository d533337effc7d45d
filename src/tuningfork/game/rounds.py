"""The rules of a round: drawing its galaxies, taking guesses in order, counting points."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from tuningfork.errors import BadData, TuningForkError
from tuningfork.game.store import Round, Turn

if TYPE_CHECKING:
    from tuningfork.game.deck import Deck, DeckGalaxy
    from tuningfork.game.machine import Memory
    from tuningfork.game.store import Store

ROUND_LENGTH = 10
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Score:
    """Points of both after the galaxies answered so far."""

    person: int
    machine: int
    answered: int


def start_round(deck: Deck, memory: Memory, store: Store, player: str) -> str:
    """Draw a round for a player, with the machine's answers, and give its token.

    A round has ten galaxies, or as many as the deck if it has fewer; no galaxy twice, by id
    or by content. Every class of the deck comes once; what else comes is drawn with equal
    chance for each class, so that counting the classes seen says nothing about the next.
    """
    chance = secrets.SystemRandom()
    turns: list[Turn] = []
    contents: set[str] = set()
    for galaxy in _candidates(deck, chance):
        turn = _turn(galaxy, memory, contents)
        if turn is not None:
            turns.append(turn)
        if len(turns) == ROUND_LENGTH:
            break
    if not turns:
        raise BadData("No picture of the deck can be read. Check the folder given as --deck.")
    chance.shuffle(turns)
    for number, turn in enumerate(turns, start=1):
        turn.number = number
    token = secrets.token_urlsafe(16)
    with store.writing() as session:
        session.add(Round(token=token, player=player, deck=deck.key, turns=turns))
    return token


def _candidates(deck: Deck, chance: Random) -> Iterator[DeckGalaxy]:
    left = {name: list(galaxies) for name, galaxies in deck.by_class.items()}
    once = chance.sample(list(left), k=len(left))
    while left:
        name = once.pop() if once else chance.choice(list(left))
        yield left[name].pop(chance.randrange(len(left[name])))
        if not left[name]:
            del left[name]


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
        truth=galaxy.truth,
        machine_label=answer.label,
        machine_probabilities=dict(answer.probabilities),
    )


def find_round(store: Store, token: str, player: str) -> Round | None:
    """Find the player's own round with this token; None if it is another's or nobody's."""
    wanted = select(Round).where(Round.token == token, Round.player == player)
    with store.reading() as session:
        return session.scalar(wanted.options(selectinload(Round.turns)))


def unfinished_round(store: Store, deck: Deck, player: str) -> Round | None:
    """Find the player's latest round of this deck, if galaxies of it are still to be answered."""
    latest = (
        select(Round)
        .where(Round.player == player, Round.deck == deck.key)
        .order_by(Round.id.desc())
        .limit(1)
        .options(selectinload(Round.turns))
    )
    with store.reading() as session:
        found = session.scalar(latest)
    return None if found is None or current_turn(found) is None else found


def current_turn(played: Round) -> Turn | None:
    """Find the first galaxy without an answer; None when the round is over."""
    return next((turn for turn in played.turns if turn.guess is None), None)


def store_guess(store: Store, turn: Turn, guess: str) -> str:
    """Keep ``guess`` unless the turn has one; give the one that counts, which is the first."""
    with store.writing() as session:
        session.execute(
            update(Turn)
            .where(Turn.id == turn.id, Turn.guess.is_(None))
            .values(guess=guess, answered=datetime.now(UTC))
        )
        return session.scalars(select(Turn.guess).where(Turn.id == turn.id)).one() or guess


def score(played: Round) -> Score:
    """Count the points of both over the answered galaxies: one for each right answer."""
    answered = [turn for turn in played.turns if turn.guess is not None]
    return Score(
        person=sum(turn.guess == turn.truth for turn in answered),
        machine=sum(turn.machine_label == turn.truth for turn in answered),
        answered=len(answered),
    )
