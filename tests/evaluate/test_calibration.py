"""How far probabilities can be believed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import brier_score_loss, log_loss

from tuningfork.evaluate.calibration import calibration, coverage, reliability


def drawn(count: int, power: float) -> tuple[np.ndarray, np.ndarray]:
    """Truths drawn from probabilities that are then sharpened (power > 1) and stated."""
    random = np.random.default_rng(0)
    honest = random.dirichlet((0.5, 0.5, 0.5, 0.5), count)
    truth = (random.random((count, 1)) > honest.cumsum(axis=1)).sum(axis=1)
    stated = honest**power
    return truth, stated / stated.sum(axis=1, keepdims=True)


def test_figures_worked_out_by_hand() -> None:
    """Four galaxies, two bins: ECE, Brier and NLL from their definitions."""
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    truth = np.array([0, 1, 1, 1])
    found = calibration(truth, probabilities, bins=4)
    # Bin (0.75, 1]: mean 0.85, right 1 of 2. Bin (0.5, 0.75]: mean 0.65, right 2 of 2.
    assert found.ece == pytest.approx(0.5 * 0.35 + 0.5 * 0.35)
    assert found.brier == pytest.approx(2 * (0.01 + 0.64 + 0.09 + 0.16) / 4)
    assert found.nll == pytest.approx(-np.log([0.9, 0.2, 0.7, 0.6]).mean())
    assert (found.count, found.bins, found.accuracy) == (4, 4, 0.75)


def test_brier_and_nll_agree_with_scikit_learn() -> None:
    """Another implementation gives the same figures."""
    truth, stated = drawn(500, 1.4)
    found = calibration(truth, stated)
    assert found.nll == pytest.approx(log_loss(truth, stated), rel=1e-6)
    alone = sum(brier_score_loss(truth == place, stated[:, place]) for place in range(4))
    assert found.brier == pytest.approx(alone)


def test_honest_probabilities_have_hardly_an_error_and_sharpened_ones_do() -> None:
    """Truths drawn from what is stated give an ECE near 0; stating too much raises it."""
    assert calibration(*drawn(20_000, 1.0)).ece < 0.02
    sharpened = calibration(*drawn(20_000, 2.0))
    assert sharpened.ece > 0.08
    assert sharpened.confidence > sharpened.accuracy + 0.08


def test_the_error_by_chance_is_that_of_honest_probabilities() -> None:
    """Of 200 sets of 300 galaxies with honest probabilities about one in twenty exceeds it."""
    truth, honest = drawn(60_000, 1.0)
    found = [
        calibration(truth[start : start + 300], honest[start : start + 300])
        for start in range(0, 60_000, 300)
    ]
    chances = [one.ece_by_chance or (np.nan, np.nan) for one in found]
    means, quantiles = np.array(chances).T
    assert np.mean([one.ece for one in found]) == pytest.approx(means.mean(), rel=0.05)
    assert 0.01 < np.mean([one.ece for one in found] > quantiles) < 0.1
    sharpened = calibration(*drawn(300, 2.0))
    assert sharpened.ece_by_chance is not None
    assert sharpened.ece > sharpened.ece_by_chance[1]


@pytest.mark.parametrize(("count", "sure", "told"), [(9, 0.9, False), (11, 0.9, True)])
def test_the_error_by_chance_is_told_only_where_a_wrong_answer_is_due(
    count: int, sure: float, told: bool
) -> None:
    """Of 11 answers with 0.9 one is wrong on the mean; its quantile is the binomial's, exactly."""
    probabilities = np.tile([sure, 1 - sure], (count, 1))
    found = calibration(np.zeros(count, np.intp), probabilities).ece_by_chance
    assert (found is not None) == told
    if found is not None:
        right = np.arange(count + 1)
        gaps = np.abs(right / count - sure)
        order = np.argsort(gaps)
        reached = binom.pmf(right, count, sure)[order].cumsum()
        assert found[1] == pytest.approx(gaps[order][np.searchsorted(reached, 0.95)])
        assert found[0] < found[1]


def test_weights_count_a_galaxy_for_several() -> None:
    """A galaxy of weight 3 counts as three galaxies do."""
    truth, stated = drawn(50, 1.5)
    times = np.arange(50) % 3 + 1
    weighted = calibration(truth, stated, times.astype(float))
    repeated = calibration(np.repeat(truth, times), np.repeat(stated, times, axis=0))
    for name in ("ece", "brier", "nll", "confidence", "accuracy"):
        assert getattr(weighted, name) == pytest.approx(getattr(repeated, name))


def test_reliability_holds_every_galaxy_in_the_bin_of_its_confidence() -> None:
    """Counts add up, each mean lies within its bin, each interval around its share."""
    truth, stated = drawn(400, 1.0)
    bins = reliability(truth, stated, bins=10)
    assert sum(one.count for one in bins) == 400
    for one in bins:
        assert one.low < one.confidence <= one.high
        assert one.interval[0] <= one.accuracy <= one.interval[1]
    certain = reliability(np.array([0]), np.array([[1.0, 0.0]]))
    assert [(one.low, one.high, one.count) for one in certain] == [(14 / 15, 1.0, 1)]


def test_coverage_is_counted_class_by_class() -> None:
    """Three sets, two of which hold the truth."""
    inside = np.array([[True, False, False], [True, True, False], [True, False, False]])
    found = coverage(np.array([0, 1, 1]), inside, ("a", "b", "c"))
    assert found.covered == pytest.approx(2 / 3)
    assert found.mean_size == pytest.approx(4 / 3)
    assert found.single == pytest.approx(2 / 3)
    counted = {name: (one.covered, one.count) for name, one in found.by_class.items()}
    assert counted == {"a": (1, 1), "b": (0.5, 2)}


def test_nothing_to_score_is_refused() -> None:
    """No galaxies have no figures."""
    with pytest.raises(ValueError, match="no galaxy"):
        calibration(np.empty(0, np.intp), np.empty((0, 4)))
