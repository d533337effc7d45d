"""Everything that an evaluation can say, once, for page and JSON alike."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tuningfork.cores import cores
from tuningfork.errors import BadRule, BadTable, UnknownName
from tuningfork.evaluate import Comparison, Evaluation
from tuningfork.evaluate.calibration import (
    CalibrationScores,
    ReliabilityBin,
    calibration,
    reliability,
)
from tuningfork.evaluate.curves import Curve, precision_recall_curves, roc_curves
from tuningfork.evaluate.evaluation import class_arrays, vote_arrays
from tuningfork.evaluate.intervals import Intervals, bootstrap
from tuningfork.evaluate.questions import (
    AnswerScore,
    QuestionScore,
    answer_scores,
    question_scores,
)
from tuningfork.evaluate.sets import PredictionSets, prediction_sets
from tuningfork.evaluate.volunteers import Crowds, matched_crowds
from tuningfork.files import replacing
from tuningfork.model import Card
from tuningfork.model.calibration import BY_FOLDS
from tuningfork.report.galleries import choose
from tuningfork.votes.rules import Rule, load_rule


@dataclass(frozen=True)
class Setting:
    """What was evaluated, and how."""

    data: str
    """The set's name."""
    galaxies: int
    """Usable ones, before the held-out are taken."""
    rule: Rule
    frame_share: float
    views: int
    held_out: bool
    """Whether only galaxies that the network never learned from were taken."""
    same_known: bool
    """Whether pairs of ids of the same galaxy were given."""
    networks: int = 1
    """How many answered, each for the galaxies kept from it: those of a cross-validation."""


@dataclass(frozen=True)
class Findings:
    """One network on one set; parts that the set cannot tell are None or empty."""

    card: Card
    evaluation: Evaluation
    intervals: Intervals | None = None
    calibration: CalibrationScores | None = None
    reliability: tuple[ReliabilityBin, ...] = ()
    sets: PredictionSets | None = None
    """Only of a calibrated network, by its own rule and on single views, as it was calibrated."""
    roc: tuple[Curve, ...] = ()
    precision_recall: tuple[Curve, ...] = ()
    answers: tuple[AnswerScore, ...] = ()
    questions: tuple[QuestionScore, ...] = ()
    crowds: Crowds | None = None

    @property
    def seconds_per_picture(self) -> float:
        """From the file to the answer, decoding included."""
        pictures = len(self.evaluation.answered) + len(self.evaluation.unreadable)
        return self.evaluation.seconds / max(1, pictures)


@dataclass(frozen=True)
class Compared:
    """Another's answers to the same galaxies."""

    name: str
    comparison: Comparison
    findings: Findings | None = None
    """Of a further network; None for a table of answers."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What such a table answers, by id."""


@dataclass(frozen=True)
class Report:
    """All that the page shows."""

    setting: Setting
    findings: Findings
    history: tuple[Mapping[str, Any], ...] = ()
    """The training run, an entry for each epoch."""
    compared: tuple[Compared, ...] = ()
    machine: Mapping[str, Any] = field(default_factory=dict)

    @property
    def learned_from(self) -> int | None:
        """Galaxies of a set of this name that the network learned from; None: of none."""
        return self.findings.card.data.get(self.setting.data)

    @property
    def calibrated_on(self) -> dict[str, int]:
        """How many galaxies of a set of this name served which part of the network's calibration.

        Empty where none did, or nothing that is shown depends on it.
        """
        calibration = self.findings.card.calibration
        if calibration is None or (self.findings.calibration or self.findings.sets) is None:
            return {}
        served = [(*key.rpartition(": "), count) for key, count in calibration.fitted_on.items()]
        return {
            part: count
            for name, _, part, count in served
            if name == self.setting.data and not (self.setting.held_out and part == BY_FOLDS)
        }

    @property
    def calibrated_on_sentence(self) -> str:
        """Say whether the network's calibration was fitted on these galaxies; empty if not."""
        if not self.calibrated_on:
            return ""
        which = f"galaxies of a set called {self.setting.data}"
        if self.setting.held_out:
            which = "these very galaxies"
        parts = ", ".join(f"{count:,} {part}" for part, count in self.calibrated_on.items())
        return (
            f"The network's calibration was fitted on {which} ({parts}): how far it can be "
            "believed comes out a little better here than on others."
        )

    def as_json(self) -> dict[str, Any]:
        """Give every figure as JSON can hold it; a number that is not finite becomes a text."""
        comparison = next((one.comparison for one in self.compared if one.findings is None), None)
        stated: dict[str, Any] = self.findings.evaluation.as_json() | _stated(self.findings)
        stated["setting"] = asdict(self.setting) | {"rule": self.setting.rule.name}
        stated["setting"]["conditions"] = {
            one.name: {each.column: each.minimum for each in one.conditions}
            for one in self.setting.rule.classes
        }
        stated["setting"]["learned_from"] = self.learned_from
        stated["setting"]["calibrated_on"] = self.calibrated_on
        stated["against"] = None if comparison is None else asdict(comparison)
        stated["compared"] = [
            {"name": one.name, "comparison": asdict(one.comparison)}
            | one.findings.evaluation.as_json()
            | _stated(one.findings)
            for one in self.compared
            if one.findings is not None
        ]
        chosen = choose(self.findings.evaluation.labelled, self.setting.rule.class_names)
        stated["galleries"] = {
            name: [
                {"id": one.id, "truth": one.known.label}
                | {"answer": one.found.label, "probabilities": dict(one.found.probabilities)}
                for one in galaxies
            ]
            for name, galaxies in chosen.items()
        }
        stated["training"] = [dict(one) for one in self.history]
        stated["machine"] = dict(self.machine)
        shown: dict[str, Any] = plain(stated)
        return shown


