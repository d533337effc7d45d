"""Vote tables made for tests, from the sum constraints as the facts state them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ANSWERS = {1: 3, 2: 2, 3: 2, 4: 2, 5: 4, 6: 2, 7: 3, 8: 7, 9: 3, 10: 3, 11: 6}
"""Answers of each question."""

PARENTS = {
    1: None,
    2: "Class1.2",
    3: "Class2.2",
    4: "Class2.2",
    5: "Class2.2",
    6: None,
    7: "Class1.1",
    8: "Class6.1",
    9: "Class2.1",
    10: "Class4.1",
    11: "Class4.1",
}
"""The column that each question's weighted fractions sum to; None: 1. Written out by hand."""

COLUMNS = [f"Class{q}.{a}" for q, count in ANSWERS.items() for a in range(1, count + 1)]


def span(question: int) -> slice:
    """The columns of one question."""
    first = sum(count for number, count in ANSWERS.items() if number < question)
    return slice(first, first + ANSWERS[question])


def votes(count: int, seed: int = 0, *, unasked: float = 0.2) -> NDArray[np.float64]:
    """Valid weighted fractions; a share of answers got no votes, so some questions are unasked."""
    random = np.random.default_rng(seed)
    weighted = np.zeros((count, len(COLUMNS)))
    for question in (1, 6, 2, 3, 4, 5, 7, 8, 9, 10, 11):
        parent = PARENTS[question]
        weight = np.ones(count) if parent is None else weighted[:, COLUMNS.index(parent)]
        shares = random.dirichlet(np.ones(ANSWERS[question]), count)
        shares *= random.random(shares.shape) >= unasked
        shares[shares.sum(axis=1) == 0, 0] = 1
        shares /= shares.sum(axis=1, keepdims=True)
        weighted[:, span(question)] = shares * weight[:, np.newaxis]
    return weighted


def write_kaggle(path: Path, ids: Sequence[str], weighted: NDArray[np.float64]) -> Path:
    """Write a table as Kaggle ships it."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["GalaxyID", *COLUMNS])
        for id_, row in zip(ids, weighted.tolist(), strict=True):
            writer.writerow([id_, *row])
    return path
