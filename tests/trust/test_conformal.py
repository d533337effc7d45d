"""Thresholds of prediction sets."""

from __future__ import annotations

import numpy as np
import pytest

from tuningfork.trust.conformal import (
    all_thresholds,
    membership,
    shared_thresholds,
    thresholds,
)


def test_a_small_case_by_hand() -> None:
    """Nine galaxies: 90 % asks for all of them (9 of 10 with the new one), 50 % for five."""
    values = np.arange(1, 10) / 10
    found = thresholds(values, np.ones(9), (0.5, 0.9, 0.95))
    assert found == pytest.approx((0.5, 0.1, 0.0))


def test_new_galaxies_reach_the_threshold_as_often_as_asked() -> None:
    """Over many draws of 60 galaxies the mean coverage lies between asked and asked + 1/61."""
    random = np.random.default_rng(0)
    reached = []
    for _ in range(3000):
        values = random.beta(5, 1, 61)
        reached.append(values[0] >= thresholds(values[1:], np.ones(60), (0.9,))[0])
    assert 0.9 - 0.012 < np.mean(reached) < 0.9 + 1 / 61 + 0.012


def test_weights_stand_for_galaxies() -> None:
    """Galaxies that a set holds too rarely count for more, and move the threshold."""
    values = np.concatenate([np.full(90, 0.9), np.full(10, 0.2)])
    assert thresholds(values, np.ones(100), (0.85,))[0] == 0.9
    weights = np.repeat([1.0, 9.0], [90, 10])
    assert thresholds(values, weights, (0.85,))[0] == 0.2


def test_no_galaxies_give_no_threshold() -> None:
    """A class nobody has seen is in every set."""
    assert thresholds(np.empty(0), np.empty(0), (0.5, 0.9)) == (0.0, 0.0)


def test_too_few_galaxies_leave_it_to_others() -> None:
    """Nine cannot tell 95 %: what others say is taken, unless these already ask for less."""
    values = np.arange(1, 10) / 10
    found = thresholds(values, np.ones(9), (0.5, 0.9, 0.95), (0.9, 0.8, 0.04))
    assert found == pytest.approx((0.5, 0.1, 0.04))
    found = thresholds(values, np.ones(9), (0.5, 0.9, 0.95), (0.9, 0.8, 0.7))
    assert found == pytest.approx((0.5, 0.1, 0.1))
    assert thresholds(np.empty(0), np.empty(0), (0.5, 0.9), (0.6, 0.3)) == (0.6, 0.3)


def test_a_rare_class_shares_with_the_one_it_is_taken_for() -> None:
    """Its own few galaxies alone would say nothing certain; a common class keeps its own."""
    random = np.random.default_rng(3)
    truth = np.repeat([0, 1, 2], [200, 100, 8])
    probabilities = np.full((308, 3), 0.0)
    own = random.beta(6, 1, 308)
    probabilities[np.arange(308), truth] = own
    probabilities[np.arange(308), np.where(truth == 1, 2, 1)] += 1 - own
    member = np.eye(3)[truth]
    beyond = dict.fromkeys("abc", (0.5, 0.0))
    found = shared_thresholds(probabilities, member, "abc", beyond, (0.9, 0.999))
    alone = thresholds(own[truth == 0], np.ones(200), (0.9, 0.999), (0.5, 0.0))
    together = thresholds(own[truth > 0], np.ones(108), (0.9, 0.999), (0.5, 0.0))
    assert found["a"] == pytest.approx(alone)
    assert found["c"] == pytest.approx(together)
    assert found["b"] == pytest.approx(
        thresholds(own[truth == 1], np.ones(100), (0.9, 0.999), (0.5, 0.0))
    )


def test_every_class_is_covered_whatever_the_mix() -> None:
    """Thresholds from balanced classes cover each class alone of quite another mix."""
    random = np.random.default_rng(1)
    truth = random.integers(0, 3, 6000)
    logits = random.normal(0, 1, (6000, 3)) + 2 * np.eye(3)[truth] * (1 + (truth == 1))[:, None]
    powers = np.exp(logits)
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    fit, new = slice(0, 3000), slice(3000, None)
    member = membership(probabilities[fit], np.eye(3, dtype=bool)[truth[fit]])
    found = all_thresholds(probabilities[fit], member, np.ones(3000), "abc", (0.9,))
    for place, name in enumerate("abc"):
        own = probabilities[new][truth[new] == place, place]
        assert (own >= found[name][0]).mean() == pytest.approx(0.9, abs=0.025)


def test_membership_shares_a_galaxy_between_its_possible_classes() -> None:
    """In the ratio of their probabilities; a known class takes all."""
    probabilities = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]])
    possible = np.array([[False, True, True], [False, False, True]])
    found = membership(probabilities, possible)
    assert found == pytest.approx(np.array([[0, 0.75, 0.25], [0, 0, 1]]))
