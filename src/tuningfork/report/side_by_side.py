"""Several networks on the same galaxies, figure by figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

from tuningfork.model import Card
from tuningfork.model.history import OF_A_RUN
from tuningfork.report.findings import Compared, Report, Setting
from tuningfork.report.wording import p_value, span
from tuningfork.votes.label_rule import class_words


def distinct_names(labels: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Call networks by their files or folders, apart from each other and from names taken.

    ``labels`` are what they were loaded by.
    """
    found = list(taken)
    for label in labels:
        path = Path(label).absolute()
        plain = path.parent.name if path.suffix and path.stem in OF_A_RUN else path.name
        names = chain([plain], (f"{plain} ({number})" for number in count(2)))
        found.append(next(name for name in names if name not in found))
    return found[len(taken) :]


def side_by_side(report: Report, networks: Sequence[Compared]) -> dict[str, Any]:
    """Give the names of the networks and, row by row, their figures as texts."""
    findings, setting = report.findings, report.setting
    others = [one.findings for one in networks if one.findings is not None]
    every = [findings, *others]
    p_values = ["", *(p_value(one.comparison.p_value) for one in networks)]
    rows: list[dict[str, Any]] = []

    def add(name: str, cells: Sequence[str]) -> None:
        if any(cells):
            rows.append({"name": name, "cells": [cell or "–" for cell in cells]})

    scores = [one.evaluation.scores for one in every]
    add("Accuracy", [f"{one.accuracy:.4f}" if one else "" for one in scores])
    add("Its 95 % interval", [span(one.accuracy_interval) if one else "" for one in scores])
    add("McNemar's p", p_values)
    add("Macro-F1", [f"{one.macro_f1:.4f}" if one else "" for one in scores])
    if findings.evaluation.scores is not None:
        for name in findings.evaluation.scores.classes:
            label = f"F1, {class_words(name)}"
            add(label, [_share(one.per_class[name].f1) if one else "" for one in scores])
    calibrations = [one.calibration for one in every]
    add("Negative log-likelihood", [f"{one.nll:.4f}" if one else "" for one in calibrations])
    add("Brier score", [f"{one.brier:.4f}" if one else "" for one in calibrations])
    add("ECE", [f"{one.ece:.4f}" if one else "" for one in calibrations])
    errors = [one.evaluation.rmse for one in every]
    add("RMSE of 37 fractions", ["" if one is None else f"{one:.4f}" for one in errors])
    add(
        "Learned from these", [_learned(one.card, setting, findings.card.held_out) for one in every]
    )
    add("Parameters", [f"{one.card.parameters:,}" for one in every])
    add("Time for a picture", [f"{1000 * one.seconds_per_picture:.1f} ms" for one in every])
    return {"names": [findings.card.name, *(one.name for one in networks)], "rows": rows}


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _learned(card: Card, setting: Setting, split: Mapping[str, float]) -> str:
    """Say whether a network learned from the set's galaxies, as far as its card tells."""
    if setting.held_out and card.held_out == split:
        return "no"
    return "some" if setting.data in card.data else "not by its card"
