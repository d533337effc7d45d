"""How sure an answer is, in words."""

from __future__ import annotations

from tuningfork.model.calibration import COVERAGE, NO_GALAXY, SURE, Doubt


def title_of(label: str, doubt: Doubt | None) -> str:
    """What a drawing is headed by: the class, unless there is no galaxy."""
    if doubt is not None and doubt.verdict == NO_GALAXY:
        return NO_GALAXY
    return label.replace("_", " ")


def verdict_sentence(doubt: Doubt, *, coverage: float = COVERAGE) -> str:
    """Say how far an answer goes; ``coverage`` is the one at which ``doubt`` was found."""
    if doubt.verdict == NO_GALAXY:
        return "no galaxy here: what follows means little"
    if doubt.verdict == SURE:
        return f"sure: at a coverage of {coverage:.0%} no other class is left"
    if not doubt.possible:
        return f"unsure: no class is probable enough for a coverage of {coverage:.0%}"
    left = " or ".join(name.replace("_", " ") for name in doubt.possible)
    return f"unsure: at a coverage of {coverage:.0%} it is {left}"
