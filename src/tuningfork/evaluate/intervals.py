"""How far figures would stray, had other galaxies been drawn: bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
"""Resampled sets of galaxies."""
LEVEL = 0.95

Interval = tuple[float, float]


@dataclass(frozen=True)
class ClassIntervals:
    """95 % intervals of one class's figures.

    Each is None where no resampled set defines it or all give the same: where every galaxy is
    right, others might not be, of which resampling these says nothing.
    """

    precision: Interval | None
    recall: Interval | None
    f1: Interval | None


@dataclass(frozen=True)
class Intervals:
    """95 % bootstrap intervals (percentiles; Efron 1979, Annals of Statistics 7, 1)."""

    per_class: tuple[ClassIntervals, ...]
    """In the order of the confusion matrix."""
    accuracy: Interval
    macro_f1: Interval
    draws: int


def wilson(held: int, count: int) -> Interval:
    """Give the 95 % interval of a binomial share, ``held`` of ``count`` ≥ 1 (Wilson 1927)."""
    from scipy.stats import binomtest

    found = binomtest(held, count).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def bootstrap(confusion: NDArray[np.intp], *, draws: int = DRAWS, seed: int = 0) -> Intervals:
    """Resample galaxies with replacement and take each figure's 2.5th and 97.5th percentile.

    ``confusion`` has shape (classes, classes), rows are truth. To draw n galaxies anew from n is
    to draw a confusion matrix from the multinomial distribution of its own shares, which is what
    is done. A figure that a resampled set leaves undefined (no such galaxy or answer) is left out
    there.
    Raises ValueError for a matrix without galaxies.
    """
    count = int(confusion.sum())
    if count == 0:
        raise ValueError("a confusion matrix without galaxies has no intervals")
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(count, confusion.ravel() / count, size=draws)
    matrices = drawn.reshape(draws, *confusion.shape).astype(np.float64)
    right = np.diagonal(matrices, axis1=1, axis2=2)
    answered, true = matrices.sum(axis=1), matrices.sum(axis=2)
    f1 = _share(2 * right, answered + true)
    # A class that never occurs is no part of the mean, as in the score itself.
    occurring = np.isfinite(f1)
    macro = np.where(occurring, f1, 0).sum(axis=1) / occurring.sum(axis=1)
    # Of a class alone, F1 tells nothing where no galaxy is of it, as in the score itself.
    figures = (_share(right, answered), _share(right, true), np.where(true > 0, f1, np.nan))
    return Intervals(
        per_class=tuple(
            ClassIntervals(*(_varying(one[:, place]) for one in figures))
            for place in range(len(confusion))
        ),
        accuracy=_sure(right.sum(axis=1) / count),
        macro_f1=_sure(macro),
        draws=draws,
    )


def bootstrap_error(squares: NDArray[np.float64], *, seed: int = 0) -> Interval | None:
    """Resample galaxies and take the root of their mean square's 2.5th and 97.5th percentile.

    ``squares`` (n, columns) are squared errors, NaN where nothing is known; None if only one
    galaxy is known of, or none.
    """
    known = np.isfinite(squares)
    if known.any(axis=1).sum() < 2:
        return None
    sums = np.stack([np.where(known, squares, 0).sum(axis=1), known.sum(axis=1)], axis=1)
    return interval(np.sqrt(_share(*resampled_sums(sums, seed=seed).T)))


def resampled_sums(columns: NDArray[np.float64], *, seed: int = 0) -> NDArray[np.float64]:
    """Draw n galaxies anew from n, DRAWS times, and sum their columns.

    ``columns`` is of shape (n, k), what is returned of shape (DRAWS, k).
    """
    rng = np.random.default_rng(seed)
    count = len(columns)
    sums = np.empty((DRAWS, columns.shape[1]))
    for draw in range(DRAWS):
        times = np.bincount(rng.integers(0, count, count), minlength=count)
        sums[draw] = times @ columns
    return sums


def interval(values: NDArray[np.float64]) -> Interval | None:
    """Give the central 95 % of resampled values, NaN left out; None if all are NaN."""
    known = values[~np.isnan(values)]
    return _sure(known) if len(known) else None


def _varying(values: NDArray[np.float64]) -> Interval | None:
    found = interval(values)
    return None if found is None or found[0] == found[1] else found


def _sure(values: NDArray[np.float64]) -> Interval:
    tail = 100 * (1 - LEVEL) / 2
    # Infinite values may be among them: no interpolation between those and finite ones.
    low, high = np.percentile(values, (tail, 100 - tail), method="nearest")
    return float(low), float(high)


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))
