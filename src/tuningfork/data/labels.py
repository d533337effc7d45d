"""Labels tables: votes, a class, or a set of possible classes for each galaxy, as far as known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tuningfork.data.galaxies import Known
from tuningfork.data.layout import CLASS_COLUMNS, POSSIBLE_COLUMN
from tuningfork.errors import UnknownName
from tuningfork.votes.check import check_votes
from tuningfork.votes.columns import Columns, TableFile
from tuningfork.votes.problems import Problem
from tuningfork.votes.rules import Rule, load_rule, rule_names
from tuningfork.votes.tables import id_column, usable_ids
from tuningfork.votes.tree import TREE


@dataclass(frozen=True, eq=False)
class Labels:
    """What a table knows, by galaxy, in its order."""

    known: Mapping[str, Known]
    problems: tuple[Problem, ...]


def read_labels(file: TableFile, rule: Rule) -> Labels:
    """Read a labels table; columns without a meaning here are passed over.

    ``class`` (or ``label``) and ``possible`` (names with ``|`` between them) hold the rule's
    classes or their aliases, columns named after a rule that rule's classes, ``Class1.1`` …
    weighted votes; any cell may be empty. Rows whose class is not among the possible ones are
    left out. Raises UnknownName for a class that the rule does not have.
    """
    names = [name for name in (*CLASS_COLUMNS, POSSIBLE_COLUMN) if name in file.header]
    rules = _rules_stated(file, rule)
    votes = [name for name in TREE.columns if name in file.header]
    table = file.read([id_column(file), *names, *rules], votes)
    keep, ids, problems = usable_ids(table)
    weighted, found = _votes(table, votes, ids, keep)
    problems += found
    reader = _Reader(file.where, rule, rules)
    by_votes = rule.apply(weighted)
    known: dict[str, Known] = {}
    contradicting: dict[str, str] = {}
    for row in np.flatnonzero(keep):
        one = reader.known(table, int(row), weighted[row], int(by_votes[row]))
        if one.label is not None and one.possible and one.label not in one.possible:
            stated = "|".join(sorted(one.possible))
            contradicting[ids[row]] = f"{ids[row]}: {one.label} is not among {stated}"
            continue
        known[ids[row]] = one
    if contradicting:
        named, details = tuple(contradicting), tuple(contradicting.values())
        problems.append(Problem("class not among the possible", file.where, named, True, details))
    return Labels(known, (*table.problems, *problems))


def _rules_stated(file: TableFile, rule: Rule) -> dict[str, Rule]:
    """The rules after which the table has columns."""
    stated = {name: load_rule(name) for name in rule_names() if name in file.header}
    return stated | ({rule.name: rule} if rule.name in file.header else {})


def _votes(
    table: Columns, columns: list[str], ids: list[str], keep: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], list[Problem]]:
    """Weighted votes of shape (rows, 37), NaN where not stated; impossible ones are set aside."""
    weighted = np.full((len(ids), len(TREE.columns)), np.nan)
    weighted[:, [TREE.columns.index(name) for name in columns]] = table.numbers
    words = {
        row: f"{ids[row]}: {columns[place]} is {word!r}"
        for (row, place), word in table.words.items()
        if keep[row]
    }
    numbered = [str(row) for row in range(len(ids))]
    broken = {
        int(one.id): f"{ids[int(one.id)]}: {one.sentence.partition(': ')[2]}"
        for one in check_votes(numbered, weighted, unasked=True)
        if one.serious and keep[int(one.id)] and (one.outside is not None or one.sum == one.sum)
    }
    problems = []
    for kind, rows in (
        ("votes that are no numbers, set aside", words),
        ("votes that break a sum, set aside", broken),
    ):
        if rows:
            weighted[list(rows)] = np.nan
            named = tuple(ids[row] for row in rows)
            problems.append(Problem(kind, table.where, named, False, tuple(rows.values())))
    return weighted, problems


@dataclass(frozen=True)
class _Reader:
    where: str
    rule: Rule
    rules: Mapping[str, Rule]
    seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def known(
        self, table: Columns, row: int, weighted: NDArray[np.float64], by_votes: int
    ) -> Known:
        text = {name: column[row] for name, column in table.text.items()}
        classes = {
            name: self._resolve(rule, text[name], row) if text[name] else ""
            for name, rule in self.rules.items()
        }
        stated = next((text[name] for name in CLASS_COLUMNS if text.get(name)), "")
        label = (stated and self._own(stated, row)) or classes.get(self.rule.name, "")
        if not label and by_votes >= 0:
            label = self.rule.class_names[by_votes]
        words = [word for word in text.get(POSSIBLE_COLUMN, "").split("|") if word.strip()]
        possible = frozenset(self._own(word, row) for word in words) - {""}
        return Known(
            votes=None if np.isnan(weighted).all() else weighted,
            label=label or None,
            possible=possible or (frozenset({label}) if label else frozenset()),
            rules=classes,
        )

    def _own(self, word: str, row: int) -> str:
        """The rule's class; empty for a class of the reference, which another rule cannot use."""
        reference = load_rule("reference")
        try:
            return self._resolve(self.rule, word, row)
        except UnknownName:
            self._resolve(reference, word, row)
            return ""

    def _resolve(self, rule: Rule, word: str, row: int) -> str:
        key = (rule.name, word)
        if key not in self.seen:
            try:
                self.seen[key] = rule.resolve(word)
            except UnknownName as error:
                raise UnknownName(f"{self.where}, row {row + 2}: {error}") from error
        return self.seen[key]
