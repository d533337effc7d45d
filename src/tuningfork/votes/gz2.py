"""Galaxy Zoo 2's own table (Hart et al. 2016, MNRAS 461, 3663) in the form of Kaggle's.

Its columns are conditional fractions, ``t01_smooth_or_features_a01_smooth_debiased`` and the
like; answers are numbered a01 to a38 through the whole tree. Debiasing moves each answer by
itself, so a question's debiased fractions need not sum to 1: they are brought to 1, then
multiplied down the tree. Kaggle's columns are such debiased fractions. A question of which every
fraction is zero was not asked; it is NaN where the debiased tree still reaches it. Question 6
sums to 1, as in Kaggle's file, although Galaxy Zoo did not ask it after "star or artifact".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tuningfork.errors import BadTable
from tuningfork.votes.check import SERIOUS
from tuningfork.votes.fractions import Fractions, weighted_from_conditional
from tuningfork.votes.tree import TREE

DEBIASED, RAW = "debiased", "weighted_fraction"
KINDS = (DEBIASED, RAW, "fraction")
"""Which fractions to read, the preferred first: nearest to Kaggle's, then as volunteers voted."""

_COLUMN = re.compile(r"t(?P<question>\d\d)_\w*?_?a(?P<answer>\d\d)_\w+")
_DECIMALS = 6  # the table holds float32: 0.7 stands there as 0.699999988


def gz2_columns(header: Sequence[str], kinds: Sequence[str] = KINDS) -> tuple[str, ...]:
    """The header's 37 columns of the first kind it has, in the tree's order; empty if it has none.

    Raises BadTable if only some answers have a column.
    """
    for kind in kinds:
        found = [name for name in header if _COLUMN.fullmatch(name) and _kind(name) == kind]
        if found:
            return _in_tree_order(found, kind)
    return ()


def weighted_from_gz2(fractions: Fractions) -> Fractions:
    """Weighted fractions from Galaxy Zoo 2's conditional ones, both of shape (galaxies, 37).

    NaN marks questions that were not asked of volunteers though the tree reaches them.
    """
    conditional = np.asarray(fractions, dtype=np.float64).round(_DECIMALS)
    for question in TREE.questions:
        span = TREE.span(question.number)
        total = conditional[:, span].sum(axis=1, keepdims=True)
        known = np.full(conditional[:, span].shape, np.nan)
        np.divide(conditional[:, span], total, out=known, where=total > 0)
        conditional[:, span] = np.round(known, 12)
    return weighted_from_conditional(conditional)


def impossible(fractions: Fractions) -> dict[str, NDArray[np.bool_]]:
    """What Galaxy Zoo 2's conditional fractions cannot be, each with the galaxies it befell."""
    first = fractions[:, TREE.span(1)].sum(axis=1)
    return {
        "a fraction outside 0 to 1": ((fractions < -SERIOUS) | (fractions > 1 + SERIOUS)).any(
            axis=1
        ),
        "no answer to question 1": ~(first > 0),
    }


def _kind(name: str) -> str:
    return next((kind for kind in KINDS if name.endswith(f"_{kind}")), "")


def _in_tree_order(found: Sequence[str], kind: str) -> tuple[str, ...]:
    """Answers of one question come in the order of their numbers, which is the tree's order."""
    columns: list[str] = []
    for question in TREE.questions:
        asked = sorted(
            (match["answer"], name)
            for name in found
            if (match := _COLUMN.fullmatch(name)) and int(match["question"]) == question.number
        )
        if len(asked) != len(question.answers):
            raise BadTable(
                f"Galaxy Zoo 2's table has {len(asked)} columns ending in _{kind} for question "
                f"{question.number}, expected {len(question.answers)}; fetch the whole table"
            )
        columns += [name for _, name in asked]
    return tuple(columns)
