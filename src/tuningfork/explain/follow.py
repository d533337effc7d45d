"""How a class follows from votes: which of a rule's conditions they meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tuningfork.votes.fractions import conditional_from_weighted
from tuningfork.votes.label_rule import class_words
from tuningfork.votes.rules import Condition, Rule
from tuningfork.votes.tree import TREE, Answer


@dataclass(frozen=True)
class Check:
    """One condition held against a galaxy's votes."""

    condition: Condition
    answer: Answer
    fraction: float
    """What the rule compares, 0 to 1; NaN where nobody is asked."""
    met: bool


@dataclass(frozen=True)
class Judged:
    """One class of the rule, in the order in which classes are tried."""

    name: str
    checks: tuple[Check, ...]

    @property
    def met(self) -> bool:
        """Whether all conditions hold."""
        return all(one.met for one in self.checks)


@dataclass(frozen=True)
class Following:
    """What a rule makes of votes."""

    rule: str
    compares: str
    """``weighted`` or ``conditional`` fractions."""
    judged: tuple[Judged, ...]
    label: str | None
    """The first class that is met; None: the votes make no class."""


def follow(fractions: Mapping[str, float], rule: Rule) -> Following:
    """Hold a rule's conditions against the 37 weighted vote fractions of one galaxy."""
    weighted = np.array([[fractions[column] for column in TREE.columns]])
    compared = weighted if rule.compares == "weighted" else conditional_from_weighted(weighted)
    judged = tuple(
        Judged(one.name, tuple(_check(condition, compared[0]) for condition in one.conditions))
        for one in rule.classes
    )
    label = next((one.name for one in judged if one.met), None)
    return Following(rule.name, rule.compares, judged, label)


def following_sentence(found: Following, answer: str) -> str:
    """Say how the network's answer stands to what the rule makes of its votes."""
    if found.label == answer:
        return (
            f"By the rule {found.rule} these votes make the galaxy {_spoken(answer)}, "
            "which the network answers too."
        )
    if found.label is None:
        return (
            f"These votes meet no class of the rule {found.rule}: volunteers would not agree. "
            f"The network, asked for a class all the same, finds {_spoken(answer)} the likeliest."
        )
    return (
        f"By the rule {found.rule} these votes would make the galaxy {_spoken(found.label)}; "
        f"asked for the class itself the network answers {_spoken(answer)}. The two disagree, so "
        "look for yourself."
    )


def _check(condition: Condition, compared: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Check:
    place = TREE.columns.index(condition.column)
    fraction = float(compared[place])
    return Check(condition, TREE.answers[place], fraction, fraction >= condition.minimum)


def _spoken(name: str) -> str:
    words = class_words(name)
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
