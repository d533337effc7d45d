"""Putting sets together: who is left out, who validates, who is drawn how often."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.train.made import known_set, of_class, one_of, recipe, votes
from tuningfork.data import GalaxySet, Known, Problem, canonical
from tuningfork.errors import BadData
from tuningfork.train.galaxies import (
    Galaxies,
    class_weights,
    draw_weights,
    gather,
    ids_in,
    logit_shifts,
)
from tuningfork.train.recipe import Recipe, load_recipe
from tuningfork.train.settings import SourceSettings

PLAIN = load_recipe("compact").model_copy(update={"validation": 0.0, "sources": {}})


def gathered(
    *sets: GalaxySet,
    plan: Recipe = PLAIN,
    excluded: tuple[str, ...] = (),
    same: dict[str, str] | None = None,
) -> Galaxies:
    """Put together with nothing left out, unless told."""
    return gather(sets, plan, excluded=frozenset(excluded), same=same or {})


def ids(galaxies: Galaxies) -> list[str]:
    """The ids, in order."""
    return [one.id for one in galaxies.entries]


def test_excluded_ids_and_their_twins_are_left_out() -> None:
    """Neither the galaxy itself nor the same picture under another id is learned from."""
    one = known_set("gz2", {"7": of_class("spiral"), "8": of_class("spiral")})
    two = known_set("kaggle", {"100": of_class("spiral"), "200": of_class("spiral")})
    left = gathered(one, two, excluded=("100",), same={"7": "100"})
    assert ids(left) == ["8", "200"]


def test_an_excluded_twin_is_left_out_from_either_side() -> None:
    """An excluded set may write the first column's ids, too."""
    two = known_set("kaggle", {"100": of_class("spiral"), "200": of_class("spiral")})
    assert ids(gathered(two, excluded=("7",), same={"7": "100"})) == ["200"]


def test_a_number_that_means_two_galaxies_leaks_nothing() -> None:
    """Excluded 100 is asset 100's number as well: its twin 7 must stay out all the same."""
    one = known_set("gz2", {"7": of_class("spiral"), "8": of_class("spiral")})
    pairs = {"7": "100", "100": "300"}
    assert ids(gathered(one, excluded=("100",), same=pairs)) == ["8"]


def test_canonical_ids_end_their_chain() -> None:
    """Chains are followed to the end, circles stop at their least id."""
    pairs = {"a": "b", "b": "c", "x": "y", "y": "x"}
    assert [canonical(one, pairs) for one in "abcdxy"] == ["c", "c", "c", "d", "x", "x"]


def test_a_pair_stays_on_one_side() -> None:
    """The same galaxy under two ids trains or validates, never both, and both happen."""
    plan = PLAIN.model_copy(update={"validation": 0.5})
    one = known_set("gz2", {f"g{n}": of_class("spiral") for n in range(60)})
    two = known_set("kaggle", {f"k{n}": of_class("spiral") for n in range(60)})
    found = gathered(one, two, plan=plan, same={f"g{n}": f"k{n}" for n in range(60)})
    assert np.array_equal(found.validates[:60], found.validates[60:])
    assert 10 < found.validates[:60].sum() < 50


def test_rows_may_move_without_moving_the_split() -> None:
    """Who validates depends on the id alone."""
    plan = PLAIN.model_copy(update={"validation": 0.3})
    names = [f"n{n}" for n in range(40)]
    forth = gathered(known_set("a", {n: of_class("spiral") for n in names}), plan=plan)
    back = gathered(known_set("a", {n: of_class("spiral") for n in names[::-1]}), plan=plan)
    assert np.array_equal(forth.validates, back.validates[::-1])


def test_what_is_known_becomes_rows() -> None:
    """Votes, a class, possible classes, nothing: each as the loss needs it."""
    weighted = np.array(votes(1))
    found = gathered(
        known_set(
            "all",
            {
                "voted": Known(votes=weighted),
                "classed": of_class("barred_spiral"),
                "narrowed": one_of("spiral", "barred_spiral"),
                "single": one_of("edge_on_spiral"),
                "unknown": Known(),
            },
        )
    )
    # elliptical, spiral, barred_spiral, edge_on_spiral
    assert found.possible.astype(int).tolist() == [
        [1, 1, 1, 1],
        [0, 0, 1, 0],
        [0, 1, 1, 0],
        [0, 0, 0, 1],
        [1, 1, 1, 1],
    ]
    assert found.has_votes.tolist() == [True, False, False, False, False]
    assert found.has_class.tolist() == [False, True, False, True, False]
    assert np.allclose(found.votes[0], weighted)


