"""How galaxies of which only a little is known are shared out among a rule's classes.

A galaxy's *stratum* is its class under a side rule together with what is known of its first
question. Where all votes of many galaxies are known, they tell how large each stratum truly is and
how often its galaxies meet the rule as each class; galaxies of any other set then count by that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.votes.rules import Rule, load_rule
from tuningfork.votes.tree import TREE

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SIDE_RULE = "zhu5"
CLEAR = {"smooth>=0.80": ("Class1.1", 0.8), "features>=0.90": ("Class1.2", 0.9)}
"""What may be known of the first question: an answer, and the least share of votes for it."""
FIRST = ("", *CLEAR)
"""Nothing of it comes first."""


Code = tuple[int, int]
"""A stratum: the side rule's class (its place, -1 for none), and a place in FIRST."""


@dataclass(frozen=True)
class Strata:
    """Counts of voted galaxies by stratum and class; stratum ``s`` is ``codes[s]``."""

    codes: tuple[Code, ...]
    counts: NDArray[np.intp]
    """(strata, classes): galaxies that meet the rule."""
    galaxies: NDArray[np.intp]
    """(strata,): all of them."""

    def place(self, code: Code) -> int:
        """Give a stratum's place, -1 for one that no voted galaxy is in."""
        return self.codes.index(code) if code in self.codes else -1

    def evidence(self, place: int) -> Floats:
        """Say how likely a galaxy of each class is of the stratum, (classes,), the most set to 1.

        Half a galaxy is added to each count's two sides (Jeffreys 1946), as classes are small.
        """
        found = (self.counts[place] + 0.5) / (self.counts.sum(axis=0) + 1)
        return np.asarray(found / found.max())


def code_of(side_class: str, first: str) -> Code:
    """Name a stratum by its class under the side rule (empty: none) and a text of FIRST."""
    names = load_rule(SIDE_RULE).class_names
    return names.index(side_class) if side_class in names else -1, FIRST.index(first)


def codes_of(votes: Floats) -> NDArray[np.intp]:
    """Give the strata of voted galaxies (n, 37) as rows of two numbers, (n, 2)."""
    firsts = np.zeros(len(votes), np.intp)
    for place, (column, least) in enumerate(CLEAR.values(), start=1):
        firsts[votes[:, TREE.columns.index(column)] >= least] = place
    return np.stack([load_rule(SIDE_RULE).apply(votes), firsts], axis=1)


def told_by_votes(votes: Floats, rule: Rule) -> Strata:
    """Count strata and classes of galaxies whose votes (n, 37) are all known."""
    codes, places = np.unique(codes_of(votes), axis=0, return_inverse=True)
    labels = rule.apply(votes)
    counts = np.zeros((len(codes), len(rule.class_names)), np.intp)
    met = labels >= 0
    np.add.at(counts, (places.ravel()[met], labels[met]), 1)
    return Strata(
        tuple((side, first) for side, first in codes.tolist()),
        counts,
        np.bincount(places.ravel(), minlength=len(codes)),
    )
