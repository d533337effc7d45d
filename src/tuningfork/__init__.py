"""Tuning Fork tells what a galaxy is from its picture.

``tuningfork.load().classify("galaxy.jpg")`` is all it takes. Importing the package is cheap: each
name is fetched when it is first asked for.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuningfork import classify
    from tuningfork.classify import Classification, Classifier, load
    from tuningfork.classify.tables import classify_table
    from tuningfork.votes.rules import Rule, load_rule, rule_names
    from tuningfork.votes.tree import TREE

    __version__: str

# ONNX Runtime's wheels tell Microsoft of each session unless this is set before their import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "TREE",
    "Classification",
    "Classifier",
    "Rule",
    "__version__",
    "classify",
    "classify_table",
    "load",
    "load_rule",
    "rule_names",
]

_HOMES = {
    "TREE": "tuningfork.votes.tree",
    "Classification": "tuningfork.classify",
    "Classifier": "tuningfork.classify",
    "Rule": "tuningfork.votes.rules",
    "classify_table": "tuningfork.classify.tables",
    "load": "tuningfork.classify",
    "load_rule": "tuningfork.votes.rules",
    "rule_names": "tuningfork.votes.rules",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("tuningfork")
    if name == "classify":
        return importlib.import_module("tuningfork.classify")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tuningfork' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
