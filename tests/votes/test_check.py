"""The check of votes against every sum constraint."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.votes.made import COLUMNS, PARENTS, span, votes
from tuningfork.votes.check import check_votes

CHILDREN = {"Class1.1": {7}, "Class1.2": {2}, "Class2.1": {9}, "Class2.2": {3, 4, 5}}
CHILDREN |= {"Class4.1": {10, 11}, "Class6.1": {8}}


@given(seed=st.integers(0, 2**32 - 1))
def test_valid_votes_pass(seed: int) -> None:
    """Votes that hold every constraint break none."""
    assert check_votes([str(row) for row in range(10)], votes(10, seed)) == []


@given(
    seed=st.integers(0, 2**32 - 1),
    column=st.sampled_from(COLUMNS),
    shift=st.sampled_from([0.001, -0.001, 0.3, -0.5, 2e-4, -2e-4, 5e-6, -5e-6]),
)
def test_one_shifted_fraction_is_caught(seed: int, column: str, shift: float) -> None:
    """One wrong fraction breaks its own question and those that sum to it, and no other."""
    weighted = votes(4, seed, unasked=0)
    weighted[2, COLUMNS.index(column)] += shift
    breaks = check_votes(["a", "b", "c", "d"], weighted)
    question = int(column.removeprefix("Class").partition(".")[0])
    assert {one.id for one in breaks} == {"c"}
    assert {one.question for one in breaks} == {question} | CHILDREN.get(column, set())
    assert all(one.serious == (abs(shift) > 1e-4) for one in breaks)
    for one in breaks:
        assert one.parent == PARENTS[one.question]
        assert one.sum == pytest.approx(weighted[2, span(one.question)].sum())


def test_break_is_told() -> None:
    """A break names the galaxy, the question, its sum and the parent's fraction."""
    weighted = votes(1, unasked=0)
    weighted[0, span(7)] *= 0.5
    (one,) = check_votes(["100008"], weighted)
    half, whole = weighted[0, 0] / 2, weighted[0, 0]
    assert one.sentence == f"100008: question 7 sums to {half:.6f}, expected Class1.1 = {whole:.6f}"


@pytest.mark.parametrize(("off", "serious"), [(0.9e-6, None), (1.1e-6, False), (0.99e-4, False)])
def test_rounding_and_remarks(off: float, serious: bool | None) -> None:
    """Up to 1e-6 is rounding, up to 1e-4 a remark."""
    weighted = votes(1, unasked=0)
    weighted[0, span(8).start] += off
    assert [one.serious for one in check_votes(["a"], weighted)] == (
        [] if serious is None else [serious]
    )


def test_last_decimal_of_six_is_rounding() -> None:
    """Fractions of six decimals that sum to 0.999999 pass, though binary makes it a little more."""
    weighted = votes(1, unasked=0)
    weighted[0, span(6)] = 0.054453, 0.945546
    weighted[0, span(8)] *= 0.054453 / weighted[0, span(8)].sum()
    assert check_votes(["a"], weighted) == []


@pytest.mark.parametrize("wrong", [-0.2, 1.2])
def test_outside_zero_to_one(wrong: float) -> None:
    """A fraction outside 0 to 1 is an error although its question's sum is right."""
    weighted = votes(1, unasked=0)
    weighted[0, span(6)] = wrong, 1 - wrong
    weighted[0, span(8)] = wrong / 7
    breaks = {one.question: one for one in check_votes(["a"], weighted)}
    assert breaks[6].serious
    assert "outside 0 to 1" in breaks[6].sentence


def test_not_known() -> None:
    """NaN is an error, save, on request, in a question that was not asked at all."""
    weighted = votes(2, unasked=0)
    weighted[0, span(9)] = np.nan
    weighted[1, span(9).start] = np.nan
    assert [one.id for one in check_votes(["a", "b"], weighted)] == ["a", "b"]
    assert all(one.serious for one in check_votes(["a", "b"], weighted))
    assert [one.id for one in check_votes(["a", "b"], weighted, unasked=True)] == ["b"]
