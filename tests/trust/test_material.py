"""How galaxies count of which only a little is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tuningfork.trust.answers import Seen
from tuningfork.trust.likely import likely_classes
from tuningfork.trust.material import NOWHERE, Judged, Material
from tuningfork.trust.strata import code_of, codes_of, told_by_votes
from tuningfork.votes.rules import CLASSES, load_rule
from tuningfork.votes.tree import TREE

RULE = load_rule("reference")


def votes(count: int = 1, **columns: float) -> NDArray[np.float64]:
    """Votes of so many galaxies; ``c1_2`` is Class1.2."""
    found = np.zeros((count, 37))
    for name, value in columns.items():
        found[:, TREE.columns.index("Class" + name[1:].replace("_", "."))] = value
    return found


SMOOTH = {"c1_1": 0.95, "c6_2": 0.9, "c7_1": 0.9}
SPIRAL = {"c1_2": 0.95, "c2_2": 0.95, "c3_2": 0.9, "c4_1": 0.9, "c6_2": 0.9}
FAINT = {"c1_2": 0.72, "c2_2": 0.71, "c3_2": 0.7, "c4_1": 0.3, "c6_2": 0.9}


def test_strata_are_named_alike_by_words_and_by_votes() -> None:
    """A spiral of Zhu's with 95 % for features; a galaxy that meets nothing."""
    table = np.concatenate([votes(**SPIRAL), votes(c1_1=0.4, c1_2=0.5)])
    assert codes_of(table).tolist() == [
        list(code_of("spiral", "features>=0.90")),
        list(code_of("", "")),
    ]


def test_votes_tell_how_large_a_stratum_is_and_of_what_class() -> None:
    """Of five faint galaxies of no side class two are spirals by the rule."""
    table = np.concatenate([votes(10, **SMOOTH), votes(3, **SPIRAL), votes(2, **FAINT),
                            votes(3, c1_1=0.4, c1_2=0.5)])  # fmt: skip
    strata = told_by_votes(table, RULE)
    place = strata.place(code_of("", ""))
    assert strata.galaxies[place] == 5
    assert strata.counts[place].tolist() == [0, 2, 0, 0]
    assert strata.place(code_of("edge_on", "")) == -1
    evidence = strata.evidence(place)
    assert evidence[0] / evidence[1] == pytest.approx((0.5 / 11) / (2.5 / 6))


def test_the_rule_is_met_as_often_as_votes_so_predicted_meet_it() -> None:
    """0.72 for smooth, with an error of 0.05 (normal), reaches 0.70 in 65.5 of 100 cases."""
    random = np.random.default_rng(0)
    errors = np.zeros((2000, 37))
    errors[:, 0] = random.normal(0, 0.05, 2000)
    predicted = votes(c1_1=0.72, c6_2=0.9)[0]

    def every(some: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.ones(len(some), np.bool_)

    found = likely_classes(predicted, errors, every, RULE, random)
    assert found is not None
    assert found[0] == pytest.approx(0.655, abs=0.04)
    assert not found[1:].any()
    # Knowing that it reached 0.7 settles it; what cannot be says nothing.
    known = likely_classes(predicted, errors, lambda some: some[:, 0] >= 0.7, RULE, random)
    assert known is not None
    assert known[0] == 1
    assert likely_classes(predicted, errors, lambda some: some[:, 0] < 0.2, RULE, random) is None


def test_strata_and_classes_get_their_true_shares() -> None:
    """Half of the spirals are faint; the one held out stands for as many as the nine others."""
    table = np.concatenate([votes(60, **SMOOTH), votes(20, **SPIRAL), votes(20, **FAINT),
                            votes(5, c1_2=0.9, c2_2=0.9, c3_1=0.9, c4_1=0.9),
                            votes(5, c1_2=0.9, c2_1=0.9, c6_2=0.9)])  # fmt: skip
    strata = told_by_votes(table, RULE)
    one = np.eye(4)

    def judged(side: str, first: str, place: int) -> Judged:
        stratum = strata.place(code_of(side, first))
        return Judged(one[place] > 0, one[place] * 0.5, one[place], stratum)

    rows = [judged("spiral", "features>=0.90", 1)] * 9 + [judged("", "", 1)]
    rows += [judged("completely_round", "smooth>=0.80", 0)] * 4
    rows += [Judged(one[place] > 0, one[place], one[place], NOWHERE) for place in (1, 2, 3)]
    rows.append(Judged(np.ones(4, np.bool_), np.zeros(4), np.ones(4)))
    count = len(rows)
    material = Material(
        classes=CLASSES, names=("set",), source=np.zeros(count, np.intp),
        seen=Seen(np.arange(count), *(np.zeros((count, 4)),) * 3, np.zeros(count, np.bool_)),
        judged=tuple(rows), good=np.ones(count, np.bool_), strata=strata,
    )  # fmt: skip
    assert material.telling.sum() == count - 1
    shares = material.shares(material.telling, np.full((count, 4), 0.25))
    assert shares.sum() == pytest.approx(count - 1)
    assert shares.sum(axis=0) / shares.sum() == pytest.approx(np.array([60, 40, 5, 5]) / 110)
    assert shares[:9, 1].sum() == pytest.approx(shares[9, 1])
    assert not shares[-1].any()
