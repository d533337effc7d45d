"""The walk down the decision tree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuningfork.explain import walk
from tuningfork.votes.fractions import weighted_from_conditional
from tuningfork.votes.tree import TREE


def _fractions(conditional: np.ndarray) -> dict[str, float]:
    weighted = weighted_from_conditional(conditional[np.newaxis])[0]
    return dict(zip(TREE.columns, weighted.tolist(), strict=True))


def _agreed(*answers: tuple[int, int]) -> dict[str, float]:
    """Votes in which everybody gives these answers, and equal shares elsewhere."""
    conditional = np.concatenate(
        [np.full(len(q.answers), 1 / len(q.answers)) for q in TREE.questions]
    )
    for question, number in answers:
        conditional[TREE.span(question)] = 0
        conditional[TREE.place((question, number))] = 1
    return _fractions(conditional)


@pytest.mark.parametrize(
    ("answers", "questions"),
    [
        ([(1, 1), (7, 2), (6, 2)], [1, 7, 6]),
        ([(1, 2), (2, 1), (9, 1), (6, 1), (8, 7)], [1, 2, 9, 6, 8]),
        (
            [(1, 2), (2, 2), (3, 1), (4, 1), (10, 2), (11, 2), (5, 3), (6, 2)],
            [1, 2, 3, 4, 10, 11, 5, 6],
        ),
        ([(1, 2), (2, 2), (3, 2), (4, 2), (5, 1), (6, 2)], [1, 2, 3, 4, 5, 6]),
        ([(1, 3)], [1]),
    ],
)
def test_walk_asks_what_galaxy_zoo_asks(
    answers: list[tuple[int, int]], questions: list[int]
) -> None:
    """Agreed answers lead through the questions of Willett et al. 2013, Figure 1."""
    steps = walk(_agreed(*answers))
    assert [step.question.number for step in steps] == questions
    assert [step.taken.key for step in steps] == answers
    assert all(max(step.shares) == pytest.approx(1) for step in steps)


@given(st.lists(st.floats(0.001, 1), min_size=37, max_size=37))
def test_shares_are_those_of_who_is_asked(numbers: list[float]) -> None:
    """Shares at each question are its conditional fractions, and fewer are asked further down."""
    conditional = np.array(numbers)
    for question in TREE.questions:
        span = TREE.span(question.number)
        conditional[span] /= conditional[span].sum()
    steps = walk(_fractions(conditional))
    for step in steps:
        np.testing.assert_allclose(step.shares, conditional[TREE.span(step.question.number)])
    assert steps[0].asked == pytest.approx(1)
    assert all(step.asked <= 1 + 1e-9 for step in steps)
