"""What a label rule is: classes, each with the least votes that it asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tuningfork.errors import UnknownName
from tuningfork.votes.fractions import Fractions, conditional_from_weighted
from tuningfork.votes.tree import TREE


@dataclass(frozen=True)
class Condition:
    """At least ``minimum`` (0 to 1) of the votes for one answer. A fraction of NaN never meets."""

    column: str
    minimum: float


@dataclass(frozen=True)
class RuleClass:
    """One class: its name, other names that people write, and the conditions that all must hold."""

    name: str
    aliases: tuple[str, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Rule:
    """A label rule. Fractions that are not known (NaN: nobody was asked) meet no condition."""

    name: str
    compares: Literal["weighted", "conditional"]
    classes: tuple[RuleClass, ...]
    """In the order in which they are tried."""
    class_names: tuple[str, ...]
    """In the order of display."""

    def apply(self, weighted: Fractions) -> NDArray[np.intp]:
        """Each galaxy's place in ``class_names``, -1 where no class matches.

        Takes weighted fractions of shape (galaxies, 37) whatever the rule compares.
        """
        meets = self.meets(weighted)
        labels = np.full(len(meets), -1, dtype=np.intp)
        for one in reversed(self.classes):
            place = self.class_names.index(one.name)
            labels[meets[:, place]] = place
        return labels

    def meets(self, weighted: Fractions, share: float = 1.0) -> NDArray[np.bool_]:
        """Whether a galaxy meets all conditions of a class: shape (galaxies, classes).

        Columns are as in ``class_names``. ``share`` (0 to 1) of each minimum is asked for.
        """
        weighted = np.asarray(weighted, dtype=np.float64)
        compared = weighted if self.compares == "weighted" else conditional_from_weighted(weighted)
        result = np.ones((len(compared), len(self.class_names)), dtype=np.bool_)
        for one in self.classes:
            place = self.class_names.index(one.name)
            for condition in one.conditions:
                votes = compared[:, TREE.columns.index(condition.column)]
                result[:, place] &= votes >= share * condition.minimum
        return result

    def resolve(self, name: str) -> str:
        """The class that a name or alias means; case, spaces and hyphens make no difference.

        Raises UnknownName, which names the nearest known class.
        """
        known = self._known.get(plain(name))
        if known is None:
            near = get_close_matches(plain(name), self._known, n=1, cutoff=0.0)
            raise UnknownName(
                f"{name!r} is no class of the rule {self.name}; the nearest is "
                f"{self._known[near[0]]} (classes: {', '.join(self.class_names)})"
            )
        return known

    @cached_property
    def _known(self) -> dict[str, str]:
        return {plain(word): one.name for one in self.classes for word in (one.name, *one.aliases)}


def plain(name: str) -> str:
    """A name without what people write differently: case, spaces, hyphens."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def class_words(name: str) -> str:
    """A class's name as people write it."""
    return name.replace("_", " ").replace("edge on", "edge-on")
