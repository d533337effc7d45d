"""The report as one HTML file that needs nothing else: no script, no font, no picture beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from tuningfork.errors import BadTable
from tuningfork.evaluate.volunteers import Crowds
from tuningfork.files import replacing
from tuningfork.model.calibration import Calibration
from tuningfork.report import figures
from tuningfork.report.findings import Compared, Findings, Report
from tuningfork.report.galleries import Gallery
from tuningfork.report.ink import galaxy_count
from tuningfork.report.side_by_side import side_by_side
from tuningfork.report.volunteers import SHORT, crowd_sentence
from tuningfork.report.wording import environment
from tuningfork.votes.label_rule import class_words

USE = (
    (
        "Meant for",
        "sorting colour pictures of galaxies like those it learned from, first guesses at "
        "volunteers' answers, and teaching",
    ),
    (
        "Not meant for",
        "pictures of anything but one galaxy; other surveys, bands or scales without checking it "
        "there first; counts of classes without allowing for its errors and the mix",
    ),
)
"""What every network of this package is for, and what not: the last rows of its card."""
TINT = (0, 103, 163)
"""Of a full cell of the confusion matrix, laid on at most at 45 %, so that dark letters stand."""


@dataclass(frozen=True)
class Against:
    """A table of another's answers: the paired comparison, and pictures of where they part."""

    name: str
    comparison: Any
    galleries: tuple[Gallery, ...]


def write_report(
    report: Report,
    path: Path,
    galleries: Sequence[Gallery] = (),
    against_galleries: Sequence[Gallery] = (),
) -> None:
    """Write the page. Raises BadTable if the file cannot be written."""
    text = render(report, galleries, against_galleries)
    try:
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror or error}; write the report elsewhere") from error


def render(
    report: Report,
    galleries: Sequence[Gallery] = (),
    against_galleries: Sequence[Gallery] = (),
) -> str:
    """Give the whole page as HTML."""
    findings = report.findings
    tables = [
        Against(one.name, one.comparison, tuple(against_galleries))
        for one in report.compared
        if one.findings is None
    ]
    networks = [one for one in report.compared if one.findings is not None]
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            css=(resources.files("tuningfork.report") / "templates/report.css").read_text("utf-8"),
            version=metadata.version("tuningfork"),
            date=f"{datetime.now(UTC):%d %B %Y}".lstrip("0"),
            honesty=_honest(report),
            contents=_contents(report, galleries, tables, networks),
            rule_rows=_rule_rows(report),
            card_rows=_card_rows(findings),
            confusion_rows=_confusion_rows(findings),
            figures=_figures(report),
            curve_words=_curve_words(report),
            rounds=len({one.get("round") for one in report.history}),
            galleries=galleries,
            tables=tables,
            side_by_side=side_by_side(report, networks) if networks else None,
            answer_blocks=_answer_blocks(findings),
            crowd_rows=_crowd_rows(findings.crowds),
            crowd_sentence=crowd_sentence(findings.crowds),
        )
    )


def _honesty(report: Report) -> dict[str, Any]:
    """Say whether the network learned from these very galaxies."""
    setting, card = report.setting, report.findings.card
    if setting.held_out and setting.data in card.data:
        sentences = [
            "The network never learned from these galaxies: they are the "
            f"{card.held_out.get('share', 0):.0%} that only validated, found by their ids."
        ]
        if not setting.same_known:
            sentences.append(
                "Pairs of ids that are the same galaxy were not given (--same): some of these may "
                "have been learned from under another id."
            )
        return {"kind": "good" if setting.same_known else "warn", "sentences": sentences}
    if report.learned_from:
        return {
            "kind": "warn",
            "sentences": [
                f"The network learned from {galaxy_count(report.learned_from)} of a set of this "
                f"name, {setting.data}: its figures here are better than on galaxies it has not "
                "seen. "
                "For honest figures add --held-out, which keeps to those that only validated."
            ],
        }
    names = ", ".join(card.data) or "none"
    sentences = [
        f"The network's card names no training set called {setting.data} (it names: {names}). "
        "Whether single galaxies are the same under other names cannot be told from it."
    ]
    if setting.held_out:
        sentences.append(
            "Of the set only those galaxies are counted that would have validated, by their ids: "
            f"{card.held_out.get('share', 0):.0%}."
        )
    return {"kind": "", "sentences": sentences}


def _honest(report: Report) -> dict[str, Any]:
    """Add to that whether its calibration was fitted on them."""
    said = _honesty(report)
    fitted = report.calibrated_on_sentence
    return said | ({"kind": "warn", "sentences": [*said["sentences"], fitted]} if fitted else {})


def _contents(
    report: Report, galleries: Sequence[Gallery], tables: list[Against], networks: list[Compared]
) -> list[tuple[str, str]]:
    findings = report.findings
    known = findings.evaluation.scores is not None
    parts = [
        ("data", "Galaxies and rule", True),
        ("card", "The network", True),
        ("training", "How it was trained", bool(report.history)),
        ("classes", "Class by class", known),
        ("thresholds", "At every threshold", bool(findings.roc)),
        ("calibration", "How far it can be believed", known or findings.sets is not None),
        ("galleries", "Galaxies to look at", bool(galleries)),
        *((f"against{n}", f"Against {one.name}", True) for n, one in enumerate(tables, 1)),
        ("compare", "Networks side by side", bool(networks)),
        ("questions", "The volunteers' eleven questions", bool(findings.questions)),
        ("volunteers", "You, the machine and ten volunteers", bool(findings.questions)),
        ("time", "Time", True),
    ]
    return [(id_, title) for id_, title, there in parts if there]


