"""How likely a galaxy meets a rule, from the votes that a network predicts and what is known.

The votes that a galaxy truly has are the predicted ones and an error. Errors are known of held-out
galaxies with votes; drawn again and again they give votes that the galaxy may have. Those that
contradict what is known of it are put aside, the others say how often it meets the rule and how.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tuningfork.votes.rules import Rule

Floats = NDArray[np.float64]
Agrees = Callable[[Floats], NDArray[np.bool_]]
"""Which of many galaxies' votes (m, 37) agree with what is known, (m,)."""

DRAWS = 1500
FEWEST = 15
"""Draws that must agree with what is known."""
FEWEST_ERRORS = 30
"""Held-out galaxies with votes below which nothing can be said."""


def likely_classes(
    fractions: Floats, errors: Floats, agrees: Agrees, rule: Rule, random: np.random.Generator
) -> Floats | None:
    """Give the share of possible votes that meets the rule as each class, (classes,).

    ``fractions`` (37,) are predicted, ``errors`` (m, 37) true votes less predicted ones. A draw
    mixes two errors by a random angle's cosine and sine, which keeps the errors' covariance and gives
    other errors than those few. None where too few draws agree with what is known.
    """
    first, second = errors[random.integers(0, len(errors), (2, DRAWS))]
    angle = random.uniform(0, 2 * np.pi, (DRAWS, 1))
    votes = np.clip(fractions + first * np.cos(angle) + second * np.sin(angle), 0, 1)
    votes = votes[agrees(votes)]
    if len(votes) < FEWEST:
        return None
    labels = rule.apply(votes)
    counts = np.bincount(labels[labels >= 0], minlength=len(rule.class_names))
    return np.asarray(counts / len(votes))
