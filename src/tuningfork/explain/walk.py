"""The walk down the decision tree that most volunteers would take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuningfork.votes.tree import TREE, Answer, Question


@dataclass(frozen=True)
class Step:
    """One question on the walk."""

    question: Question
    asked: float
    """Share of the volunteers who would come to this question, 0 to 1."""
    shares: tuple[float, ...]
    """Each answer's share among those who are asked, in the question's order; they sum to 1."""
    taken: Answer
    """The most frequent answer, which the walk follows."""


def walk(fractions: Mapping[str, float]) -> tuple[Step, ...]:
    """Follow the most frequent answer from the first question to the tree's end.

    ``fractions`` are the 37 weighted vote fractions under their columns' names. A share is an
    answer's weighted fraction over its question's sum; a question that nobody reaches, which the
    walk meets only where all its fractions are zero, ends the walk.
    """
    steps: list[Step] = []
    following: int | None = 1
    while following is not None:
        question = TREE.question(following)
        weighted = [fractions[column] for column in question.columns]
        asked = sum(weighted)
        if asked <= 0:
            break
        taken = question.answers[weighted.index(max(weighted))]
        # Sums of rounded fractions may pass 1 by their last digit.
        steps.append(Step(question, min(asked, 1.0), tuple(one / asked for one in weighted), taken))
        following = taken.leads_to
    return tuple(steps)
