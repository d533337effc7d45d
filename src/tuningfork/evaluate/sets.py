"""Prediction sets where classes are known: how often they hold the truth, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuningfork.evaluate.calibration import Coverage, coverage
from tuningfork.evaluate.evaluation import Answered, class_arrays
from tuningfork.model.calibration import MEASURED_AT, NO_GALAXY, Calibration


@dataclass(frozen=True)
class SetsAt:
    """The sets at one coverage."""

    asked: float
    found: Coverage
    """Of the galaxies whose class is known and that were not refused."""


@dataclass(frozen=True)
class PredictionSets:
    """What a calibrated network's sets and refusals are worth."""

    pictures: int
    refused: int
    """Those of them that were told to show no galaxy."""
    at: tuple[SetsAt, ...]
    """Rising coverages; empty where no class is known of what was not refused."""

    def asked(self, share: float) -> Coverage | None:
        """Give what was found at one of MEASURED_AT; None where no class is known."""
        return next((one.found for one in self.at if one.asked == share), None)


def prediction_sets(calibration: Calibration, answered: Sequence[Answered]) -> PredictionSets:
    """Measure sets and refusals on answers of the network that was calibrated so.

    They must be answers to single views, for the thresholds were fitted on those.
    """
    classes = tuple(calibration.mix)
    taken = [one for one in answered if one.found.verdict != NO_GALAXY]
    labelled = [one for one in taken if one.known.label is not None]
    truth, probabilities = class_arrays(labelled, classes)
    return PredictionSets(
        pictures=len(answered),
        refused=len(answered) - len(taken),
        at=tuple(
            SetsAt(asked, coverage(truth, calibration.inside(probabilities, asked), classes))
            for asked in (MEASURED_AT if labelled else ())
        ),
    )
