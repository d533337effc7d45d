"""Label rules: what makes a class out of a galaxy's votes, as data in TOML files."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path

from tuningfork.errors import BadRule, UnknownName
from tuningfork.votes.label_rule import Condition, Rule, RuleClass
from tuningfork.votes.rule_files import parse_rule

__all__ = ["CLASSES", "Condition", "Rule", "RuleClass", "load_rule", "rule_names"]


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
        return parse_rule(text, str(path))
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
    return parse_rule(_bundled()[name], f"{name}.toml")


CLASSES = load_rule("reference").class_names
"""The four classes, in the order of display."""
