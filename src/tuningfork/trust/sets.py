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

from tuningfork.errors import BadData
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
    wider: Telling | None = None
    """Further galaxies, for coverages that these are too few to tell; None: there thresholds
    are 0."""
    among: NDArray[np.intp] | None = None
    """(n,) each galaxy's place in ``wider``, -1 if it is not there."""

    @property
    def member(self) -> Floats:
        """How far each galaxy counts as one of each class, (n, classes)."""
        return membership(self.probabilities, self.possible)

    def fitted(self, rows: NDArray[np.bool_] | None = None) -> Thresholds:
        """Fit thresholds on these rows, or on all."""
        every = np.ones(len(self.weights), np.bool_) if rows is None else rows
        probabilities = self.probabilities[every]
        member = membership(probabilities, self.possible[every])
        if self.wider is None or self.among is None:
            return all_thresholds(probabilities, member, self.weights[every], self.classes)
        others = np.ones(len(self.wider.weights), np.bool_)
        others[self.among[~every & (self.among >= 0)]] = False
        return shared_thresholds(probabilities, member, self.classes, self.wider.fitted(others))


def telling(material: Material, crossed: Crossed, probabilities: Floats) -> Telling:
    """Gather the galaxies for sets.

    ``probabilities`` (n + m, classes) are of the material's n galaxies, then of ``crossed``'s m.
    Raises BadData if none of them can be of some class.
    """
    own = probabilities[: len(material.meets)]
    meets = material.meets > 0
    weights = material.weights(meets, own)[meets]
    wide = Telling(material.classes, own[meets], material.possible[meets], weights)
    if not len(crossed):
        return _of_every_class(wide)
    # Those whose votes tell which class they are, in the true mix: the first source's.
    first = meets & (material.source == 0)
    rows = np.concatenate([first, np.ones(len(crossed), np.bool_)])
    possible = np.concatenate([material.possible, crossed.possible])
    found = Telling(
        material.classes,
        probabilities[rows],
        possible[rows],
        np.ones(int(rows.sum())),
        wider=wide,
        among=np.concatenate([(meets.cumsum() - 1)[first], np.full(len(crossed), -1)]),
    )
    return _of_every_class(found)


def _of_every_class(found: Telling) -> Telling:
    counts = found.member.sum(axis=0).tolist()
    lacking = [name for name, count in zip(found.classes, counts, strict=True) if not count]
    if lacking:
        raise BadData(
            f"none of the {len(found.weights):,} galaxies that the network never learned from can "
            f"be {' or '.join(lacking)}; add sets that hold some, or networks of a "
            "cross-validation (--fold)"
        )
    return found


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
