"""Prediction sets and refusals, counted by hand."""

from __future__ import annotations

import pytest

from tuningfork.classify import Classification
from tuningfork.data import Galaxy, Known
from tuningfork.evaluate import Answered
from tuningfork.evaluate.sets import prediction_sets
from tuningfork.images.sources import Picture
from tuningfork.model.calibration import (
    COVERAGE,
    MEASURED_AT,
    NO_GALAXY,
    UNSURE,
    Calibration,
    Doubt,
)

CALIBRATION = Calibration(
    scale=(1.0, 1.0),
    shift=(0.0, 0.0),
    mix={"round": 0.5, "flat": 0.5},
    coverages=MEASURED_AT,
    thresholds={"round": (0.9, 0.7, 0.5, 0.2), "flat": (0.8, 0.6, 0.4, 0.1)},
    strangeness=1.0,
    refused=0.01,
)


def answered(of_round: float, label: str | None, verdict: str = UNSURE) -> Answered:
    """An answer with this probability of round to a galaxy of this class."""
    picture = Picture("1", "1", lambda: b"")
    shares = {"flat": 1 - of_round, "round": of_round}
    found = Classification("round", shares, {}, Doubt((), verdict))
    return Answered(Galaxy("1", picture, Known(label=label)), found)


ANSWERS = (
    answered(0.75, "round"),
    answered(0.95, "round"),
    answered(0.45, "flat"),
    answered(0.85, "flat"),
    answered(0.95, None),
    answered(0.05, "round", NO_GALAXY),
    answered(0.05, None, NO_GALAXY),
)


@pytest.mark.parametrize(
    ("asked", "covered", "of_round", "of_flat", "classes"),
    [
        # Sets: none, round, none, none.
        (0.80, 1 / 4, 1 / 2, 0, 1 / 4),
        # round, round, none (flat has 0.55 of the 0.6 asked), round.
        (0.90, 2 / 4, 1, 0, 3 / 4),
        # round, round, flat, round.
        (0.95, 3 / 4, 1, 1 / 2, 4 / 4),
        # both, round, both, both.
        (0.99, 4 / 4, 1, 1, 7 / 4),
    ],
)
def test_sets_are_counted_at_each_coverage(
    asked: float, covered: float, of_round: float, of_flat: float, classes: float
) -> None:
    """Each of the four that are known and not refused, by the thresholds of its classes."""
    found = prediction_sets(CALIBRATION, ANSWERS).asked(asked)
    assert found is not None
    assert (found.count, found.covered, found.mean_size) == (4, covered, classes)
    shares = {name: (one.covered, one.count) for name, one in found.by_class.items()}
    assert shares == {"round": (of_round, 2), "flat": (of_flat, 2)}


def test_refusals_are_counted_among_all_pictures() -> None:
    """Two of seven, whether their class is known or not."""
    found = prediction_sets(CALIBRATION, ANSWERS)
    assert (found.refused, found.pictures) == (2, 7)


def test_without_a_known_class_only_refusals_are_told() -> None:
    """What a set should hold is not known, so nothing is said of sets."""
    found = prediction_sets(CALIBRATION, ANSWERS[4:])
    assert (found.refused, found.pictures, found.at) == (2, 3, ())
    assert found.asked(COVERAGE) is None
