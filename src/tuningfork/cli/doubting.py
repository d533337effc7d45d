"""What ``classify`` says of doubt: its options, its columns, its last line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from tuningfork.classify import Row


def doubt_settings(model: str | None, coverage: float | None, prior: str | None) -> dict[str, Any]:
    """Turn --coverage and --prior into settings of classify_pictures.

    Raises BadModel if they are given for a network that is not calibrated, BadRule for a prior
    that does not name every class.
    """
    if coverage is None and prior is None:
        return {}
    from tuningfork.classify.classifier import NOT_CALIBRATED
    from tuningfork.errors import BadModel
    from tuningfork.model.calibration import parsed_prior
    from tuningfork.model.card import read_card
    from tuningfork.model.session import BUNDLED, graph_path

    # A number that is not one passes every comparison's opposite.
    if coverage is not None and not 0 < coverage < 1:
        raise typer.BadParameter(
            "give a number above 0 and below 1, such as 0.95", param_hint="--coverage"
        )
    card = read_card(graph_path(model or BUNDLED).with_suffix(".json"))
    if card.calibration is None:
        raise BadModel(NOT_CALIBRATED.format(name=card.name))
    settings: dict[str, Any] = {} if coverage is None else {"coverage": coverage}
    if prior is not None:
        settings["prior"] = parsed_prior(prior, card.classes)
    return settings


def doubt_cells(row: Row) -> tuple[str, str]:
    """Give the set and the verdict of a row as people read them."""
    found = None if row.classification is None else row.classification.doubt
    if found is None:
        return "", ""
    return " or ".join(found.possible), found.verdict


def counted_as(row: Row) -> str:
    """What a row counts as in the summary: its class, or no galaxy; empty if it was not read."""
    from tuningfork.model.calibration import NO_GALAXY

    if row.classification is None:
        return ""
    refused = row.classification.verdict == NO_GALAXY
    return NO_GALAXY if refused else row.classification.label


def doubt_sentence(
    verdicts: Mapping[str, int], coverage: float | None, fitted: Sequence[float]
) -> str:
    """Sum up how many answers are sure, at which coverage, and where none such was ``fitted``."""
    from tuningfork.model.calibration import COVERAGE, VERDICTS

    told = ", ".join(f"{verdicts.get(one, 0):,} {one}" for one in VERDICTS)
    asked = coverage or COVERAGE
    remark = ""
    if asked < fitted[0]:
        remark = f" (sets are those of {fitted[0]:g}, the least that was fitted)"
    elif asked > fitted[-1]:
        remark = f" (more than the {fitted[-1]:g} that was fitted, so sets hold every class)"
    return f"At a coverage of {asked:g}: {told}{remark}"
