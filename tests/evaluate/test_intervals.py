"""Bootstrap intervals and curves, against brute force and other ways to count."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, mannwhitneyu
from sklearn.metrics import f1_score

from tuningfork.evaluate.curves import precision_recall_curves, roc_curves
from tuningfork.evaluate.intervals import bootstrap, bootstrap_error, interval

CONFUSION = np.array([[40, 3, 0], [6, 20, 2], [0, 4, 5]])


def test_accuracy_strays_as_a_binomial_share_does() -> None:
    """Galaxies drawn anew are right or wrong independently: the interval is the binomial's."""
    count = int(CONFUSION.sum())
    expected = binom.ppf((0.025, 0.975), count, np.trace(CONFUSION) / count) / count
    found = bootstrap(CONFUSION, draws=20_000)
    assert found.accuracy == pytest.approx(tuple(expected), abs=1.01 / count)


def test_f1_strays_as_when_galaxies_are_drawn_one_by_one() -> None:
    """Drawing matrices is drawing galaxies: scikit-learn on resampled galaxies agrees."""
    truth = np.repeat(np.arange(3), CONFUSION.sum(axis=1))
    answer = np.concatenate([np.repeat(np.arange(3), row) for row in CONFUSION])
    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(400):
        own = rng.integers(0, len(truth), len(truth))
        drawn.append(f1_score(truth[own], answer[own], average=None, labels=[0, 1, 2]))
    expected = np.percentile(np.array(drawn), (2.5, 97.5), axis=0)
    found = bootstrap(CONFUSION)
    for place, one in enumerate(found.per_class):
        assert one.f1 == pytest.approx(tuple(expected[:, place]), abs=0.04)


def test_an_error_strays_as_the_mean_of_its_squares_does() -> None:
    """Known votes alone count; with many galaxies the interval is the normal one."""
    rng = np.random.default_rng(2)
    squares = rng.chisquare(1, (900, 4))
    squares[rng.random(squares.shape) < 0.3] = np.nan
    known = np.isfinite(squares)
    mean = np.nanmean(squares)
    # The spread of a ratio of sums over galaxies (Cochran 1977, section 2.11).
    off = np.where(known, squares - mean, 0).sum(axis=1)
    spread = off.std() / known.sum(axis=1).mean() / np.sqrt(len(squares))
    expected = np.sqrt([mean - 1.96 * spread, mean + 1.96 * spread])
    assert bootstrap_error(squares) == pytest.approx(tuple(expected), abs=0.15 * spread)
    assert bootstrap_error(np.full((3, 2), np.nan)) is None
    assert bootstrap_error(np.empty((0, 37))) is None
    assert bootstrap_error(np.ones((1, 37))) is None


def test_a_faultless_class_has_no_interval_nor_has_a_missing_one() -> None:
    """All right: resampled they stay so, which is no certainty. No galaxy: nothing to say."""
    found = bootstrap(np.array([[9, 0, 0], [0, 7, 0], [0, 0, 0]]))
    assert found.per_class[0].recall is None
    assert found.per_class[2].precision is None
    assert found.per_class[2].f1 is None
    assert found.macro_f1 == (1, 1)


def test_a_class_that_is_only_answered_has_no_interval_of_its_f1() -> None:
    """No galaxy is of it, so only its precision is known."""
    found = bootstrap(np.array([[9, 3, 0], [0, 0, 0], [0, 0, 5]])).per_class[1]
    assert (found.recall, found.f1) == (None, None)


def test_intervals_may_have_no_upper_end() -> None:
    """Infinite values count as large, NaN not at all."""
    assert interval(np.array([1.0, 2.0, np.inf, np.inf])) == (1, np.inf)
    assert interval(np.array([np.nan, np.nan])) is None
    with pytest.raises(ValueError, match="without galaxies"):
        bootstrap(np.zeros((2, 2), np.intp))


def test_roc_area_is_the_share_of_pairs_in_the_right_order() -> None:
    """The area is Mann and Whitney's U over the pairs, and thinning keeps the curve's shape."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 3000)
    share = np.clip(rng.normal(0.4 + 0.2 * truth, 0.2), 0.01, 0.99)
    probabilities = np.column_stack([1 - share, share])
    found = roc_curves(truth, probabilities, ("no", "yes"))[1]
    pairs = mannwhitneyu(share[truth == 1], share[truth == 0]).statistic
    assert found.area == pytest.approx(pairs / ((truth == 1).sum() * (truth == 0).sum()))
    assert np.trapezoid(found.y, found.x) == pytest.approx(found.area, abs=0.003)
    assert len(found.x) <= 202
    assert (found.x[0], found.y[0], found.x[-1], found.y[-1]) == (0, 0, 1, 1)


def test_precision_recall_goes_by_hand() -> None:
    """Four galaxies ranked yes, no, yes, no: average precision (1 + 2/3) / 2."""
    share = np.array([0.9, 0.8, 0.7, 0.1])
    truth = np.array([1, 0, 1, 0])
    found = precision_recall_curves(truth, np.column_stack([1 - share, share]), ("no", "yes"))
    assert found[1].area == pytest.approx((1 + 2 / 3) / 2)
    points = np.column_stack([found[1].x, found[1].y])
    assert np.isclose(points, (1, 2 / 3)).all(axis=1).any()


def test_a_class_without_rivals_has_no_curve() -> None:
    """Where every galaxy is of one class there is nothing to tell apart."""
    probabilities = np.array([[0.7, 0.3], [0.6, 0.4]])
    assert roc_curves(np.array([0, 0]), probabilities, ("one", "other")) == ()
