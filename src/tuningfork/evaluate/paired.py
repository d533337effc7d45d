"""Two sets of answers to the same galaxies, and whether they differ by more than chance."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tuningfork.errors import BadTable, UnknownName
from tuningfork.votes.rules import Rule

ANSWERS = ("predicted", "class")
"""Names of the column with the answers; the second is that of ``tuningfork classify``."""


@dataclass(frozen=True)
class Predictions:
    """Another's answers, by galaxies' ids."""

    answers: Mapping[str, str]
    truths: Mapping[str, str]
    """What the table says is true, where it says so."""


@dataclass(frozen=True)
class Paired:
    """How often two were right on the same galaxies."""

    both: int
    only_here: int
    only_there: int
    neither: int


@dataclass(frozen=True)
class Comparison:
    """Our answers and theirs on the galaxies that both answered and whose class is known."""

    count: int
    accuracy: float | None
    their_accuracy: float | None
    b: int
    """Galaxies that we got right and they got wrong."""
    c: int
    """Galaxies that we got wrong and they got right."""
    p_value: float | None
    """Exact McNemar test (McNemar 1947): two-sided binomial test of b of b + c at 1/2. None, as
    the accuracies, where there is nothing to compare."""
    missing_there: int
    """Galaxies of ours without an answer of theirs."""
    missing_here: int
    """Answers of theirs to galaxies that are not among ours."""
    truth_differs: int
    """Galaxies whose class in their table is not the one that we hold for true."""
    by_class: Mapping[str, Paired]
    """The same galaxies by their true class."""
    only_here: tuple[str, ...]
    """Ids of the galaxies that only we got right."""
    only_there: tuple[str, ...]
    """Ids of the galaxies that only they got right."""

    @property
    def hindrance(self) -> str:
        """Say why there is nothing to compare; empty where there is something."""
        if self.count:
            return ""
        if self.missing_there:
            return "no galaxy has a class and both answers; check the ids"
        return "no galaxy's class is known"


def read_predictions(path: Path, rule: Rule) -> Predictions:
    """Read a CSV with the columns ``id``, ``predicted`` (or ``class``) and perhaps ``truth``.

    Classes may be called by the rule's aliases. A row without an answer counts as no row. Raises
    BadTable for a table without these columns or with an id that has two answers, UnknownName for
    a class that the rule does not have; both name the line.
    """
    answers: dict[str, str] = {}
    truths: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            id_column, answer_column, truth_column = _columns(rows.fieldnames or (), path)
            for row in rows:
                where = f"{path}, line {rows.line_num}"
                id_, answer = (row[id_column] or "").strip(), (row[answer_column] or "").strip()
                if not id_ or not answer:
                    continue
                label = _resolve(rule, answer, where)
                if answers.setdefault(id_, label) != label:
                    raise BadTable(f"{where}: {id_} has a second, different answer; keep one")
                truth = (row[truth_column] or "").strip() if truth_column else ""
                if truth:
                    truths[id_] = _resolve(rule, truth, where)
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror}; check the path") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadTable(f"{path}: not a CSV table ({error}); save it as UTF-8 CSV") from error
    if not answers:
        raise BadTable(f"{path}: no row has an id and an answer; check the table")
    return Predictions(answers, truths)


def compare(ours: Mapping[str, str], truth: Mapping[str, str], theirs: Predictions) -> Comparison:
    """Compare answers galaxy by galaxy; all mappings go from ids to classes."""
    shared = [id_ for id_ in ours if id_ in truth and id_ in theirs.answers]
    pairs = [(ours[id_] == truth[id_], theirs.answers[id_] == truth[id_]) for id_ in shared]
    ids = {
        kind: tuple(id_ for id_, pair in zip(shared, pairs, strict=True) if pair == kind)
        for kind in ((True, False), (False, True))
    }
    b, c = len(ids[True, False]), len(ids[False, True])
    count = len(shared)
    return Comparison(
        count=count,
        accuracy=sum(we for we, _ in pairs) / count if count else None,
        their_accuracy=sum(they for _, they in pairs) / count if count else None,
        b=b,
        c=c,
        p_value=_mcnemar(b, c) if count else None,
        missing_there=sum(id_ not in theirs.answers for id_ in ours if id_ in truth),
        missing_here=sum(id_ not in ours or id_ not in truth for id_ in theirs.answers),
        truth_differs=sum(theirs.truths.get(id_, truth[id_]) != truth[id_] for id_ in shared),
        by_class=_by_class([truth[id_] for id_ in shared], pairs),
        only_here=ids[True, False],
        only_there=ids[False, True],
    )


def _mcnemar(b: int, c: int) -> float:
    from scipy.stats import binomtest

    return float(binomtest(b, b + c).pvalue) if b + c else 1.0


def _by_class(truths: list[str], pairs: list[tuple[bool, bool]]) -> dict[str, Paired]:
    found = {}
    for name in dict.fromkeys(sorted(truths)):
        own = Counter(pair for truth, pair in zip(truths, pairs, strict=True) if truth == name)
        kinds = ((True, True), (True, False), (False, True), (False, False))
        found[name] = Paired(*(own[kind] for kind in kinds))
    return found


def _columns(names: object, path: Path) -> tuple[str, str, str | None]:
    """Find the columns of ids, answers and truths, whatever their case."""
    plain = {str(name).strip().casefold(): str(name) for name in names}  # type: ignore[attr-defined]
    answer = next((plain[name] for name in ANSWERS if name in plain), None)
    if "id" not in plain or answer is None:
        if len(plain) == 1 and ";" in next(iter(plain)):
            raise BadTable(f"{path}: its columns are parted by semicolons; save it with commas")
        raise BadTable(
            f"{path}: has the columns {', '.join(plain.values()) or 'of no table'}; "
            "it needs id and predicted (truth is optional)"
        )
    return plain["id"], answer, plain.get("truth")


def _resolve(rule: Rule, name: str, where: str) -> str:
    try:
        return rule.resolve(name)
    except UnknownName as error:
        raise UnknownName(f"{where}: {error}") from error
