"""What a card knows of its network's doubt: calibrated scale, prediction sets, no galaxy here.

Fitted by :mod:`tuningfork.trust`, applied here to every answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuningfork.errors import BadModel, BadRule

SURE, UNSURE, NO_GALAXY = "sure", "unsure", "no galaxy here"
"""Verdicts: the answer alone is left and likelier than not, anything else, or no galaxy."""
VERDICTS = (SURE, UNSURE, NO_GALAXY)
COVERAGE = 0.95
"""How often a set shall hold the truth, where nothing else is asked for."""
MEASURED_AT = (0.8, 0.9, 0.95, 0.99)
"""Coverages at which sets are measured, in the card and in reports."""
THINNED = 8
"""Each eighth row and column is enough to tell of nearly all crops that they show something."""
FLATTEST = 6
"""A crop whose values, 0 to 255, differ by less shows nothing: fainter than the sky's own noise."""

BY_FOLDS = "that it learned from, as other folds answered"
"""What a card calls the galaxies on which networks of a cross-validation stood in for it."""

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Doubt:
    """How sure one answer is."""

    possible: tuple[str, ...]
    """The classes left at the coverage asked for, the most probable first; empty: no galaxy, or
    no class is probable enough."""
    verdict: str
    """One of VERDICTS."""


@dataclass(frozen=True)
class Calibration:
    """Fitted on held-out galaxies. Raises BadModel, naming the field, if unsound."""

    scale: tuple[float, ...]
    """What the graph multiplies each class's logit by: 1 / temperature (Guo et al. 2017)."""
    shift: tuple[float, ...]
    """What the graph then adds to it."""
    mix: Mapping[str, float]
    """Share of each class among the galaxies for which the probabilities hold."""
    coverages: tuple[float, ...]
    """Rising, between 0 and 1."""
    thresholds: Mapping[str, tuple[float, ...]]
    """For each class and coverage: a set holds the class where its probability is at least this
    (split conformal, class by class, with the score 1 - p; Sadinle et al. 2019)."""
    strangeness: float
    """A picture whose strangeness is greater shows no galaxy."""
    refused: float
    """The share of good galaxies that are thereby refused, as asked when it was fitted."""
    fitted_on: Mapping[str, int] = field(default_factory=dict)
    """Pictures used from each set."""
    measured: Mapping[str, Any] = field(default_factory=dict)
    """What was reached, on galaxies that each figure's own fit had not seen."""

    def __post_init__(self) -> None:
        count = len(self.scale)
        _require(count > 1 and all(one > 0 for one in self.scale), "scale", "positive numbers")
        _require(len(self.shift) == count, "shift", "a number for each class")
        _require(len(self.mix) == count, "mix", "a share for each class")
        _require(
            all(one > 0 for one in self.mix.values())
            and math.isclose(sum(self.mix.values()), 1, abs_tol=1e-3),
            "mix",
            "positive shares that sum to 1",
        )
        grid = (0.0, *self.coverages, 1.0)
        rising = all(one < other for one, other in pairwise(grid))
        _require(rising and bool(self.coverages), "coverages", "rising numbers between 0 and 1")
        _require(set(self.thresholds) == set(self.mix), "thresholds", "a list for each class")
        _require(
            all(_falls(one, len(self.coverages)) for one in self.thresholds.values()),
            "thresholds",
            "probabilities that do not rise with the coverage",
        )
        _require(0 <= self.refused < 1, "refused", "a share")

    def inside(self, probabilities: Floats, coverage: float) -> NDArray[np.bool_]:
        """Tell which classes a set holds; shape (n, classes), like ``probabilities``.

        A set holds every class that is so probable that ``coverage`` of that class's galaxies
        reach as much (of its likest class too, where it has few of its own); so coverage holds
        within each class, and in every mix of classes. A set may
        be empty, most of all where a small coverage is asked for, or hold a class of which little
        is asked and not the most probable one: to add that would cover more than was asked.
        ``probabilities`` are those of the graph, before any prior, in the order of ``mix``. Raises
        ValueError unless 0 < coverage < 1.
        """
        check_coverage(coverage)
        rows = [self.thresholds[name] for name in self.mix]
        least = np.array([np.interp(coverage, self.coverages, row) for row in rows])
        if coverage > self.coverages[-1]:
            # More than the fit's galaxies can tell: only the set of all classes is safe.
            least[:] = 0
        return np.asarray(probabilities >= least)

    def reweighed(self, probabilities: Floats, prior: Mapping[str, float]) -> Floats:
        """Say what the probabilities are where classes come in another mix (Saerens et al. 2002).

        Each is multiplied by its class's share in ``prior`` over that in ``mix``, and the row
        brought back to a sum of 1. Raises ValueError unless ``prior`` gives every class a share
        of at least 0, and one of them more.
        """
        if set(prior) != set(self.mix):
            raise ValueError(f"a prior names each of {', '.join(self.mix)} once")
        shares = np.array([prior[name] for name in self.mix])
        if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0):
            raise ValueError("a prior's shares are numbers of at least 0, not all of them 0")
        tiny = np.finfo(np.float32).tiny
        weighed = np.maximum(probabilities, tiny) * shares / np.array(list(self.mix.values()))
        return np.asarray(weighed / weighed.sum(axis=1, keepdims=True))


