"""Weighted and conditional fractions, and the way between them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.votes.made import ANSWERS, COLUMNS, PARENTS, span, votes
from tuningfork.votes.fractions import (
    conditional_from_weighted,
    expected_sums,
    weighted_from_conditional,
)


def test_by_hand() -> None:
    """Kaggle's first galaxy: half of those asked about the bulge's kind times those asked."""
    conditional = np.full((1, 37), np.nan)
    for question, first in ((1, 0.6), (2, 0.1), (3, 0.25), (4, 0.5), (5, 1.0), (6, 0.0), (10, 0.5)):
        conditional[0, span(question)] = 0
        conditional[0, span(question).start : span(question).start + 2] = first, 1 - first
    weighted = dict(zip(COLUMNS, weighted_from_conditional(conditional)[0], strict=True))
    assert np.isclose(weighted["Class2.2"], 0.4 * 0.9)
    assert np.isclose(weighted["Class3.1"], 0.4 * 0.9 * 0.25)
    assert np.isclose(weighted["Class4.1"], 0.4 * 0.9 * 0.5)
    assert np.isclose(weighted["Class5.1"], 0.4 * 0.9)  # of 2.2, although 11 leads there too
    assert np.isclose(weighted["Class10.2"], 0.4 * 0.9 * 0.5 * 0.5)
    assert weighted["Class8.3"] == 0  # nobody saw anything odd
    assert np.isnan(weighted["Class7.1"])  # reached, but how they answered is not known


def test_unreached_question_is_not_known() -> None:
    """A question that nobody reached has conditional fractions of NaN, and weighted ones of 0."""
    weighted = votes(1)
    weighted[0, span(1)] = 1, 0, 0
    for question in (2, 3, 4, 5, 9, 10, 11):
        weighted[0, span(question)] = 0
    conditional = conditional_from_weighted(weighted)
    assert np.isnan(conditional[0, span(2)]).all()
    assert (weighted_from_conditional(conditional)[0, span(2)] == 0).all()


@given(seed=st.integers(0, 2**32 - 1), unasked=st.floats(0, 0.9))
def test_round_trip(seed: int, unasked: float) -> None:
    """Any valid weighted fractions come back from conditional ones."""
    weighted = votes(20, seed, unasked=unasked)
    conditional = conditional_from_weighted(weighted)
    for question in ANSWERS:
        sums = conditional[:, span(question)].sum(axis=1)
        assert (np.isnan(sums) | np.isclose(sums, 1)).all()
    assert np.allclose(weighted_from_conditional(conditional), weighted, atol=1e-12)


@given(seed=st.integers(0, 2**32 - 1))
def test_expected_sums(seed: int) -> None:
    """Each question is expected to sum to the column that the facts name, or to 1."""
    weighted = votes(5, seed)
    for place, parent in enumerate(PARENTS.values()):
        wanted = np.ones(5) if parent is None else weighted[:, COLUMNS.index(parent)]
        assert (expected_sums(weighted)[:, place] == wanted).all()


def test_inputs_stay() -> None:
    """Neither direction changes the array that it is given."""
    weighted = votes(3)
    before = weighted.copy()
    weighted_from_conditional(conditional_from_weighted(weighted))
    assert (weighted == before).all()
