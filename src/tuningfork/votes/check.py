"""The check of weighted vote fractions against every sum constraint of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.votes.fractions import Fractions, expected_sums
from tuningfork.votes.tree import TREE, Key

REMARK = 1e-6
"""Differences up to this are rounding; Kaggle's rows hold within it."""
SERIOUS = 1e-4
"""Differences above this are errors; those between are remarks."""
_FLOAT = 1e-9  # sums of decimals in binary: a difference of 1e-6 comes out as 1.00000000003e-6


@dataclass(frozen=True)
class Break:
    """One question of one galaxy whose weighted fractions cannot be."""

    id: str
    question: int
    sum: float
    """What its answers sum to; NaN where one of them is not known."""
    parent: str | None
    """The column that they should sum to; None: they should sum to 1."""
    expected: float
    """That column's value, or 1."""
    outside: float | None
    """The fraction that lies furthest outside 0 to 1, if one does."""
    serious: bool
    """An error, above 1e-4; else a remark, above 1e-6."""

    @property
    def sentence(self) -> str:
        """Galaxy, question, sum and expected parent."""
        said = f"{self.id}: question {self.question}"
        if self.outside is not None:
            return f"{said} has a fraction of {self.outside:.6g}, outside 0 to 1"
        if np.isnan(self.sum):
            return f"{said} has a fraction that is not known"
        parent = f"{self.parent} = {self.expected:.6f}" if self.parent else "1"
        return f"{said} sums to {self.sum:.6f}, expected {parent}"


def check_votes(ids: Sequence[str], weighted: Fractions, *, unasked: bool = False) -> list[Break]:
    """Every break in weighted fractions of shape (galaxies, 37), by galaxy and question.

    A question breaks where its answers do not sum to its parent's fraction (or to 1), where a
    fraction lies outside 0 to 1, and where one is NaN. With ``unasked`` a question that is NaN
    throughout, or whose parent is NaN, is taken as never asked and passes.
    """
    weighted = np.asarray(weighted, dtype=np.float64)
    sums = np.stack([weighted[:, TREE.span(q.number)].sum(axis=1) for q in TREE.questions], axis=1)
    expected = expected_sums(weighted)
    far, outside = _outside(weighted)
    off = np.maximum(np.abs(sums - expected), far)
    unknown = np.isnan(sums)
    if unasked:
        unknown &= ~_wholly_unknown(weighted)
    off[unknown] = np.inf
    found: list[list[int]] = np.argwhere(off > REMARK + _FLOAT).tolist()
    return [
        Break(
            id=ids[row],
            question=TREE.questions[place].number,
            sum=float(sums[row, place]),
            parent=_column(TREE.questions[place].weighted_parent),
            expected=float(expected[row, place]),
            outside=None if np.isnan(outside[row, place]) else float(outside[row, place]),
            serious=bool(off[row, place] > SERIOUS + _FLOAT),
        )
        for row, place in found
    ]


def _column(parent: Key | None) -> str | None:
    return None if parent is None else TREE.answers[TREE.place(parent)].column


def _outside(weighted: Fractions) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each question's worst fraction lies outside 0 to 1, and that fraction or NaN."""
    beyond = np.nan_to_num(np.maximum(-weighted, weighted - 1), nan=0.0, posinf=np.inf)
    beyond = np.maximum(beyond, 0)
    far = np.zeros((len(weighted), len(TREE.questions)))
    worst = np.full(far.shape, np.nan)
    every = np.arange(len(weighted))
    for place, question in enumerate(TREE.questions):
        span = TREE.span(question.number)
        column = beyond[:, span].argmax(axis=1)
        far[:, place] = beyond[:, span][every, column]
        worst[:, place] = np.where(
            far[:, place] > REMARK + _FLOAT, weighted[:, span][every, column], np.nan
        )
    return far, worst


def _wholly_unknown(weighted: Fractions) -> NDArray[np.bool_]:
    unknown = np.isnan(weighted)
    return np.stack([unknown[:, TREE.span(q.number)].all(axis=1) for q in TREE.questions], axis=1)
