"""Scaling logits."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tuningfork.trust.scaling import (
    Scaling,
    choose_scaling,
    cross_fitted,
    fit_scaling,
    folds_of,
    set_loss,
)

Floats = NDArray[np.float64]


def drawn(
    count: int, scale: float = 1.0, shift: tuple[float, ...] = (0, 0, 0, 0), seed: int = 0
) -> tuple[Floats, NDArray[np.bool_]]:
    """Logits that, multiplied by ``scale`` and shifted, are the truth's."""
    random = np.random.default_rng(seed)
    honest = random.normal(0, 2.5, (count, 4))
    powers = np.exp(honest)
    truth = (random.random((count, 1)) > (powers / powers.sum(1, keepdims=True)).cumsum(1)).sum(1)
    return (honest - np.array(shift)) / scale, np.eye(4, dtype=bool)[np.minimum(truth, 3)]


def test_the_temperature_that_logits_were_made_with_is_found() -> None:
    """Logits stated 1.6 times too large or 0.7 times too small are brought back."""
    for scale in (1 / 1.6, 1 / 0.7):
        logits, possible = drawn(4000, scale)
        found = fit_scaling("temperature", logits, possible, np.ones(4000))
        assert found.temperature == pytest.approx(1 / scale, rel=0.08)
        assert found.shift == pytest.approx(np.zeros(4))


def test_sets_of_possible_classes_teach_the_temperature_too() -> None:
    """Where half of the galaxies are only known to be of two classes, it is still found."""
    logits, possible = drawn(6000, 0.6)
    either = possible[:, 1] | possible[:, 2]
    either[::2] = False
    possible[either, 1:3] = True
    found = fit_scaling("temperature", logits, possible, np.ones(6000))
    assert found.temperature == pytest.approx(1 / 0.6, rel=0.08)


def test_weights_bring_classes_to_their_true_share() -> None:
    """A class thinned to a fifth, weighted fivefold, is no longer called too rarely."""
    logits, possible = drawn(40_000)
    first = possible[:, 0]
    keep = ~first | (np.arange(len(first)) % 5 == 0)
    logits, possible = logits[keep], possible[keep]
    thinned = fit_scaling("temperature and shift", logits, possible, np.ones(len(logits)))
    weights = np.where(possible[:, 0], 5.0, 1.0)
    weights *= len(weights) / weights.sum()
    weighted = fit_scaling("temperature and shift", logits, possible, weights)
    assert thinned.shift[0] - thinned.shift[1:].mean() == pytest.approx(-np.log(5), abs=0.15)
    assert np.abs(weighted.shift).max() < 0.1


def test_the_simplest_way_that_does_is_chosen() -> None:
    """Nothing for honest logits, a temperature for sharp ones, shifts for shifted ones."""
    cases = {
        "none": drawn(1500),
        "temperature": drawn(1500, 0.5),
        "temperature and shift": drawn(1500, 1.0, (0.6, -0.6, 0.4, -0.4)),
    }
    for wanted, (logits, possible) in cases.items():
        chosen, _, losses = choose_scaling(logits, possible, np.ones(len(logits)))
        assert chosen == wanted, losses


def test_a_cross_fitted_answer_has_not_seen_its_own_galaxy() -> None:
    """Spoiling what is known of one part changes the other parts' answers, but not its own."""
    logits, possible = drawn(300, 0.5)
    part = folds_of(300, 10)
    before = cross_fitted("temperature", logits, possible, np.ones(300))
    spoiled = possible.copy()
    spoiled[part == 3] = np.roll(spoiled[part == 3], 1, axis=1)
    after = cross_fitted("temperature", logits, spoiled, np.ones(300))
    changed = np.abs(before - after).max(axis=1) > 1e-9
    np.testing.assert_array_equal(changed, part != 3)


def test_the_loss_of_a_set_is_that_of_its_sum() -> None:
    """Worked out by hand; the set of all classes tells nothing, so costs nothing."""
    log_probabilities = np.log([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    possible = np.array([[True, False, False], [False, True, True], [True, True, True]])
    found = set_loss(log_probabilities, possible)
    assert found == pytest.approx([-np.log(0.5), -np.log(0.5), 0.0])


def test_scaled_logits_are_log_probabilities() -> None:
    """Their powers sum to 1, as the graph's softmax makes them."""
    scaling = Scaling(np.array([2.0, 2.0]), np.array([0.5, -0.5]))
    found = np.exp(scaling.apply(np.array([[1.0, 0.0]])))
    assert found.sum() == pytest.approx(1)
    assert found[0, 0] == pytest.approx(1 / (1 + np.exp(-3.0)))


def test_an_unknown_way_is_refused() -> None:
    """The message names the ways there are."""
    with pytest.raises(ValueError, match="temperature"):
        fit_scaling("magic", np.zeros((1, 4)), np.ones((1, 4), bool), np.ones(1))
