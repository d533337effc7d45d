"""The result of a round: points, confusion of both, misses, the board, and what can be shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import format_date
from flask_babel import gettext as _

from tuningfork.game import words
from tuningfork.game.board import Standing, standing
from tuningfork.game.rounds import Score, score
from tuningfork.game.share import can_be_shared, marks, original, replays, share_code
from tuningfork.game.state import Game
from tuningfork.game.store import Round, Turn
from tuningfork.votes.rules import CLASSES

Confusion = Mapping[str, Mapping[str, int]]
"""How many galaxies of a class (outer) were taken for another (inner)."""


@dataclass(frozen=True)
class Result:
    """What the end of a round shows."""

    score: Score
    deck: str
    """The deck's name in forms."""
    answered: Sequence[Turn]
    misses: Sequence[Turn]
    """The person's."""
    person: Confusion
    machine: Confusion
    standing: Standing | None
    link: str
    """Where a friend plays the same galaxies; empty where the round cannot be shared."""
    text: str
    friend: Round | None
    """The friend's round whose galaxies these were."""
    friend_count: int
    """How many of them the friend had answered."""
    friends: Sequence[Round]
    """Rounds of friends who played these galaxies."""


def result_of(game: Game, played: Round) -> Result:
    """Gather the result of an ended round."""
    answered = [turn for turn in played.turns if turn.guess is not None]
    points = score(played)
    link = text = ""
    if can_be_shared(played) and answered:
        code = share_code(game.store, played)
        link = url_for("start.shared", code=code, _external=True)
        text = _text(played, points, link)
    friend = original(game.store, played)
    return Result(
        score=points,
        deck=next(name for name, deck in game.decks.items() if deck.key == played.deck),
        answered=answered,
        misses=[turn for turn in answered if turn.guess != turn.truth],
        person=confusion((turn.truth, turn.guess or "") for turn in answered),
        machine=confusion((turn.truth, turn.machine_label) for turn in answered),
        standing=standing(game.store, played),
        link=link,
        text=text,
        friend=friend,
        friend_count=0 if friend is None else score(friend).answered,
        friends=replays(game.store, played),
    )


def confusion(pairs: Iterable[tuple[str, str]]) -> Confusion:
    """Count pairs of true class and answer."""
    counted = {truth: dict.fromkeys(CLASSES, 0) for truth in CLASSES}
    for truth, given in pairs:
        counted[truth][given] += 1
    return counted


def _text(played: Round, points: Score, link: str) -> str:
    """Write what a player sends to a friend; it tells no answer."""
    mode = str(words.MODES[played.mode])
    if played.mode == "daily":
        mode = f"{mode} {format_date(played.day, 'medium')}"
    said = _(
        "Tuning Fork, %(mode)s: I had %(person)s of %(count)s galaxies right, the machine "
        "%(machine)s. Can you see better?",
        mode=mode,
        person=points.person,
        count=points.answered,
        machine=points.machine,
    )
    return f"{said}\n{marks(played)}\n{link}"
