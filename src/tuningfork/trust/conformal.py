"""Thresholds of prediction sets, class by class (split conformal prediction).

The score is LAC's, 1 - p of a class (Sadinle, Lei and Wasserman 2019, JASA 114, 223), with a
threshold for each class from galaxies of that class alone (Vovk 2012, label-conditional): so
coverage holds for each class, however rare, and in every mix of classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COVERAGES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
"""Coverages whose thresholds the card holds; others are read off between them."""


def membership(probabilities: Floats, possible: NDArray[np.bool_]) -> Floats:
    """Say how far each galaxy counts as one of each class, (n, classes), rows sum to 1.

    1 for a known class; where several are possible, the probabilities within those.
    """
    within = np.where(possible, probabilities, 0.0)
    return np.asarray(within / within.sum(axis=1, keepdims=True))


def thresholds(of_class: Floats, weights: Floats, coverages: Sequence[float]) -> tuple[float, ...]:
    """Give the least probability that a set asks of a class, for each coverage, rising ones.

    ``of_class`` (n,) is the class's probability for galaxies that belong to it by ``weights``
    (n,). A new galaxy of the class reaches the threshold in at least that share of cases: the
    quantile is taken among n + 1, the new one counted as the worst, with n the effective number
    of the weights (Kish 1965). 0 where the galaxies are too few to tell.
    """
    keep = weights > 0
    values, own = of_class[keep], weights[keep]
    if not len(values):
        return (0.0,) * len(coverages)
    order = np.argsort(-values, kind="stable")
    reached = own[order].cumsum() / own.sum()
    effective = own.sum() ** 2 / np.square(own).sum()
    found = []
    for coverage in coverages:
        needed = coverage * (1 + 1 / effective)
        place = int(np.searchsorted(reached, needed - 1e-12))
        found.append(float(values[order[place]]) if place < len(values) else 0.0)
    return tuple(found)


def all_thresholds(
    probabilities: Floats,
    member: Floats,
    weights: Floats,
    classes: Sequence[str],
    coverages: Sequence[float] = COVERAGES,
) -> dict[str, tuple[float, ...]]:
    """Give every class's thresholds: ``weights`` (n,), ``member`` as :func:`membership` says."""
    return {
        name: thresholds(probabilities[:, place], member[:, place] * weights, coverages)
        for place, name in enumerate(classes)
    }
