"""Links by which a friend plays the same galaxies, and the text that goes with them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from tuningfork.game.modes import MODES
from tuningfork.game.store import Round, Store

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another
LENGTH = 10  # about 50 random bits: nobody finds another's round by trying


def can_be_shared(played: Round) -> bool:
    """Whether a round has a score to compare with; rooms have their own board."""
    mode = MODES[played.mode]
    return mode.scored and played.ended is not None and played.room_id is None


def share_code(store: Store, played: Round) -> str:
    """Give the code under which a friend finds the round's galaxies, made at the first call."""
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        try:
            with store.writing() as session:
                session.execute(
                    update(Round)
                    .where(Round.id == played.id, Round.share.is_(None))
                    .values(share=code)
                )
                kept = session.scalars(select(Round.share).where(Round.id == played.id)).one()
        except IntegrityError:
            continue  # somebody has this very code: once in 10¹⁴ times
        return str(kept)


def find_shared(store: Store, code: str) -> Round | None:
    """Find the ended round of a code; None for a code that nobody gave."""
    wanted = select(Round).where(Round.share == code, Round.ended.is_not(None))
    with store.reading() as session:
        return session.scalar(wanted.options(selectinload(Round.turns)))


def token_of_one_try(player: str, *parts: object) -> str:
    """Give the token of a round that a player can have only once, such as a day's challenge.

    As hard to guess as the player's 128 random bits.
    """
    told = "\n".join(["once", player, *map(str, parts)])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def replays(store: Store, played: Round) -> Sequence[Round]:
    """Give the ended rounds of friends who played this round's galaxies, the latest first."""
    wanted = (
        select(Round)
        .where(Round.shared_from_id == played.id, Round.ended.is_not(None))
        .order_by(Round.id.desc())
        .limit(20)
    )
    with store.reading() as session:
        return session.scalars(wanted).all()


def original(store: Store, played: Round) -> Round | None:
    """Give the friend's round whose galaxies a round has; None if it is no friend's."""
    if played.shared_from_id is None:
        return None
    wanted = select(Round).where(Round.id == played.shared_from_id)
    with store.reading() as session:
        return session.scalar(wanted.options(selectinload(Round.turns)))


def marks(played: Round) -> str:
    """Write the person's guesses as signs, one a galaxy, in fives."""
    signs = [
        "✓" if turn.guess == turn.truth else "✗" for turn in played.turns if turn.guess is not None
    ]
    fives = ["".join(signs[place : place + 5]) for place in range(0, len(signs), 5)]
    return " ".join(fives)
