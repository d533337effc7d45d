"""The board of a mode and a day: each player's best round, without names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select

from tuningfork.game.modes import MODES
from tuningfork.game.store import Round, Store

LONGEST = 20  # places shown


@dataclass(frozen=True)
class Contest:
    """Rounds that can be compared: of one mode, day, deck, strength and difficulty."""

    mode: str
    day: date
    deck: str
    strength: str
    difficulty: str


@dataclass(frozen=True)
class Place:
    """One line of the board; players of equal points share a rank."""

    rank: int
    person: int
    players: int
    """How many stand here."""
    mine: bool


@dataclass(frozen=True)
class Standing:
    """Where one round stands among the best rounds of the others."""

    rank: int
    players: int


def contest_of(played: Round) -> Contest | None:
    """The contest that a round counts in; None for one that is not ranked.

    Of the same galaxies played for a friend only the daily challenge's count: others were chosen
    by somebody who knew them.
    """
    if not MODES[played.mode].ranked or (played.shared_from_id and played.mode != "daily"):
        return None
    return Contest(played.mode, played.day, played.deck, played.strength, played.difficulty)


def standing(store: Store, played: Round) -> Standing | None:
    """Give the rank of an ended round on its board: one more than the players who did better."""
    contest = contest_of(played)
    if contest is None or played.person is None:
        return None
    best = _best(contest, without=played.player)
    better = select(func.count()).select_from(best).where(best.c.person > played.person)
    with store.reading() as session:
        others = session.scalar(select(func.count()).select_from(best)) or 0
        return Standing(1 + (session.scalar(better) or 0), 1 + others)


def board(store: Store, contest: Contest, player: str | None) -> list[Place]:
    """Give the best places, first the highest; each player stands with the best round only."""
    best = _best(contest)
    with store.reading() as session:
        rows = session.execute(select(best.c.player, best.c.person)).all()
    here = Counter(points for _, points in rows)
    mine = {points for name, points in rows if name == player}
    places: list[Place] = []
    before = 0
    for points in sorted(here, reverse=True)[:LONGEST]:
        places.append(Place(1 + before, points, here[points], points in mine))
        before += here[points]
    return places


def _best(contest: Contest, without: str | None = None) -> Subquery:
    """Select each player's best points in a contest."""
    counted = [_counts(contest)]
    if without is not None:
        counted.append(Round.player != without)
    return (
        select(Round.player, func.max(Round.person).label("person"))
        .where(*counted)
        .group_by(Round.player)
        .subquery()
    )


def _counts(contest: Contest) -> ColumnElement[bool]:
    return and_(
        Round.mode == contest.mode,
        Round.day == contest.day,
        Round.deck == contest.deck,
        Round.strength == contest.strength,
        Round.difficulty == contest.difficulty,
        Round.ended.is_not(None),
        Round.person.is_not(None),
        or_(Round.shared_from_id.is_(None), Round.mode == "daily"),
    )
