"""Prediction sets: on which galaxies they are fitted, and how often they hold the class.

Every held-out galaxy tells something of sets, but only votes say which galaxy meets the rule. Where
networks of a cross-validation answer for the galaxies that a network learned from, those with votes
alone fit its sets, as far as their number reaches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuningfork.model.calibration import MEASURED_AT, Calibration
from tuningfork.trust.conformal import (
    COVERAGES,
    Thresholds,
    all_thresholds,
    membership,
    shared_thresholds,
)
from tuningfork.trust.crossing import Crossed
from tuningfork.trust.material import Material
from tuningfork.trust.scaling import folds_of

Floats = NDArray[np.float64]

FOLDS = 10


@dataclass(frozen=True)
class Telling:
    """Galaxies of whose class enough is known."""

    classes: tuple[str, ...]
    probabilities: Floats
    """(n, classes)"""
    possible: NDArray[np.bool_]
    """(n, classes)"""
    weights: Floats
    """(n,), in the true mix; they sum to n."""
    beyond: Thresholds | None = None
    """Thresholds for where these galaxies are too few to tell; None: those stay 0."""

    @property
    def member(self) -> Floats:
        """How far each galaxy counts as one of each class, (n, classes)."""
        return membership(self.probabilities, self.possible)

    def fitted(self, rows: NDArray[np.bool_] | None = None) -> Thresholds:
        """Fit thresholds on these rows, or on all."""
        every = np.ones(len(self.weights), np.bool_) if rows is None else rows
        probabilities = self.probabilities[every]
        member = membership(probabilities, self.possible[every])
        if self.beyond is None:
            return all_thresholds(probabilities, member, self.weights[every], self.classes)
        return shared_thresholds(probabilities, member, self.classes, self.beyond)


def rows_for_sets(material: Material, crossed: Crossed) -> NDArray[np.bool_]:
    """Held-out galaxies that sets are fitted on; with ``crossed`` those of the first source."""
    meets = material.meets > 0
    return np.asarray(meets & (material.source == 0) if len(crossed) else meets)


def telling(material: Material, crossed: Crossed, probabilities: Floats) -> Telling:
    """Gather the galaxies for sets.

    ``probabilities`` (n + m, classes) are of the material's n galaxies, then of ``crossed``'s m.
    """
    own = probabilities[: len(material.meets)]
    rows = material.meets > 0
    weights = material.weights(rows, own)[rows]
    wide = Telling(material.classes, own[rows], material.possible[rows], weights)
    if not len(crossed):
        return wide
    rows = np.concatenate([rows_for_sets(material, crossed), np.ones(len(crossed), np.bool_)])
    possible = np.concatenate([material.possible, crossed.possible])
    return Telling(
        material.classes,
        probabilities[rows],
        possible[rows],
        np.ones(int(rows.sum())),
        beyond=wide.fitted(),
    )


def coverages(found: Telling) -> dict[str, Any]:
    """How often sets hold the class where it is known, with thresholds from other galaxies."""
    part = folds_of(len(found.weights), FOLDS, seed=1)
    even = dict.fromkeys(found.classes, 1 / len(found.classes))
    held = {asked: np.zeros(found.possible.shape, np.bool_) for asked in MEASURED_AT}
    for number in range(FOLDS):
        own = part == number
        count = len(found.classes)
        sets = Calibration(
            (1.0,) * count,
            (0.0,) * count,
            even,
            COVERAGES,
            found.fitted(~own),
            strangeness=0.0,
            refused=0.0,
        )
        for asked, inside in held.items():
            inside[own] = sets.inside(found.probabilities[own], asked)
    return {f"{asked:g}": _covered(found, inside) for asked, inside in held.items()}


def _covered(found: Telling, inside: NDArray[np.bool_]) -> Mapping[str, Any]:
    """Shares covered, by class: weighted over all, and plainly where the class is known."""
    shares = found.member * found.weights[:, np.newaxis]
    exact = found.possible.sum(axis=1) == 1
    stated: dict[str, Any] = {}
    for place, name in enumerate(found.classes):
        own = shares[:, place]
        known = exact & found.possible[:, place]
        stated[name] = {
            "weighted": float((own @ inside[:, place]) / own.sum()),
            "known": float(inside[known, place].mean()) if known.any() else None,
            "galaxies known": int(known.sum()),
        }
    rows = shares.sum(axis=1)
    stated["all"] = float((shares * inside).sum() / shares.sum())
    stated["mean set size"] = float((rows @ inside.sum(axis=1)) / rows.sum())
    stated["one class"] = float((rows @ (inside.sum(axis=1) == 1)) / rows.sum())
    return stated
