"""You, the machine and ten volunteers: how large a crowd the network is as good as.

Walmsley et al. 2022 (MNRAS 509, 3966, section 5.2) asked how many volunteers' votes come as near
to the votes of very many as their network does, and found about ten. They had galaxies with more
than 75 votes to measure by; here some forty votes a galaxy are known, so their own chance is taken
out.

Let p be the recorded share of an answer among the n volunteers who came to the question, and f
the network's. The votes' spread is estimated without bias by s = p (1 - p) n / (n - 1), summed
over the question's answers. A crowd of k fresh volunteers strays from what infinitely many would
say by a mean square of s / k; the record itself by s / n. The network strays from the record by
m = sum of (f - p)², of which s / n is the record's doing. The two are equally good at

    k = sum of s / (sum of m - sum of s / n),

sums over galaxies. Where the network is no farther from the record than the record is from the
truth, no crowd is too large: k is infinite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.evaluate.intervals import Interval, interval, resampled_sums
from tuningfork.evaluate.questions import relevant
from tuningfork.votes.fractions import Fractions, conditional_from_weighted, expected_sums
from tuningfork.votes.tree import TREE

ASSUMED = 45.0
"""Volunteers who saw a galaxy where the table does not tell: each of Kaggle's was seen by 40 to 50
(Willett et al. 2013)."""
LEAST = 10
"""Galaxies below which a question is left out."""


@dataclass(frozen=True)
class Crowd:
    """The crowd that a network matches."""

    galaxies: int
    votes: float | None
    """Votes for the question that a galaxy had, on the mean; None, as all that follows, where
    there are too few galaxies to tell."""
    error: float | None
    """The network's root mean squared distance from the recorded shares, over all answers."""
    volunteers: float | None
    """As many volunteers as come as near to the truth; infinite where none do."""
    interval: Interval | None
    """95 % bootstrap interval over galaxies."""
    against_record: float | None
    """The same without allowing for the record's own chance, so too small: sum of p (1 - p) over
    sum of m."""


@dataclass(frozen=True)
class QuestionCrowd:
    """One question's crowd."""

    number: int
    text: str
    crowd: Crowd


@dataclass(frozen=True)
class Crowds:
    """All questions' crowds, and the one of any question asked of any galaxy."""

    questions: tuple[QuestionCrowd, ...]
    overall: Crowd
    assumed: int
    """Galaxies of which the number of volunteers was not known, so taken to be 45."""


def matched_crowds(
    predicted: Fractions, voted: Fractions, volunteers: NDArray[np.float64], *, seed: int = 0
) -> Crowds:
    """Find the crowd that a network matches, question by question.

    ``predicted`` and ``voted`` are weighted fractions of shape (n, 37), votes as volunteers gave
    them, NaN where not known; ``volunteers`` of shape (n,) is how many saw each galaxy, NaN where
    not known. A question counts where at least half of them came to it, and at least two did.
    """
    known = np.where(np.isfinite(volunteers), volunteers, ASSUMED)
    ours, theirs = conditional_from_weighted(predicted), conditional_from_weighted(voted)
    votes = known[:, np.newaxis] * expected_sums(voted)
    asked = relevant(voted) & (votes >= 2)
    spread, miss, plain = (np.zeros(asked.shape) for _ in range(3))
    for place, question in enumerate(TREE.questions):
        rows, span = asked[:, place], TREE.span(question.number)
        share, own = theirs[rows, span], ours[rows, span]
        count = votes[rows, place]
        plain[rows, place] = (share * (1 - share)).sum(axis=1)
        spread[rows, place] = plain[rows, place] * count / (count - 1)
        miss[rows, place] = np.square(own - share).sum(axis=1)
    noise = np.divide(spread, votes, out=np.zeros(asked.shape), where=asked)
    terms = _Terms(spread, miss, miss - noise, plain, np.where(asked, votes, 0.0), asked)
    resampled = _resampled(terms, seed)
    return Crowds(
        questions=tuple(
            QuestionCrowd(one.number, one.text, _crowd(terms, resampled, slice(place, place + 1)))
            for place, one in enumerate(TREE.questions)
        ),
        overall=_crowd(terms, resampled, slice(None)),
        assumed=int((~np.isfinite(volunteers)).sum()),
    )


@dataclass(frozen=True)
class _Terms:
    """What each galaxy adds for each question, 0 where it was not asked; all (n, questions)."""

    spread: NDArray[np.float64]
    miss: NDArray[np.float64]
    excess: NDArray[np.float64]
    """The miss without the record's own chance."""
    plain: NDArray[np.float64]
    votes: NDArray[np.float64]
    asked: NDArray[np.bool_]


Resampled = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Sums of spread and excess over resampled sets of galaxies, each of shape (draws, questions)."""


def _resampled(terms: _Terms, seed: int) -> Resampled:
    columns = terms.spread.shape[1]
    sums = resampled_sums(np.concatenate([terms.spread, terms.excess], axis=1), seed=seed)
    return sums[:, :columns], sums[:, columns:]


def _crowd(terms: _Terms, resampled: Resampled, columns: slice) -> Crowd:
    asked = terms.asked[:, columns]
    galaxies = int(asked.any(axis=1).sum())
    if galaxies < LEAST:
        return Crowd(galaxies, None, None, None, None, None)
    miss = float(terms.miss[:, columns].sum())
    spread, excess = (one[:, columns].sum(axis=1) for one in resampled)
    return Crowd(
        galaxies=galaxies,
        votes=float(terms.votes[:, columns].sum() / asked.sum()),
        error=math.sqrt(miss / int(asked.sum())),
        volunteers=_matched(terms.spread[:, columns].sum(), terms.excess[:, columns].sum()),
        interval=interval(np.array([*map(_matched, spread.tolist(), excess.tolist())])),
        against_record=_matched(terms.plain[:, columns].sum(), miss),
    )


def _matched(spread: float, excess: float) -> float:
    """The k at which a crowd's mean square, spread / k, is the network's excess."""
    return float(spread / excess) if excess > 0 else math.inf