def test_side_rules_come_from_tables_and_votes() -> None:
    """A stated class before the votes', "" as none of them, -1 where nothing is known."""
    round_votes = np.zeros(37)
    round_votes[0], round_votes[15] = 0.9, 0.8  # smooth, completely round
    found = gathered(
        known_set(
            "all",
            {
                "voted": Known(votes=round_votes),
                "stated": Known(rules={"zhu5": "spiral"}),
                "both": Known(votes=round_votes, rules={"zhu5": "cigar_shaped"}),
                "none": Known(rules={"zhu5": ""}),
                "unknown": Known(),
            },
        )
    ).side_rules["zhu5"]
    # completely_round, in_between, cigar_shaped, edge_on, spiral, none of them
    assert found.tolist() == [0, 4, 2, 5, -1]


def test_draws_follow_the_recipe() -> None:
    """Weight of the source, more for its bars, less for the unknown, none for validation."""
    plan = PLAIN.model_copy(
        update={
            "sources": {
                "bars": SourceSettings(weight=2.0, bar_weight=1.5),
                "none": SourceSettings(weight=0.0),
            }
        }
    )
    found = gathered(
        known_set("bars", {"b": of_class("barred_spiral"), "s": of_class("spiral"), "u": Known()}),
        known_set("none", {"n": of_class("spiral")}),
        known_set("other", {"o": of_class("barred_spiral"), "z": Known(rules={"zhu5": ""})}),
        plan=plan,
    )
    assert plan.loss.unknown_weight == 0.3
    assert draw_weights(found, plan) == pytest.approx([3.0, 2.0, 0.6, 0.0, 1.0, 1.0])
    found.validates[0] = True
    assert draw_weights(found, plan)[0] == 0


def test_logit_shifts_are_the_odds_of_drawn_bars_over_the_skys() -> None:
    """Two bars drawn 1.5-fold beside three spirals are half; one sixth in the sky."""
    plan = PLAIN.model_copy(
        update={"sources": {"bars": SourceSettings(many_bars=True, bar_weight=1.5)}}
    )
    known = {f"b{n}": of_class("barred_spiral") for n in range(2)}
    known |= {f"s{n}": of_class("spiral") for n in range(3)}
    known |= {"either": one_of("spiral", "barred_spiral")}
    other = known_set("other", {"o": of_class("spiral")})
    shifts = logit_shifts(gathered(known_set("bars", known), other, plan=plan), plan)
    truth = plan.loss.true_bar_share
    bar, spiral = math.log(0.5 / truth), math.log(0.5 / (1 - truth))
    assert shifts[:5] == pytest.approx(np.tile([0, spiral, bar, 0], (5, 1)), abs=1e-6)
    assert not shifts[5:].any()


def test_rare_classes_of_a_side_rule_are_drawn_oftener(tmp_path: Path) -> None:
    """Cigars of the source that says so three times as often; of another source as before."""
    plan = recipe(tmp_path, validation="0.0", many_bars="true\noftener.zhu5.cigar_shaped = 3.0")
    known = {"c": Known(rules={"zhu5": "cigar_shaped"}), "e": Known(rules={"zhu5": "edge_on"})}
    other = known_set("table", {"c2": Known(rules={"zhu5": "cigar_shaped"})})
    found = gathered(known_set("folders", known), other, plan=plan)
    assert draw_weights(found, plan).tolist() == [3, 1, 1]


def test_class_weights_are_the_largest_count_over_each() -> None:
    """Four ellipticals beside two spirals and a bar weigh 1, 2 and 4; those unknown weigh 1."""
    plan = load_recipe("reference").model_copy(update={"validation": 0.0})
    known = {f"e{n}": of_class("elliptical") for n in range(4)}
    known |= {f"s{n}": of_class("spiral") for n in range(2)}
    known |= {"b": of_class("barred_spiral"), "two": one_of("spiral", "barred_spiral")}
    found = gathered(known_set("all", known), plan=plan)
    assert class_weights(found.possible, found.validates, plan).tolist() == [1, 1, 1, 1, 2, 2, 4, 1]


def test_a_class_that_only_validates_is_no_trouble() -> None:
    """Its weight counts nowhere, but must not fail."""
    plan = load_recipe("reference").model_copy(update={"validation": 0.0})
    known = {"e": of_class("elliptical"), "d": of_class("edge_on_spiral")}
    found = gathered(known_set("all", known), plan=plan)
    found.validates[1] = True
    assert class_weights(found.possible, found.validates, plan)[0] == 1


