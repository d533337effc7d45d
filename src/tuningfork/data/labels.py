"""Labels tables: votes, a class, or a set of possible classes for each galaxy, as far as known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from tuningfork.data.galaxies import Known
from tuningfork.data.layout import CLASS_COLUMNS, POSSIBLE_COLUMN
from tuningfork.errors import UnknownName
from tuningfork.votes.check import check_votes
from tuningfork.votes.columns import Columns, TableFile
from tuningfork.votes.problems import Problem
from tuningfork.votes.rules import CLASSES, Rule, load_rule, rule_names
from tuningfork.votes.tables import id_column, usable_ids
from tuningfork.votes.tree import TREE

Meanings = Mapping[str, frozenset[str]]
"""What each cell's text in a column means: the rule's classes that it names."""


def read_labels(file: TableFile, rule: Rule) -> tuple[dict[str, Known], list[Problem]]:
    """Read a labels table: what it knows by galaxy, in its order, and the trouble in it.

    ``class`` (or ``label``) and ``possible`` (names with ``|`` between them) hold the rule's
    classes or their aliases, columns named after a rule that rule's classes, ``Class1.1`` …
    weighted votes; any cell may be empty, and other columns are passed over. A stated class
    comes before what the votes say. Rows whose class is not among the possible ones are left out.

    Raises UnknownName for a class that the rule does not have.
    """
    names = [name for name in (*CLASS_COLUMNS, POSSIBLE_COLUMN) if name in file.header]
    rules = _rules_stated(file, rule)
    votes = [name for name in TREE.columns if name in file.header]
    table = file.read([id_column(file), *names, *rules], votes)
    keep, ids, problems = usable_ids(table)
    weighted, found = _votes(table, votes, ids, keep)
    stated, passed_over = _stated(table, names, rule)
    of_rules = {name: _meanings(table, name, one) for name, one in rules.items()}
    problems += found + passed_over + _lacking(file, votes) + _misspelt(file)
    known: dict[str, Known] = {}
    contradicting: dict[str, str] = {}
    by_votes = rule.apply(weighted)
    voted = [not unknown.all() for unknown in np.isnan(weighted)]
    for row in np.flatnonzero(keep):
        text = {name: column[row] for name, column in table.text.items()}
        classes = {name: _only(meaning, text[name]) for name, meaning in of_rules.items()}
        label = _label(text, stated, classes.get(rule.name, ""), rule, int(by_votes[row]))
        possible = stated.get(POSSIBLE_COLUMN, {}).get(text.get(POSSIBLE_COLUMN, ""), frozenset())
        if label and possible and label not in possible:
            allowed = "|".join(sorted(possible))
            contradicting[ids[row]] = f"{ids[row]}: {label} is not among {allowed}"
            continue
        known[ids[row]] = Known(
            votes=weighted[row] if voted[row] else None,
            label=label or None,
            possible=frozenset({label}) if label else possible,
            rules=classes,
        )
    if contradicting:
        named, details = tuple(contradicting), tuple(contradicting.values())
        problems.append(Problem("class not among the possible", file.where, named, True, details))
    return known, [*table.problems, *problems]


def _rules_stated(file: TableFile, rule: Rule) -> dict[str, Rule]:
    """The rules after which the table has columns."""
    stated = {name: load_rule(name) for name in rule_names() if name in file.header}
    return stated | ({rule.name: rule} if rule.name in file.header else {})


def _lacking(file: TableFile, votes: Sequence[str]) -> list[Problem]:
    """Say which vote columns a table with some of them lacks: one may only be misspelt."""
    lacking = tuple(name for name in TREE.columns if name not in votes)
    if not votes or not lacking:
        return []
    return [Problem("vote columns not in the table", file.where, lacking, False)]


def _misspelt(file: TableFile) -> list[Problem]:
    """Name the columns that are nearly called like one that says something, and are passed over."""
    known = (*CLASS_COLUMNS, POSSIBLE_COLUMN, *rule_names(), *TREE.columns)
    near = {
        name: match[0]
        for name in file.header
        if name not in known and (match := get_close_matches(name.lower(), known, 1, cutoff=0.75))
    }
    if not near:
        return []
    details = tuple(f"is '{name}' meant for {other}?" for name, other in near.items())
    return [Problem("columns passed over", file.where, tuple(near), False, details)]


def _label(
    text: Mapping[str, str], stated: Mapping[str, Meanings], by_rule: str, rule: Rule, place: int
) -> str:
    """The class as stated, else as the rule's own column says, else as the votes make it."""
    for name in CLASS_COLUMNS:
        if name in stated and text[name]:
            return _only(stated[name], text[name])
    if by_rule or place < 0:
        return by_rule
    return rule.class_names[place]


def _only(meanings: Meanings, text: str) -> str:
    return next(iter(meanings[text]), "")


def _stated(
    table: Columns, names: Sequence[str], rule: Rule
) -> tuple[dict[str, Meanings], list[Problem]]:
    """What class and possible classes mean; columns of the reference's classes mean nothing here.

    The sets at hand state classes of the reference; other rules can still use their votes.
    """
    stated: dict[str, Meanings] = {}
    problems = []
    for name in names:
        try:
            stated[name] = _meanings(table, name, rule)
        except UnknownName:
            if rule.class_names == CLASSES or not _readable(table, name):
                raise
            said = f"{name} names classes of the rule reference, not of {rule.name}"
            problems.append(Problem("column passed over", table.where, (name,), False, (said,)))
    return stated, problems


def _readable(table: Columns, name: str) -> bool:
    try:
        _meanings(table, name, load_rule("reference"))
    except UnknownName:
        return False
    return True


def _meanings(table: Columns, name: str, rule: Rule) -> Meanings:
    """The classes that each text in a column names. Raises UnknownName with the first row."""
    meanings: dict[str, frozenset[str]] = {"": frozenset()}
    for row, text in enumerate(table.text[name]):
        if text in meanings:
            continue
        words = text.split("|") if name == POSSIBLE_COLUMN else [text]
        try:
            meanings[text] = frozenset(rule.resolve(word) for word in words if word.strip())
        except UnknownName as error:
            raise UnknownName(
                f"{table.where}, row {row + 2}, column {name}: {error}; mend the table"
            ) from error
    return meanings


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
    rows = np.flatnonzero(keep)
    broken = {
        int(one.id): f"{ids[int(one.id)]}: {one.sentence.partition(': ')[2]}"
        for one in check_votes([str(row) for row in rows], weighted[rows], unasked=True)
        if one.serious and (one.outside is not None or not np.isnan(one.sum))
    }
    problems = []
    for kind, found in (
        ("votes that are no numbers, set aside", words),
        ("votes that break a sum, set aside", broken),
    ):
        if found:
            weighted[list(found)] = np.nan
            named = tuple(ids[row] for row in found)
            problems.append(Problem(kind, table.where, named, False, tuple(found.values())))
    return weighted, problems
