"""The volunteers' 11 questions and 37 answers: how near the network comes to their votes.

Follows Walmsley et al. 2022 (MNRAS 509, 3966), section 5.2 and Table 1: a question is looked at
on galaxies where at least half of the volunteers came to it; the right answer is the most voted;
volunteers agree where one answer has more than 0.8 of the votes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tuningfork.evaluate.intervals import Interval, wilson
from tuningfork.votes.fractions import Fractions, conditional_from_weighted, expected_sums
from tuningfork.votes.tree import TREE, Question

RELEVANT = 0.5
"""Least share of the volunteers who came to a question, for it to be asked of a galaxy."""
AGREED = 0.8
"""Volunteers agree where one answer has more of the votes than this."""
BINS = 10
"""Equal bins of a predicted fraction, 0 to 1, for its calibration."""


@dataclass(frozen=True)
class Bin:
    """Predictions between two bounds, and what became of them."""

    predicted: float
    """Their mean."""
    voted: float
    """Mean of the volunteers' fractions."""
    count: int


@dataclass(frozen=True)
class AnswerScore:
    """One of the 37 answers, in weighted fractions over galaxies whose votes are known."""

    column: str
    text: str
    count: int
    rmse: float | None
    bias: float | None
    """Mean of prediction minus vote: above 0, the network sees more of it than volunteers do."""
    calibration_error: float | None
    """Mean over galaxies of |mean prediction - mean vote| of their bin, 10 equal bins."""
    bins: tuple[Bin, ...]
    """Only those that hold a galaxy."""
    agreed: AnswerScore | None = None
    """The same where volunteers came to the question and agree on one of its answers."""


@dataclass(frozen=True)
class Accuracy:
    """How often the network's most voted answer is the volunteers'."""

    count: int
    accuracy: float | None
    interval: Interval | None
    """95 % interval of a binomial share (Wilson 1927)."""
    most_common: float | None
    """What always giving the most common answer would reach."""


@dataclass(frozen=True)
class QuestionScore:
    """One of the 11 questions, over galaxies where at least half the volunteers came to it."""

    number: int
    text: str
    all: Accuracy
    agreed: Accuracy
    """Only where volunteers agree."""


def answer_scores(predicted: Fractions, voted: Fractions) -> tuple[AnswerScore, ...]:
    """Score each answer's weighted fractions; both of shape (n, 37), votes NaN where unknown."""
    agreed = relevant(voted) & _agreed(conditional_from_weighted(voted))
    scores = []
    for place, answer in enumerate(TREE.answers):
        ours, theirs = predicted[:, place], voted[:, place]
        there = agreed[:, answer.question - 1]
        score = _answer_score(answer.column, answer.text, ours, theirs)
        part = _answer_score(answer.column, answer.text, ours[there], theirs[there])
        scores.append(replace(score, agreed=part))
    return tuple(scores)


def question_scores(predicted: Fractions, voted: Fractions) -> tuple[QuestionScore, ...]:
    """Score each question's most voted answer; weighted fractions of shape (n, 37)."""
    ours, theirs = conditional_from_weighted(predicted), conditional_from_weighted(voted)
    asked, agreed = relevant(voted), _agreed(theirs)
    return tuple(
        _question_score(one, ours[here], theirs[here], agreed[here, place])
        for place, (one, here) in enumerate(zip(TREE.questions, asked.T, strict=True))
    )


def _agreed(theirs: Fractions) -> NDArray[np.bool_]:
    """Tell where those who came to a question agree on an answer; shape (n, 11)."""
    most = [theirs[:, TREE.span(one.number)].max(axis=1, initial=0) for one in TREE.questions]
    return np.asarray(np.stack(most, axis=1) > AGREED)


def relevant(voted: Fractions) -> NDArray[np.bool_]:
    """Tell where at least half of the volunteers came to a question; shape (n, 11)."""
    asked = np.asarray(expected_sums(voted) >= RELEVANT)
    for place, question in enumerate(TREE.questions):
        span = TREE.span(question.number)
        known = np.isfinite(voted[:, span]).all(axis=1) & (voted[:, span].sum(axis=1) > 0)
        asked[:, place] &= known
    return asked


def _answer_score(
    column: str, text: str, predicted: NDArray[np.float64], voted: NDArray[np.float64]
) -> AnswerScore:
    known = np.isfinite(voted)
    predicted, voted = predicted[known], voted[known]
    count = len(voted)
    if not count:
        return AnswerScore(column, text, 0, None, None, None, ())
    bins = _bins(predicted, voted)
    return AnswerScore(
        column,
        text,
        count,
        rmse=float(np.sqrt(np.square(predicted - voted).mean())),
        bias=float((predicted - voted).mean()),
        calibration_error=sum(one.count * abs(one.predicted - one.voted) for one in bins) / count,
        bins=bins,
    )


def _bins(predicted: NDArray[np.float64], voted: NDArray[np.float64]) -> tuple[Bin, ...]:
    places = (predicted * BINS).astype(int).clip(0, BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    sums = (np.bincount(places, one, minlength=BINS) for one in (predicted, voted))
    columns = zip(*(one.tolist() for one in sums), counts.tolist(), strict=True)
    return tuple(Bin(said / n, held / n, n) for said, held, n in columns if n)


def _question_score(
    question: Question, ours: Fractions, theirs: Fractions, agreed: NDArray[np.bool_]
) -> QuestionScore:
    span = TREE.span(question.number)
    said, truth = ours[:, span].argmax(axis=1), theirs[:, span].argmax(axis=1)
    return QuestionScore(
        question.number,
        question.text,
        all=_accuracy(said, truth),
        agreed=_accuracy(said[agreed], truth[agreed]),
    )


def _accuracy(said: NDArray[np.intp], truth: NDArray[np.intp]) -> Accuracy:
    count = len(truth)
    if not count:
        return Accuracy(0, None, None, None)
    right = int((said == truth).sum())
    return Accuracy(
        count,
        right / count,
        wilson(right, count),
        int(np.bincount(truth).max()) / count,
    )
