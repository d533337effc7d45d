"""How sure an answer is, in words."""

from __future__ import annotations

from tuningfork.classify import Classification
from tuningfork.model.calibration import COVERAGE, NO_GALAXY, SURE, Doubt
from tuningfork.votes.label_rule import class_words


def title_of(found: Classification) -> str:
    """What a drawing is headed by: the class, unless there is no galaxy."""
    return NO_GALAXY if found.verdict == NO_GALAXY else class_words(found.label)


def verdict_sentence(doubt: Doubt, *, coverage: float = COVERAGE) -> str:
    """Say how far an answer goes; ``coverage`` is the one at which ``doubt`` was found."""
    if doubt.verdict == NO_GALAXY:
        return "no galaxy here: what follows means little"
    if doubt.verdict == SURE:
        return f"sure: at a coverage of {coverage:.0%} no other class is left"
    if not doubt.possible:
        return f"unsure: no class is probable enough for a coverage of {coverage:.0%}"
    if len(doubt.possible) == 1:
        (name,) = map(class_words, doubt.possible)
        return (
            f"unsure: at a coverage of {coverage:.0%} {name} alone is left, yet no likelier than "
            "all else together"
        )
    left = " or ".join(map(class_words, doubt.possible))
    return f"unsure: at a coverage of {coverage:.0%} it is {left}"
