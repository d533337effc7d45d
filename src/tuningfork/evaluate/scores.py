"""The measures: what share is right, of which class, and how far the vote fractions are off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.evaluate.intervals import wilson

LEAST_PROBABILITY = 1e-7
"""What the truth's probability is raised to before its logarithm is taken, as Keras does."""


@dataclass(frozen=True)
class ClassScore:
    """One class: all from 0 to 1, None where there is nothing to measure it on."""

    precision: float | None
    """None where nothing was answered as this class."""
    recall: float | None
    """None, as F1, where no galaxy is of this class."""
    f1: float | None
    support: int
    """Galaxies that are truly of it."""


@dataclass(frozen=True)
class Scores:
    """How well classes were told on galaxies whose class is known."""

    classes: tuple[str, ...]
    count: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    """95 % interval of a binomial share (Wilson 1927, JASA 22, 209)."""
    loss: float | None
    """Mean of −ln(probability of the true class); None where only classes are known."""
    macro_f1: float
    """Mean of F1 over the classes that occur as truth or as answer; one that is only answered
    counts 0."""
    per_class: Mapping[str, ClassScore]
    confusion: NDArray[np.intp]
    """Shape (classes, classes): rows are truth, columns answers, both in the order of classes."""


def score(
    truth: NDArray[np.intp],
    answer: NDArray[np.intp],
    classes: tuple[str, ...],
    probabilities: NDArray[np.float64] | None = None,
) -> Scores:
    """Score answers against the truth.

    ``truth`` and ``answer`` are places in ``classes``, of shape (n,) with n > 0;
    ``probabilities`` has shape (n, classes). Raises ValueError if n is 0.
    """
    from sklearn.metrics import (
        confusion_matrix,
        precision_recall_fscore_support,
    )

    places = np.arange(len(classes))
    right = int((truth == answer).sum())
    confusion = confusion_matrix(truth, answer, labels=places).astype(np.intp)
    columns = precision_recall_fscore_support(truth, answer, labels=places, zero_division=0)
    occurring = np.union1d(truth, answer)
    return Scores(
        classes=classes,
        count=len(truth),
        accuracy=right / len(truth),
        accuracy_interval=wilson(right, len(truth)),
        loss=None if probabilities is None else log_loss(truth, probabilities),
        macro_f1=float(columns[2][occurring].mean()),
        per_class={
            name: ClassScore(
                precision=float(precision) if answered else None,
                recall=float(recall) if support else None,
                f1=float(f1) if support else None,
                support=int(support),
            )
            for name, precision, recall, f1, support, answered in zip(
                classes, *columns, confusion.sum(axis=0), strict=True
            )
        },
        confusion=confusion,
    )


def log_loss(truth: NDArray[np.intp], probabilities: NDArray[np.float64]) -> float:
    """Compute the mean of −ln(probability of the true class), in nats."""
    of_truth = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(of_truth, LEAST_PROBABILITY)).mean())


def root_mean_square(predicted: NDArray[np.float64], votes: NDArray[np.float64]) -> float | None:
    """Compute the Galaxy Challenge's score: the root of the mean squared error of all fractions.

    Both have shape (n, 37). Votes that are not known (NaN) do not count; None if none is known.
    """
    known = np.isfinite(votes)
    if not known.any():
        return None
    return float(np.sqrt(np.square(predicted[known] - votes[known]).mean()))
