"""A small set with votes and colours that the toy network takes for classes, and its report."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tests.classify.conftest import COLOURS, plain
from tests.model.toy import write_toy
from tests.votes.made import COLUMNS, votes, write_kaggle
from tuningfork.cli import app

COUNT = 24
CLASSES = ("elliptical", "spiral", "barred_spiral", "edge_on_spiral")
SHARES = {
    "elliptical": {
        "Class1.1": 0.9, "Class1.2": 0.1, "Class2.2": 0.1, "Class3.2": 0.1, "Class6.2": 1
    },
    "spiral": {"Class1.2": 0.9, "Class1.1": 0.1, "Class2.2": 0.9, "Class3.2": 0.9, "Class6.2": 1},
    "barred_spiral": {
        "Class1.2": 0.9, "Class1.1": 0.1, "Class2.2": 0.9, "Class3.1": 0.9, "Class6.2": 1
    },
    "edge_on_spiral": {"Class1.2": 0.9, "Class1.1": 0.1, "Class2.1": 0.9, "Class6.2": 1},
}  # fmt: skip
"""Votes that the rule ``reference`` makes each class of; what they leave open is filled below."""
FILLED = (
    ("Class1.1", "Class7.1"), ("Class2.2", "Class4.2"), ("Class2.2", "Class5.2"),
    ("Class2.1", "Class9.1"), ("Class6.1", "Class8.1"),
)  # fmt: skip
"""Questions that everybody who comes to them answers in one way."""
LOOKS = {**COLOURS, "edge_on_spiral": (8, 8, 8)}


def voted(label: str) -> np.ndarray:
    """Votes of a galaxy of this class, every sum of the tree held."""
    shares = dict(SHARES[label])
    for parent, answer in FILLED:
        shares[answer] = shares.get(parent, 0)
    return np.array([shares.get(column, 0.0) for column in COLUMNS])


@pytest.fixture(scope="session")
def kaggle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a set in Kaggle's layout: 24 of the four classes, three of which look like another."""
    folder = tmp_path_factory.mktemp("data") / "kaggle"
    pictures = folder / "images_training_rev1"
    pictures.mkdir(parents=True)
    labels = [CLASSES[place % 4] for place in range(COUNT)]
    for place, label in enumerate(labels):
        looks = LOOKS["spiral" if place in {4, 6, 8} else label]
        (pictures / f"{1000 + place}.png").write_bytes(plain(looks))
    ids = [str(1000 + place) for place in range(COUNT)]
    write_kaggle(
        folder / "training_solutions_rev1.csv", ids, np.stack([voted(one) for one in labels])
    )
    return folder


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a toy network with a card that names its split, and a record of its training."""
    run = write_toy(
        tmp_path_factory.mktemp("toys") / "run",
        data={"kaggle": 17},
        held_out={"share": 0.4, "seed": 0},
        credits="Volunteers",
    ).parent
    epochs = (
        f'{{"epoch": {epoch}, "round": {1 + epoch // 3}, "class_loss": {1 / epoch}, '
        f'"validation_loss": {1.1 / epoch}, "accuracy": {1 - 0.5 / epoch}, '
        f'"validation_accuracy": {1 - 0.6 / epoch}}}\n'
        for epoch in range(1, 6)
    )
    (run / "metrics.jsonl").write_text("".join(epochs))
    return run


@pytest.fixture(scope="session")
def evaluated(kaggle: Path, toys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evaluate once with everything; give the folder that holds report.html and report.json."""
    folder = tmp_path_factory.mktemp("report")
    rows = (
        f"{1000 + place},{'elliptical' if place == 4 else 'spiral'}" for place in range(COUNT - 2)
    )
    (folder / "theirs.csv").write_text("id,predicted\n" + "\n".join(rows) + "\n")
    done = command(
        *("evaluate", kaggle, "--model", toys, "--against", folder / "theirs.csv"),
        *("--compare", toys, "--report", folder / "report.html", "--json", folder / "report.json"),
    )
    assert done.exit_code == 0, done.output
    return folder


def command(*arguments: str | Path) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(one) for one in arguments])


def text_of(page: Path) -> str:
    """Give a page's text in one line."""
    text = page.read_text(encoding="utf-8").partition("</style>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


__all__ = ["COUNT", "command", "evaluated", "kaggle", "text_of", "toys", "votes"]
