"""Weighted and conditional vote fractions, and the way between them.

A *conditional* fraction is an answer's share of those who were asked its question; Kaggle's
*weighted* fraction is that share times the weighted fraction of the answer that the question's
answers must sum to (``Question.weighted_parent``). Arrays are float64 of shape (galaxies, 37),
columns in the order of ``TREE.columns``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuningfork.votes.tree import TREE

Fractions = NDArray[np.float64]


def expected_sums(weighted: Fractions) -> Fractions:
    """What each question's weighted fractions must sum to, shape (galaxies, 11)."""
    sums = np.ones((len(weighted), len(TREE.questions)))
    for column, question in enumerate(TREE.questions):
        if question.weighted_parent is not None:
            sums[:, column] = weighted[:, TREE.place(question.weighted_parent)]
    return sums


def weighted_from_conditional(conditional: Fractions) -> Fractions:
    """Multiply each conditional fraction by the weight of reaching its question.

    A question whose fractions are NaN (nobody was asked) or sum to zero gives zeros only where
    nobody reached it; otherwise NaN stays NaN and a sum of zero stays zero.
    """
    weighted = np.array(conditional, dtype=np.float64)
    for question in parents_first():
        span = TREE.span(question)
        parent = TREE.question(question).weighted_parent
        if parent is None:
            continue
        weight = weighted[:, TREE.place(parent)][:, np.newaxis]
        weighted[:, span] = np.where(weight == 0, 0.0, weighted[:, span] * weight)
    return weighted


def conditional_from_weighted(weighted: Fractions) -> Fractions:
    """Divide each weighted fraction by what its question's answers sum to.

    Questions that nobody reached (a sum of zero) give NaN: their fractions are not known.
    """
    weighted = np.asarray(weighted, dtype=np.float64)
    conditional = np.full(weighted.shape, np.nan)
    for question in TREE.questions:
        span = TREE.span(question.number)
        total = weighted[:, span].sum(axis=1, keepdims=True)
        np.divide(weighted[:, span], total, out=conditional[:, span], where=total > 0)
    return conditional


def parents_first() -> list[int]:
    """Question numbers ordered so that each comes after the one its parent answer belongs to."""
    order: list[int] = []
    waiting = list(TREE.questions)
    while waiting:
        question = waiting.pop(0)
        parent = question.weighted_parent
        if parent is None or parent[0] in order:
            order.append(question.number)
        else:
            waiting.append(question)
    return order
