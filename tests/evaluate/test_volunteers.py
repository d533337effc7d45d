"""The crowd that a network matches, found again where its size is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.votes.made import ANSWERS, COLUMNS, PARENTS, span
from tuningfork.evaluate.volunteers import ASSUMED, LEAST, matched_crowds

FEATURED = COLUMNS.index("Class1.2")


def truths(count: int, seed: int) -> NDArray[np.float64]:
    """Conditional fractions of galaxies as infinitely many volunteers would give them."""
    rng = np.random.default_rng(seed)
    conditional = np.zeros((count, 37))
    for question, answers in ANSWERS.items():
        conditional[:, span(question)] = rng.dirichlet(np.full(answers, 0.8), count)
    return conditional


def asked(conditional: NDArray[np.float64], volunteers: int, seed: int) -> NDArray[np.float64]:
    """Weighted fractions that a crowd gives, walking down the tree one by one."""
    rng = np.random.default_rng(seed)
    weighted = np.zeros_like(conditional)
    for row, shares in enumerate(conditional):
        for question in (1, 6, 2, 3, 4, 5, 7, 8, 9, 10, 11):
            parent = PARENTS[question]
            share = 1.0 if parent is None else weighted[row, COLUMNS.index(parent)]
            came = round(share * volunteers)
            if came:
                chances = shares[span(question)] / shares[span(question)].sum()
                weighted[row, span(question)] = rng.multinomial(came, chances) / volunteers
    return weighted


@pytest.mark.parametrize("size", [4, 12])
def test_a_crowd_is_as_good_as_itself(size: int) -> None:
    """Other volunteers in the network's place are found to be as many as they are."""
    conditional = truths(1500, seed=size)
    record = asked(conditional, 45, seed=1)
    found = matched_crowds(asked(conditional, size, seed=2), record, np.full(1500, 45.0))
    first = found.questions[0].crowd
    assert first.interval is not None
    assert first.volunteers == pytest.approx(size, rel=0.1)
    assert first.interval[0] < size * 1.02
    assert first.interval[1] > size * 0.98


def test_the_records_own_chance_is_taken_out() -> None:
    """The truth itself is as good as a crowd without end, though it strays from the record."""
    conditional = truths(1500, seed=7)
    record = asked(conditional, 45, seed=8)
    found = matched_crowds(asked(conditional, 20_000, seed=9), record, np.full(1500, 45.0))
    first = found.questions[0].crowd
    assert first.volunteers is not None
    assert first.volunteers > 400
    assert first.against_record == pytest.approx(44, rel=0.1)
    assert first.votes == 45


def test_followers_of_a_question_count_their_own_volunteers() -> None:
    """A question is looked at where half came to it, with the votes it had."""
    conditional = truths(600, seed=3)
    record = asked(conditional, 40, seed=4)
    found = matched_crowds(asked(conditional, 10, seed=5), record, np.full(600, 40.0))
    edge = found.questions[1].crowd
    came = record[:, FEATURED]
    assert edge.galaxies == int((came >= 0.5).sum())
    assert edge.votes == pytest.approx(40 * came[came >= 0.5].mean())


def test_unknown_numbers_of_volunteers_are_assumed_and_counted() -> None:
    """Kaggle's table tells no counts: 45 are taken."""
    conditional = truths(50, seed=1)
    record = asked(conditional, 45, seed=2)
    unknown = matched_crowds(conditional, record, np.full(50, np.nan))
    known = matched_crowds(conditional, record, np.full(50, ASSUMED))
    assert (unknown.assumed, known.assumed) == (50, 0)
    assert unknown.questions[0].crowd.error == known.questions[0].crowd.error


def test_too_few_galaxies_tell_nothing() -> None:
    """Below ten galaxies a question gives no number, rather than a wild one."""
    conditional = truths(LEAST - 1, seed=1)
    record = asked(conditional, 45, seed=2)
    found = matched_crowds(conditional, record, np.full(LEAST - 1, 45.0))
    assert found.overall.volunteers is None
    assert found.questions[0].crowd.interval is None
