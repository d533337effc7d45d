"""What ``import tuningfork`` offers."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import tuningfork
from tuningfork.votes.tree import TREE


def test_the_package_offers_what_it_lists() -> None:
    """Every listed name can be fetched, and is the one of its room."""
    assert all(getattr(tuningfork, name) is not None for name in tuningfork.__all__)
    assert tuningfork.TREE is TREE
    assert tuningfork.__version__ == version("tuningfork")
    assert tuningfork.load_rule("reference").name == "reference"
    assert "load" in dir(tuningfork)


def test_a_name_that_it_does_not_offer_is_an_attribute_error() -> None:
    """A misspelled name fails as it does on any module."""
    with pytest.raises(AttributeError, match="lode"):
        tuningfork.lode  # noqa: B018


def test_importing_the_package_brings_nothing_else() -> None:
    """Not even numpy is loaded before it is needed."""
    code = "import sys; old = set(sys.modules); import tuningfork; print(set(sys.modules) - old)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = {name.split(".")[0] for name in done.stdout.strip("{}\n").replace("'", "").split(", ")}
    assert not found & {"numpy", "PIL", "onnxruntime", "torch", "typer", "rich"}
