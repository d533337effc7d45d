"""Thresholds of prediction sets, class by class (split conformal prediction).

The score is LAC's, 1 - p of a class (Sadinle, Lei and Wasserman 2019, JASA 114, 223), with a
threshold for each class from galaxies of that class alone (Vovk 2012, label-conditional): so
coverage holds for each class and in every mix of classes. A class too rare for that shares one
with its likest, and is covered in so far as its galaxies are as easily told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Thresholds = Mapping[str, tuple[float, ...]]
"""For each class, one for each coverage."""

COVERAGES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
"""Coverages whose thresholds the card holds; others are read off between them."""


LEAST = 20
"""Galaxies below which a class has no threshold of its own: a coverage of 0.95 takes 19."""


def membership(probabilities: Floats, possible: NDArray[np.bool_]) -> Floats:
    """Say how far each galaxy counts as one of each class, (n, classes), rows sum to 1.

    1 for a known class; where several are possible, the probabilities within those.
    """
    within = np.where(possible, probabilities, 0.0)
    return np.asarray(within / within.sum(axis=1, keepdims=True))


def thresholds(
    of_class: Floats,
    weights: Floats,
    coverages: Sequence[float],
    beyond: Sequence[float] | None = None,
) -> tuple[float, ...]:
    """Give the least probability that a set asks of a class, for each coverage, rising ones.

    ``of_class`` (n,) is the class's probability for galaxies that belong to it by ``weights``
    (n,). A new galaxy of the class reaches the threshold in at least that share of cases: the
    quantile is taken among n + 1, the new one counted as the worst, with n the effective number
    of the weights (Kish 1965). Where the galaxies are too few to tell it is that of ``beyond``, if
    it is lower than what they still tell; 0 without.
    """
    spare = (0.0,) * len(coverages) if beyond is None else beyond
    keep = weights > 0
    values, own = of_class[keep], weights[keep]
    if not len(values):
        return tuple(spare)
    order = np.argsort(-values, kind="stable")
    reached = own[order].cumsum() / own.sum()
    effective = own.sum() ** 2 / np.square(own).sum()
    found: list[float] = []
    for coverage, other in zip(coverages, spare, strict=True):
        needed = coverage * (1 + 1 / effective)
        place = int(np.searchsorted(reached, needed - 1e-12))
        told = place < len(values)
        found.append(float(values[order[place]]) if told else min([other, *found[-1:]]))
    return tuple(found)


def all_thresholds(
    probabilities: Floats,
    member: Floats,
    weights: Floats,
    classes: Sequence[str],
    coverages: Sequence[float] = COVERAGES,
) -> Thresholds:
    """Give every class's thresholds: ``weights`` (n,), ``member`` as :func:`membership` says."""
    return {
        name: thresholds(probabilities[:, place], member[:, place] * weights, coverages)
        for place, name in enumerate(classes)
    }


def shared_thresholds(
    probabilities: Floats,
    member: Floats,
    classes: Sequence[str],
    beyond: Thresholds,
    coverages: Sequence[float] = COVERAGES,
) -> Thresholds:
    """Give every class's thresholds from few galaxies in the true mix.

    A class of fewer than LEAST shares its threshold with the one that its galaxies are most often
    taken for, both classes' galaxies together (clustered conformal prediction; Ding et al. 2023,
    NeurIPS 36). ``beyond`` holds thresholds for coverages that take more galaxies.
    """
    counts = member.sum(axis=0)
    found = {}
    for place, name in enumerate(classes):
        places = [place]
        if 0 < counts[place] < LEAST:
            taken_for = member[:, place] @ probabilities
            taken_for[place] = -1
            places.append(int(taken_for.argmax()))
        values, weights = probabilities[:, places].ravel(), member[:, places].ravel()
        found[name] = thresholds(values, weights, coverages, beyond[name])
    return found
