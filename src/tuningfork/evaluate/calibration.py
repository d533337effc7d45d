"""How far stated probabilities can be believed, and how often sets hold the truth.

    scores = calibration(truth, probabilities)         # ECE, Brier, NLL; takes weights
    bins = reliability(truth, probabilities)           # rows of a reliability diagram
    covered = coverage(truth, inside, classes)         # of prediction sets, class by class

``truth`` holds places of classes, shape (n,); ``probabilities`` is (n, classes), rows sum to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.evaluate.intervals import wilson
from tuningfork.evaluate.scores import LEAST_PROBABILITY

BINS = 15
"""Bins of equal width from 0 to 1, as Guo et al. (2017) take them."""
CHANCES = 500
"""Draws for the ECE by chance."""
MISSES = 1
"""Wrong answers to be expected, at least, for the ECE by chance: with fewer most draws have none,
and their mean, which the rare others make, may even lie above the quantile."""

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class CalibrationScores:
    """How good probabilities are as probabilities: 0 is best in each."""

    count: int
    ece: float
    """Expected calibration error of the most probable class (Guo et al. 2017, eq. 3): the mean
    over ``bins`` bins of equal width, each by its galaxies, of |accuracy - mean confidence|."""
    bins: int
    brier: float
    """Mean over galaxies of the squared distance of the probabilities from the truth's 0s and 1,
    summed over the classes (Brier 1950, eq. 2): 0 to 2."""
    nll: float
    """Mean of -ln(probability of the true class), in nats."""
    confidence: float
    """Mean probability of the most probable class: above ``accuracy`` if it is over-sure."""
    accuracy: float
    ece_by_chance: tuple[float, float] | None
    """Mean and 95 % quantile of the ECE that so many galaxies give if every probability is true:
    an ECE is never 0, as galaxies are few, and one below the quantile tells nothing. None where
    fewer than MISSES wrong answers are then to be expected, too few for a quantile to mean much."""


@dataclass(frozen=True)
class ReliabilityBin:
    """Galaxies whose greatest probability lies in one bin, upper end included."""

    low: float
    high: float
    count: int
    confidence: float
    """Their mean greatest probability."""
    accuracy: float
    """The share of them whose most probable class is true."""
    interval: tuple[float, float]
    """95 % interval of ``accuracy`` as a binomial share (Wilson 1927, JASA 22, 209)."""


@dataclass(frozen=True)
class ClassCoverage:
    """How often sets hold the truth of one class's galaxies."""

    covered: float
    count: int
    interval: tuple[float, float]


@dataclass(frozen=True)
class Coverage:
    """How often prediction sets hold the true class."""

    covered: float
    count: int
    interval: tuple[float, float]
    """95 % interval of ``covered`` as a binomial share (Wilson 1927)."""
    mean_size: float
    """Classes in a set, on average."""
    single: float
    """Share of sets that hold just one class."""
    by_class: Mapping[str, ClassCoverage]
    """By true class, of the classes that a galaxy belongs to."""


def calibration(
    truth: NDArray[np.intp],
    probabilities: Floats,
    weights: Floats | None = None,
    *,
    bins: int = BINS,
) -> CalibrationScores:
    """Score probabilities; ``weights``, shape (n,), let galaxies count for others of their class.

    Raises ValueError if n is 0.
    """
    share = _shares(len(truth), weights)
    greatest = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = _bins(greatest, bins)
    gaps = np.bincount(place, weights=share * (right - greatest), minlength=bins)
    of_truth = np.take_along_axis(probabilities, truth[:, np.newaxis], axis=1)[:, 0]
    distance = probabilities - np.eye(probabilities.shape[1])[truth]
    return CalibrationScores(
        count=len(truth),
        ece=float(np.abs(gaps).sum()),
        bins=bins,
        brier=float(share @ np.square(distance).sum(axis=1)),
        nll=float(-(share @ np.log(np.maximum(of_truth, LEAST_PROBABILITY)))),
        confidence=float(share @ greatest),
        accuracy=float(share @ right),
        ece_by_chance=_by_chance(greatest, share, place, bins),
    )


def _by_chance(
    greatest: Floats, share: Floats, place: NDArray[np.intp], bins: int
) -> tuple[float, float] | None:
    if (1 - greatest).sum() < MISSES:
        return None
    random = np.random.default_rng(0)
    found = []
    for _ in range(CHANCES):
        gaps = share * ((random.random(len(greatest)) < greatest) - greatest)
        found.append(np.abs(np.bincount(place, weights=gaps, minlength=bins)).sum())
    return float(np.mean(found)), float(np.quantile(found, 0.95))


def reliability(
    truth: NDArray[np.intp], probabilities: Floats, *, bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """Sort galaxies into bins by their greatest probability; bins without any are left out."""
    greatest = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = _bins(greatest, bins)
    found = []
    for number in np.unique(place).tolist():
        own = place == number
        found.append(
            ReliabilityBin(
                low=number / bins,
                high=(number + 1) / bins,
                count=int(own.sum()),
                confidence=float(greatest[own].mean()),
                accuracy=float(right[own].mean()),
                interval=wilson(int(right[own].sum()), int(own.sum())),
            )
        )
    return tuple(found)


def coverage(
    truth: NDArray[np.intp], inside: NDArray[np.bool_], classes: tuple[str, ...]
) -> Coverage:
    """Count how often sets hold the truth; ``inside`` (n, classes) tells which classes they hold.

    Raises ValueError if n is 0.
    """
    _shares(len(truth), None)
    held = np.take_along_axis(inside, truth[:, np.newaxis], axis=1)[:, 0]
    sizes = inside.sum(axis=1)
    by_class = {}
    for place in np.unique(truth).tolist():
        own = held[truth == place]
        interval = wilson(int(own.sum()), len(own))
        by_class[classes[place]] = ClassCoverage(float(own.mean()), len(own), interval)
    return Coverage(
        covered=float(held.mean()),
        count=len(truth),
        interval=wilson(int(held.sum()), len(truth)),
        mean_size=float(sizes.mean()),
        single=float((sizes == 1).mean()),
        by_class=by_class,
    )


def _bins(greatest: Floats, bins: int) -> NDArray[np.intp]:
    return np.clip(np.ceil(greatest * bins).astype(np.intp) - 1, 0, bins - 1)


def _shares(count: int, weights: Floats | None) -> NDArray[np.float64]:
    if count == 0:
        raise ValueError("no galaxy to score")
    if weights is None:
        return np.full(count, 1 / count)
    return np.asarray(weights / weights.sum(), dtype=np.float64)
