"""How many galaxies of a set a rule gives each class, and what became of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tuningfork.data.galaxies import GalaxySet, Known
from tuningfork.data.layout import find_layout
from tuningfork.data.reading import known_in, read_set
from tuningfork.errors import BadData
from tuningfork.votes.problems import Problem
from tuningfork.votes.rules import Rule


@dataclass(frozen=True)
class Counts:
    """The labels that a rule gives a set."""

    labels: Mapping[str, str]
    """Class by id, for every galaxy that has one, in the set's order."""
    classes: Mapping[str, int]
    """Galaxies by class, every class of the rule, in the order of display."""
    without: Mapping[str, int]
    """Usable galaxies without a class, by reason."""
    problems: tuple[Problem, ...]

    @property
    def dropped(self) -> int:
        """Rows and pictures that were left out, or have no class."""
        return sum(self.without.values()) + sum(one.count for one in self.problems if one.dropped)


def count_labels(
    path: Path, rule: Rule, check: Callable[[GalaxySet], GalaxySet] = lambda found: found
) -> Counts:
    """Label a set, or a table that has no pictures beside it, by the rule.

    ``check`` may take galaxies out of a set with pictures, such as those it cannot decode.

    Raises BadData, BadTable or UnknownName as :func:`~tuningfork.data.read_set` does.
    """
    path = Path(path)
    layout = find_layout(path, rule)
    if path.is_file() and layout.table is not None:
        known, problems = known_in(layout, rule)
        if not known:
            trouble = "; ".join(one.sentence for one in problems[:3]) or "it has no rows"
            raise BadData(f"{path}: no usable row: {trouble}; mend the table")
        return _counts(known, tuple(problems), rule)
    galaxies = check(read_set(path, rule))
    known = {galaxy.id: galaxy.known for galaxy in galaxies.galaxies}
    return _counts(known, galaxies.problems, rule)


def _counts(known: Mapping[str, Known], problems: tuple[Problem, ...], rule: Rule) -> Counts:
    labels = {id_: one.label for id_, one in known.items() if one.label is not None}
    counted = Counter(labels.values())
    without = Counter(_reason(one, rule) for one in known.values() if one.label is None)
    classes = {name: counted[name] for name in rule.class_names}
    return Counts(labels, classes, dict(without.most_common()), problems)


def _reason(known: Known, rule: Rule) -> str:
    if known.votes is not None or rule.name in known.rules:
        return "no class of the rule matches"
    if len(known.possible) > 1:
        return "several classes are possible"
    if known.possible:
        return "a class is possible, but none is stated"
    return "nothing is known"