def _rule_rows(report: Report) -> list[dict[str, Any]]:
    rule, scores = report.setting.rule, report.findings.evaluation.scores
    rows = []
    for one in rule.classes:
        conditions = " and ".join(f"{each.column} ≥ {each.minimum:g}" for each in one.conditions)
        count = scores.per_class[one.name].support if scores else 0
        rows.append({"name": one.name, "conditions": conditions, "count": count})
    return rows


def _card_rows(findings: Findings) -> list[tuple[str, str]]:
    card = findings.card
    data = "; ".join(f"{name} {count:,}" for name, count in card.data.items())
    part = card.preprocessing.input_pixels / card.preprocessing.frame_pixels
    rows = [
        ("Name", card.name),
        ("Recipe", card.recipe),
        ("Classes", ", ".join(class_words(name) for name in card.classes)),
        ("Label rule", card.rule),
        ("Parameters", f"{card.parameters:,}"),
        (
            "Sees",
            f"the central {part:.0%} of the frame, as {card.preprocessing.input_pixels} × "
            f"{card.preprocessing.input_pixels} pixels",
        ),
        ("Learned from", data or "not stated"),
        ("Exported", f"{card.created or 'not stated'}, Tuning Fork {card.version or 'not stated'}"),
        ("SHA-256", card.sha256),
        ("Licence", card.licence),
    ]
    if card.held_out:
        rows.insert(7, ("Kept from it", f"{card.held_out['share']:.0%} of all galaxies, by id"))
    return [*rows, *_calibration_rows(card.calibration), *USE]


def _calibration_rows(calibration: Calibration | None) -> list[tuple[str, str]]:
    if calibration is None:
        return [("Calibrated", "no: its probabilities are as the training left them")]
    temperatures = list(dict.fromkeys(f"{1 / one:.3f}" for one in calibration.scale))
    mix = ", ".join(f"{class_words(one)} {share:.1%}" for one, share in calibration.mix.items())
    fitted = "; ".join(f"{name} {count:,}" for name, count in calibration.fitted_on.items())
    return [
        ("Calibrated", f"logits over a temperature of {', '.join(temperatures)} (Guo et al. 2017)"),
        ("For this mix", mix),
        (
            "No galaxy here",
            f"where a picture's strangeness is above {calibration.strangeness:.3g}, set so that "
            f"{calibration.refused:.1%} of good galaxies are refused",
        ),
        ("Calibrated on", fitted or "not stated"),
    ]


def _confusion_rows(findings: Findings) -> list[dict[str, Any]]:
    scores = findings.evaluation.scores
    if scores is None:
        return []
    rows = []
    for place, (name, counts) in enumerate(
        zip(scores.classes, scores.confusion.tolist(), strict=True)
    ):
        whole = sum(counts)
        cells = [
            {
                "count": count,
                "own": column == place,
                "share": f"{count / whole:.1%}".replace("%", " %") if whole else "–",
                "background": _tint(count / whole if whole else 0.0),
                "colour": "#1d2126",
            }
            for column, count in enumerate(counts)
        ]
        rows.append({"name": name, "cells": cells})
    return rows


def _tint(share: float) -> str:
    strength = 0.45 * math.sqrt(share)
    channels = (round(255 + (one - 255) * strength) for one in TINT)
    return "#" + "".join(f"{one:02x}" for one in channels)


def _figures(report: Report) -> dict[str, Any]:
    findings = report.findings
    drawn: dict[str, Any] = dict.fromkeys(
        ("loss", "accuracy", "roc", "precision_recall", "reliability", "crowds")
    )
    if report.history:
        drawn["loss"] = figures.learning_curve(
            report.history, "Loss", "class_loss", "validation_loss"
        )
        drawn["accuracy"] = figures.learning_curve(
            report.history, "Accuracy", "accuracy", "validation_accuracy"
        )
    classes = report.setting.rule.class_names
    if findings.roc:
        drawn["roc"] = figures.curves(
            findings.roc, x="False positive rate", y="True positive rate",
            classes=classes, chance=True,
        )  # fmt: skip
        drawn["precision_recall"] = figures.curves(
            findings.precision_recall, x="Recall", y="Precision", classes=classes, chance=False
        )
    if findings.reliability:
        drawn["reliability"] = figures.reliability_diagram(findings.reliability)
    if findings.crowds is not None and findings.crowds.overall.volunteers is not None:
        drawn["crowds"] = {
            "address": figures.crowd_sizes(findings.crowds),
            "height": round(96 * figures.crowd_height(findings.crowds)),
        }
    return drawn


def _curve_words(report: Report) -> dict[str, str]:
    said = {}
    for name, key in (("loss", "validation_loss"), ("accuracy", "validation_accuracy")):
        values = [one[key] for one in report.history if one.get(key) is not None]
        said[name] = f"Validation goes from {values[0]:.3f} to {values[-1]:.3f}." if values else ""
    return said


def _answer_blocks(findings: Findings) -> list[dict[str, Any]]:
    blocks = []
    for question in findings.questions:
        own = [one for one in findings.answers if one.column.startswith(f"Class{question.number}.")]
        blocks.append(
            {
                "number": question.number,
                "text": question.text,
                "answers": own,
                "figure": figures.answer_calibration(own),
            }
        )
    return blocks


def _crowd_rows(crowds: Crowds | None) -> list[dict[str, Any]]:
    if crowds is None:
        return []
    rows = [{"name": SHORT[one.number - 1], "crowd": one.crowd} for one in crowds.questions]
    return [*rows, {"name": "any question", "crowd": crowds.overall}]