def test_the_reference_learns_from_classes_alone() -> None:
    """Votes that make no class have no place in its training."""
    plan = load_recipe("reference")
    known = {"v": Known(votes=np.array(votes(1))), "e": of_class("elliptical")}
    assert ids(gathered(known_set("all", known), plan=plan)) == ["e"]


def test_two_sets_of_one_name_are_refused() -> None:
    """Their settings and counts could not be told apart."""
    one, two = (known_set("a", {name: Known()}) for name in "xy")
    with pytest.raises(BadData, match="two data sets are called 'a'; rename one"):
        gathered(one, two)


def test_nothing_left_is_refused() -> None:
    """All galaxies excluded is a mistake."""
    with pytest.raises(BadData, match="no galaxy is left"):
        gathered(known_set("a", {"x": Known()}), excluded=("x",))


def test_ids_of_a_set_are_also_those_it_dropped() -> None:
    """A test galaxy whose own row is broken must not be learned from elsewhere."""
    dropped = Problem("missing picture", "a", ("gone",), True)
    one = known_set("a", {"x": Known()})
    whole = GalaxySet("a", Path("a"), one.galaxies, (dropped,))
    assert ids_in(whole) == {"x", "gone"}


def test_the_tiny_recipe_names_its_sources(tmp_path: Path) -> None:
    """What the recipe does not name has the defaults."""
    one = recipe(tmp_path)
    assert one.source("voted").weight == 2
    assert one.source("unheard of") == SourceSettings()


def smooth_or_spiral(smooth: float) -> np.ndarray:
    """Votes for a galaxy smooth to this part, and otherwise a spiral without a bar."""
    found = np.zeros(37)
    found[0], found[1], found[14] = smooth, 1 - smooth, 1.0  # nothing odd
    found[4] = found[6] = 1 - smooth  # not edge-on, no bar
    return found


def test_debiased_votes_are_mixed_with_raw_ones() -> None:
    """A half of each is their plain mean, also where only some are known."""
    debiased, raw = np.array(votes(1)), np.array(votes(2))
    raw[20] = np.nan
    plan = PLAIN.model_copy(update={"sources": {"gz2": SourceSettings(debiased=0.5)}})
    found = gathered(known_set("gz2", {"a": Known(votes=debiased, raw=raw)}), plan=plan)
    assert np.allclose(found.votes[0], (debiased + raw) / 2, equal_nan=True)
    assert found.has_votes.tolist() == [True]
    unmixed = gathered(known_set("gz2", {"a": Known(votes=debiased, raw=raw)}))
    assert np.allclose(unmixed.votes[0], debiased)


def test_a_class_by_debiased_votes_needs_raw_votes_behind_it() -> None:
    """0.8 of 0.7 is 0.56: a mean of 0.5 for the disk is too little, 0.6 is enough."""
    settings = SourceSettings(debiased=0.5, agreement=0.8)
    plan = PLAIN.model_copy(update={"sources": {"gz2": settings}})
    spiral = frozenset({"spiral"})
    known = {
        name: Known(smooth_or_spiral(0.1), smooth_or_spiral(smooth), "spiral", spiral)
        for name, smooth in (("doubted", 0.9), ("backed", 0.7))
    }
    known["single"] = Known(smooth_or_spiral(0.1), None, "spiral", spiral)
    assert gathered(known_set("gz2", known), plan=plan).possible.sum(axis=1).tolist() == [4, 1, 1]


def test_meeting_no_class_says_how_likely_each_class_makes_that() -> None:
    """Only galaxies of which nothing else is known, and of sources that say it."""
    shares = {"elliptical": 0.05, "spiral": 0.2, "barred_spiral": 0.1}
    plan = PLAIN.model_copy(update={"sources": {"five": SourceSettings(unclassed=shares)}})
    none = Known(rules={"zhu5": ""})
    five = {
        "none": none,
        "narrowed": Known(rules={"zhu5": ""}, possible=frozenset({"spiral", "elliptical"})),
        "nothing": Known(),
    }
    found = gathered(known_set("five", five), known_set("other", {"o": none}), plan=plan)
    expected = np.array([[0.25, 1, 0.5, 0], [1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]])
    assert np.allclose(found.likelihood, expected)


def test_missing_votes_are_no_sign_of_meeting_no_class() -> None:
    """A galaxy meets none of Zhu's classes only if all its votes are known."""
    partly = np.array(votes(1))
    partly[[15, 16, 17]] = np.nan
    unclear = np.zeros(37)
    unclear[[0, 1]] = 0.4, 0.4
    known = {"partly": Known(votes=partly), "unclear": Known(votes=unclear)}
    assert gathered(known_set("a", known)).side_rules["zhu5"].tolist() == [-1, 5]
