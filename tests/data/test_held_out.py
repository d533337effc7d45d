"""Galaxies that a network was kept from, found by their ids alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.made import known_set
from tests.votes.made import votes
from tuningfork.data import Known, each_once, held_out, validates
from tuningfork.data.held_out import kept_too
from tuningfork.errors import BadData
from tuningfork.train.galaxies import gather
from tuningfork.train.recipe import load_recipe

SPLIT = {"share": 0.3, "seed": 0}


@pytest.mark.parametrize("seed", [0, 4])
def test_they_are_those_that_validated_in_training(seed: int) -> None:
    """The set's held-out galaxies are those that a run sets aside, whatever its recipe's seed."""
    weighted = votes(200, seed=1)
    one = known_set("kaggle", {str(row): Known(votes=weighted[row]) for row in range(200)})
    plan = load_recipe("compact").model_copy(update={"validation": 0.3, "seed": seed})
    same = {"3": "other", "5": "8"}
    run = gather([one], plan, excluded=frozenset(), same=same)
    validated = [galaxy.id for galaxy, kept in zip(run.entries, run.validates, strict=True) if kept]
    assert [galaxy.id for galaxy in held_out(one, SPLIT, same).galaxies] == validated
    assert 30 < len(validated) < 90


def test_a_pair_stays_together() -> None:
    """Two ids of one galaxy are both held out or both not."""
    one = known_set("gz2", {"a": Known(votes=np.ones(37)), "b": Known(votes=np.ones(37))})
    for seed in range(20):
        try:
            kept = held_out(one, {"share": 0.5, "seed": seed}, {"a": "b"}).galaxies
        except BadData:
            continue
        assert len(kept) == 2


@given(st.integers(2, 12), st.integers(0, 50), st.text("0123456789J", min_size=1))
def test_the_folds_part_all_galaxies(count: int, seed: int, name: str) -> None:
    """Whatever their number, a galaxy is kept in one of them; the first is the split of one."""
    split = {"share": 1 / count, "seed": seed}
    kept = [validates(name, split | {"fold": fold}) for fold in range(count)]
    assert sum(kept) == 1
    assert validates(name, split) == kept[0]


def test_a_card_without_a_split_is_refused(tmp_path: Path) -> None:
    """Nobody knows what such a network was kept from, and the message says so."""
    one = known_set("kaggle", {"1": Known(votes=np.ones(37))})
    with pytest.raises(BadData, match="--held-out"):
        held_out(one, {})
    with pytest.raises(BadData, match="none of its 1"):
        held_out(one, {"share": 1e-9, "seed": 0})


def test_a_galaxy_of_two_sets_counts_once() -> None:
    """Under its own id or another, it stays in the first set that holds it."""
    votes_of = Known(votes=np.ones(37))
    first = known_set("kaggle", {"1": votes_of, "2": votes_of})
    second = known_set("gz2", {"a": votes_of, "b": votes_of, "2": votes_of})
    found = each_once([first, second], {"a": "1"})
    assert [[one.id for one in each.galaxies] for each in found] == [["1", "2"], ["b"]]


@given(count=st.integers(2, 9), fold=st.integers(0, 8), seed=st.integers(0, 3))
def test_what_one_split_keeps_another_kept_too(count: int, fold: int, seed: int) -> None:
    """A tenth lies within the first fold of any two to nine, and in no other; by ids as well."""
    fold = min(fold, count - 1)
    tenth, other = {"share": 0.1, "seed": 0}, {"share": 1 / count, "seed": seed, "fold": fold}
    within = kept_too(tenth, other)
    assert within == (fold == 0 and seed == 0)
    kept = [str(one) for one in range(300) if validates(str(one), tenth)]
    if seed == 0:
        assert within == all(validates(one, other) for one in kept)
