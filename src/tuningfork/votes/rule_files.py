"""The form of a label rule's TOML file.

It states the rule's ``name``, whether it ``compares`` weighted or conditional fractions, the
``classes`` in the order of display, a ``threshold`` for conditions without a minimum of their
own, and ``[[class]]`` tables in the order in which they are tried; each has a ``name``,
``aliases`` and ``conditions``. The first class whose every condition holds is the galaxy's.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches

from tuningfork.errors import BadRule
from tuningfork.votes.label_rule import Condition, Rule, RuleClass, plain
from tuningfork.votes.tree import TREE

_RULE_KEYS = {"name", "compares", "threshold", "classes", "class"}
_CLASS_KEYS = {"name", "aliases", "conditions"}
_CONDITION_KEYS = {"column", "minimum"}


def parse_rule(text: str, where: str) -> Rule:
    """Read a rule from TOML; ``where`` names the file in messages. Raises BadRule."""
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


def _class(table: object, threshold: object, where: str) -> RuleClass:
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


def _condition(condition: object, threshold: object, where: str) -> Condition:
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
        words = {plain(word) for word in (one.name, *one.aliases)}
        for word in sorted(words & taken.keys()):
            raise BadRule(f"{where}: {word} names both {taken[word]} and {one.name}; keep one")
        taken |= dict.fromkeys(words, one.name)


def _only(table: Mapping[str, object], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, sorted(known), n=1, cutoff=0.0)
            raise BadRule(f"{where}: {key} has no meaning here; the nearest key is {near[0]}")


def _name(value: object, where: str, what: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\w][\w .+-]*", value):
        raise BadRule(f"{where}: {what} has the name {value!r}; write a word such as spiral")
    return value


def _names(value: object, where: str, what: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BadRule(f"{where}: {what} is {value!r}; write a list of names")
    return tuple(_name(one, where, what) for one in value)
