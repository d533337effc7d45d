"""Label rules: what makes a class out of a galaxy's votes, as data in TOML files.

A rule's file states its ``name``, whether it ``compares`` weighted or conditional fractions, the
``classes`` in the order of display, a ``threshold`` for conditions without a minimum of their
own, and ``[[class]]`` tables in the order in which they are tried; each has a ``name``,
``aliases`` and ``conditions``. The first class whose every condition holds is the galaxy's.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tuningfork.errors import BadRule, UnknownName
from tuningfork.votes.fractions import Fractions, conditional_from_weighted
from tuningfork.votes.tree import TREE

_RULE_KEYS = {"name", "compares", "threshold", "classes", "class"}
_CLASS_KEYS = {"name", "aliases", "conditions"}
_CONDITION_KEYS = {"column", "minimum"}


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
        weighted = np.asarray(weighted, dtype=np.float64)
        compared = weighted if self.compares == "weighted" else conditional_from_weighted(weighted)
        labels = np.full(len(compared), -1, dtype=np.intp)
        for one in reversed(self.classes):
            meets = np.ones(len(compared), dtype=bool)
            for condition in one.conditions:
                meets &= compared[:, TREE.columns.index(condition.column)] >= condition.minimum
            labels[meets] = self.class_names.index(one.name)
        return labels

    def resolve(self, name: str) -> str:
        """The class that a name or alias means; case, spaces and hyphens make no difference.

        Raises UnknownName, which names the nearest known class.
        """
        known = self._known.get(_plain(name))
        if known is None:
            near = get_close_matches(_plain(name), self._known, n=1, cutoff=0.0)
            raise UnknownName(
                f"{name!r} is no class of the rule {self.name}; the nearest is "
                f"{self._known[near[0]]} (classes: {', '.join(self.class_names)})"
            )
        return known

    @cached_property
    def _known(self) -> dict[str, str]:
        return {
            _plain(word): one.name for one in self.classes for word in (one.name, *one.aliases)
        }


def rule_names() -> tuple[str, ...]:
    """The rules that come with the package."""
    return tuple(sorted(_bundled()))


def load_rule(name_or_path: str) -> Rule:
    """A bundled rule by its name, or a rule of one's own by the path of its TOML file.

    Raises UnknownName for a name that is no bundled rule and no file, BadRule for a file that
    breaks the form.
    """
    if name_or_path in _bundled():
        return _bundled_rule(name_or_path)
    path = Path(name_or_path)
    if path.is_file():
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise BadRule(f"{path}: the rule cannot be read ({error}); write UTF-8 TOML") from error
        return _parse(text, str(path))
    near = get_close_matches(name_or_path, rule_names(), n=1, cutoff=0.0)
    raise UnknownName(
        f"{name_or_path!r} is no rule and no file; the nearest rule is {near[0]} "
        f"(rules: {', '.join(rule_names())}; or give the path of a TOML file)"
    )


@cache
def _bundled() -> Mapping[str, str]:
    folder = resources.files("tuningfork.votes") / "rules"
    return {
        file.name.removesuffix(".toml"): file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }


@cache
def _bundled_rule(name: str) -> Rule:
    return _parse(_bundled()[name], f"{name}.toml")


def _parse(text: str, where: str) -> Rule:
    try:
        stated = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRule(f"{where}: not TOML ({error}); mend the file at that place") from error
    _only(stated, _RULE_KEYS, where)
    compares = stated.get("compares")
    if compares not in ("weighted", "conditional"):
        raise BadRule(f'{where}: compares is {compares!r}; write "weighted" or "conditional"')
    tables = stated.get("class")
    if not isinstance(tables, list) or not tables:
        raise BadRule(f"{where}: no class is defined; add a [[class]] table for each")
    threshold = stated.get("threshold")
    classes = tuple(_class(table, threshold, where) for table in tables)
    _distinct(classes, where)
    names = _names(stated.get("classes", [one.name for one in classes]), where, "classes")
    if sorted(names) != sorted(one.name for one in classes):
        raise BadRule(
            f"{where}: classes lists {', '.join(names)}, but the [[class]] tables are "
            f"{', '.join(one.name for one in classes)}; list each once"
        )
    return Rule(_name(stated.get("name"), where, "the rule"), compares, classes, names)


def _class(table: Any, threshold: Any, where: str) -> RuleClass:
    if not isinstance(table, dict):
        raise BadRule(f"{where}: {table!r} is no table; write [[class]] tables")
    name = _name(table.get("name"), where, "a class")
    here = f"{where}: class {name}"
    _only(table, _CLASS_KEYS, here)
    conditions = table.get("conditions")
    if not isinstance(conditions, list) or not conditions:
        raise BadRule(f'{here}: no conditions; add conditions = [{{ column = "Class1.1", … }}]')
    return RuleClass(
        name,
        _names(table.get("aliases", []), here, "aliases"),
        tuple(_condition(condition, threshold, here) for condition in conditions),
    )


def _condition(condition: Any, threshold: Any, where: str) -> Condition:
    if not isinstance(condition, dict):
        raise BadRule(f"{where}: {condition!r} is no condition; state column and minimum")
    _only(condition, _CONDITION_KEYS, where)
    column = condition.get("column")
    if column not in TREE.columns:
        near = get_close_matches(str(column), TREE.columns, n=1, cutoff=0.0)
        raise BadRule(f"{where}: {column!r} is no column of votes; the nearest is {near[0]}")
    minimum = condition.get("minimum", threshold)
    if isinstance(minimum, bool) or not isinstance(minimum, int | float) or not 0 <= minimum <= 1:
        raise BadRule(
            f"{where}: the minimum of {column} is {minimum!r}; "
            "write a number from 0 to 1 there or as the rule's threshold"
        )
    return Condition(column, float(minimum))


def _distinct(classes: tuple[RuleClass, ...], where: str) -> None:
    taken: dict[str, str] = {}
    for one in classes:
        for word in (one.name, *one.aliases):
            if _plain(word) in taken:
                raise BadRule(
                    f"{where}: {word} names both {taken[_plain(word)]} and {one.name}; keep one"
                )
            taken[_plain(word)] = one.name


def _only(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, sorted(known), n=1, cutoff=0.0)
            raise BadRule(f"{where}: {key} has no meaning here; the nearest key is {near[0]}")


def _name(value: Any, where: str, what: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\w][\w .+-]*", value):
        raise BadRule(f"{where}: {what} has the name {value!r}; write a word such as spiral")
    return value


def _names(value: Any, where: str, what: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BadRule(f"{where}: {what} is {value!r}; write a list of names")
    return tuple(_name(one, where, what) for one in value)


def _plain(name: str) -> str:
    """A name without what people write differently: case, spaces, hyphens."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


CLASSES = load_rule("reference").class_names
"""The four classes, in the order of display."""
