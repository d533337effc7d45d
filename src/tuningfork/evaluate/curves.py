"""What each class costs at every threshold: ROC and precision-recall curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

POINTS = 200
"""Points that a curve is thinned to; its area is taken before."""


@dataclass(frozen=True)
class Curve:
    """One class against the rest; x and y from 0 to 1."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    area: float
    """Under the ROC curve; for precision-recall the average precision."""


def roc_curves(
    truth: NDArray[np.intp], probabilities: NDArray[np.float64], classes: tuple[str, ...]
) -> tuple[Curve, ...]:
    """Give each class's true positive rate (y) against its false positive rate (x).

    ``truth`` has shape (n,), ``probabilities`` (n, classes). Classes that no galaxy or every
    galaxy has give no curve.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    curves = []
    for name, own, share in _each(truth, probabilities, classes):
        x, y, _ = roc_curve(own, share)
        curves.append(_thinned(name, x, y, float(roc_auc_score(own, share))))
    return tuple(curves)


def precision_recall_curves(
    truth: NDArray[np.intp], probabilities: NDArray[np.float64], classes: tuple[str, ...]
) -> tuple[Curve, ...]:
    """Give each class's precision (y) against its recall (x); arrays as for the ROC curves."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    curves = []
    for name, own, share in _each(truth, probabilities, classes):
        y, x, _ = precision_recall_curve(own, share)
        curves.append(_thinned(name, x[::-1], y[::-1], float(average_precision_score(own, share))))
    return tuple(curves)


def _each(
    truth: NDArray[np.intp], probabilities: NDArray[np.float64], classes: tuple[str, ...]
) -> list[tuple[str, NDArray[np.bool_], NDArray[np.float64]]]:
    found = ((name, truth == place, probabilities[:, place]) for place, name in enumerate(classes))
    return [one for one in found if 0 < one[1].sum() < len(truth)]


def _thinned(name: str, x: NDArray[np.float64], y: NDArray[np.float64], area: float) -> Curve:
    """Keep points evenly spaced along the curve, its ends included."""
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    wanted = np.linspace(0, way[-1], POINTS)
    places = np.unique(np.searchsorted(way, wanted, side="left").clip(0, len(x) - 1))
    kept = np.unique(np.concatenate([[0], places, [len(x) - 1]]))
    return Curve(name, tuple(x[kept].tolist()), tuple(y[kept].tolist()), area)