def find(card: Card, evaluation: Evaluation, setting: Setting) -> Findings:
    """Work out every figure that the set allows."""
    figures = _of_classes(evaluation, setting.rule.class_names) | _of_votes(evaluation)
    alone = setting.views == 1 and setting.networks == 1
    if card.calibration is not None and alone and _is_own(card, setting.rule):
        figures["sets"] = prediction_sets(card.calibration, evaluation.answered)
    return Findings(card, evaluation, **figures)


def machine() -> dict[str, Any]:
    """Say on what times were measured."""
    import onnxruntime

    return {
        "processor": _processor(),
        "cores": cores(),
        "system": platform.system(),
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
    }


def write_json(stated: Mapping[str, Any], path: Path) -> None:
    """Write JSON whole or not at all. Raises BadTable if it cannot be written."""
    try:
        with replacing(path) as temporary:
            text = json.dumps(stated, indent=2, allow_nan=False, ensure_ascii=False)
            temporary.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror or error}; write the file elsewhere") from error


def _is_own(card: Card, rule: Rule) -> bool:
    """Whether a rule makes the classes that the network was calibrated on."""
    try:
        return load_rule(card.rule) == rule
    except (BadRule, UnknownName):
        # A rule of one's own whose file is not here.
        return False


def _of_classes(evaluation: Evaluation, classes: tuple[str, ...]) -> dict[str, Any]:
    if evaluation.scores is None:
        return {}
    truth, probabilities = class_arrays(evaluation.labelled, classes)
    return {
        "intervals": bootstrap(evaluation.scores.confusion),
        "calibration": calibration(truth, probabilities),
        "reliability": reliability(truth, probabilities),
        "roc": roc_curves(truth, probabilities, classes),
        "precision_recall": precision_recall_curves(truth, probabilities, classes),
    }


def _of_votes(evaluation: Evaluation) -> dict[str, Any]:
    voted = evaluation.voted_on
    if not voted:
        return {}
    predicted, votes = vote_arrays(voted)
    _, given = vote_arrays(voted, raw=True)
    seen = np.array([one.known.volunteers or math.nan for one in voted])
    return {
        "answers": answer_scores(predicted, votes),
        "questions": question_scores(predicted, votes),
        "crowds": matched_crowds(predicted, given, seen),
    }


def _stated(findings: Findings) -> dict[str, Any]:
    names = (
        "intervals",
        "calibration",
        "reliability",
        "sets",
        "roc",
        "precision_recall",
        "answers",
        "questions",
        "crowds",
    )
    card = findings.card
    return {name: plain(getattr(findings, name)) for name in names} | {
        "model": {
            "name": card.name,
            "recipe": card.recipe,
            "sha256": card.sha256,
            "parameters": card.parameters,
            "version": card.version,
            "created": card.created,
            "data": dict(card.data),
            "held_out": dict(card.held_out),
            "calibration": None if card.calibration is None else asdict(card.calibration),
        },
        "seconds_per_picture": findings.seconds_per_picture,
    }


def plain(value: Any) -> Any:  # noqa: ANN401  (any JSON)
    """Bring dataclasses and tuples to what JSON holds; "inf" and "nan" in words."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _processor() -> str:
    """Name the processor, where the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123  (no path of ours)
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