def check_coverage(coverage: float) -> None:
    """Raise ValueError unless 0 < coverage < 1."""
    if not 0 < coverage < 1:
        raise ValueError(f"coverage is {coverage}; give a number between 0 and 1, such as 0.95")


def doubts(
    calibration: Calibration,
    probabilities: Floats,
    strangeness: Floats,
    coverage: float = COVERAGE,
    weighed: Floats | None = None,
) -> list[Doubt]:
    """Doubt n answers of a graph: its probabilities (n, classes) and strangeness (n,).

    ``weighed`` are the probabilities under a prior, where there is one: they order the classes of
    a set; which it holds does not depend on the mix. An answer is sure if the set holds it alone
    and it is likelier than all other classes together: coverage is a promise for many galaxies,
    and of a galaxy that no class fits, little may be left that is not likely either.
    """
    names = tuple(calibration.mix)
    stated = probabilities if weighed is None else weighed
    inside = calibration.inside(probabilities, coverage)
    orders = np.argsort(-stated, axis=1)
    found = []
    likelier = stated.max(axis=1) > 1 / 2
    rows = zip(inside, orders, likelier.tolist(), strangeness.tolist(), strict=True)
    for own, order, likely, strange in rows:
        if strange > calibration.strangeness:
            found.append(Doubt((), NO_GALAXY))
            continue
        possible = tuple(names[place] for place in order.tolist() if own[place])
        alone = possible == (names[order[0]],)
        found.append(Doubt(possible, SURE if alone and likely else UNSURE))
    return found


def flat(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which of n crops (n, side, side, 3) show nothing at all: one colour, or nearly."""
    found = _range(pixels[:, ::THINNED, ::THINNED]) < FLATTEST
    if found.any():  # hardly ever, so that few crops are looked at whole
        found[found] = _range(pixels[found]) < FLATTEST
    return found


def _range(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Between the brightest and the darkest pixel of each crop, in the channel that varies most."""
    # Over rows first, which are long: numpy is fifty times faster than over both at once.
    highest, lowest = pixels.max(axis=1).max(axis=1), pixels.min(axis=1).min(axis=1)
    return np.asarray((highest - lowest).max(axis=1))


def parsed_prior(text: str, classes: Sequence[str]) -> dict[str, float]:
    """Read a mix such as ``elliptical=0.4,spiral=0.3,barred_spiral=0.1,edge_on_spiral=0.2``.

    Shares need not sum to 1: counts do as well. Raises BadRule unless every class is named once
    with a number of at least 0, and one of them more.
    """
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = (one.strip() for one in part.partition("="))
        if name not in classes or name in shares:
            raise BadRule(f"prior '{text}': name each of {', '.join(classes)} once, as name=share")
        try:
            shares[name] = float(number)
        except ValueError as error:
            raise BadRule(f"prior '{text}': '{number}' is no number; give a share") from error
    if set(shares) != set(classes):
        missing = ", ".join(one for one in classes if one not in shares)
        raise BadRule(f"prior '{text}': lacks {missing}; name every class")
    whole = sum(shares.values())
    if not (0 < whole < math.inf and min(shares.values()) >= 0):
        raise BadRule(
            f"prior '{text}': give shares of at least 0 that are not all 0, nor beyond all bounds"
        )
    return {name: share / whole for name, share in shares.items()}


def calibration_from(values: object) -> Calibration:
    """Read a calibration out of a card's JSON. Raises BadModel naming the field."""
    known = {one.name for one in fields(Calibration)}
    _require(isinstance(values, dict) and set(values) <= known, "calibration", "an object of fits")
    stated = dict(values)  # type: ignore[call-overload]
    try:
        for name in ("scale", "shift", "coverages"):
            stated[name] = tuple(float(one) for one in stated[name])
        stated["mix"] = {str(name): float(one) for name, one in stated["mix"].items()}
        stated["thresholds"] = {
            str(name): tuple(float(one) for one in row)
            for name, row in stated["thresholds"].items()
        }
        for name in ("strangeness", "refused"):
            stated[name] = float(stated[name])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadModel(f"the card's field 'calibration' is unsound ({error!r})") from error
    return Calibration(**stated)


def _falls(thresholds: tuple[float, ...], count: int) -> bool:
    within = len(thresholds) == count and all(0 <= one <= 1 for one in thresholds)
    return within and all(one >= other for one, other in pairwise(thresholds))


def _require(held: bool, name: str, wanted: str) -> None:
    if not held:
        raise BadModel(f"the card's field 'calibration': {name} must be {wanted}")
