"""The verb labels: counts, what was dropped and why, and the table it writes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.data.made import pictures
from tests.votes.made import votes, write_kaggle
from tuningfork.cli.labels import labels
from tuningfork.errors import BadData, UnknownName

APP = typer.Typer()
APP.command()(labels)


def run(*arguments: str | Path) -> str:
    """Run the verb; its standard output. Errors are raised as they come."""
    result = CliRunner().invoke(APP, [str(one) for one in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def run_json(*arguments: str | Path) -> dict[str, Any]:
    """Run the verb with ``--json``."""
    answer: dict[str, Any] = json.loads(run(*arguments, "--json"))
    return answer


REAL = {
    ("kaggle", "reference"): [150, 71, 12, 40],
    ("kaggle", "strict"): [150, 61, 10, 40],
    ("kaggle", "zhu5"): [102, 109, 7, 60, 124],
}
"""Counted with awk, by the rules' text."""


@pytest.mark.parametrize(("name", "rule"), sorted(REAL))
def test_real_counts(shared_data: Path, name: str, rule: str) -> None:
    """The 700 galaxies with votes get the classes counted by other means."""
    answer = run_json(shared_data / name, "--rule", rule)
    assert list(answer["classes"].values()) == REAL[name, rule]
    assert answer["labelled"] == sum(REAL[name, rule])
    assert answer["dropped"] == {"no class of the rule matches": 700 - answer["labelled"]}
    assert answer["problems"] == []


@pytest.mark.parametrize("name", ["gz2", "gz1"])
def test_every_row_is_counted(shared_data: Path, name: str) -> None:
    """Labelled and dropped together are all rows of the table."""
    answer = run_json(shared_data / name, "--no-decode")
    rows = len(next((shared_data / name).glob("*.csv")).read_text().splitlines()) - 1
    assert answer["labelled"] + sum(answer["dropped"].values()) == rows


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Six galaxies: one without votes, one without a picture, one whose picture is broken."""
    folder = tmp_path / "set"
    pictures(folder / "images", ["1", "2", "3", "4", "5"])
    (folder / "images" / "2.jpg").write_bytes(b"broken")
    table = write_kaggle(folder / "training_solutions_rev1.csv", list("123456"), votes(6))
    lines = table.read_text().splitlines()
    lines[3] = lines[3].replace("3,", "3,none of it,", 1).rpartition(",")[0]
    table.write_text("\n".join(lines))
    return folder


def test_dropped_and_why(damaged: Path) -> None:
    """Each reason is counted and its galaxies named, in the table and in JSON."""
    answer = run_json(damaged)
    named = {one["kind"]: one["ids"] for one in answer["problems"]}
    assert named == {
        "votes that are no numbers": ["3"],
        "missing picture": ["6"],
        "unreadable picture": ["2"],
        "picture without a usable row": ["3"],
    }
    shown = run(damaged)
    for words in ("missing picture", "unreadable picture", "3: Class1.1 is 'none of it'"):
        assert words in shown
    undecoded = run_json(damaged, "--no-decode")
    assert "unreadable picture" not in undecoded["dropped"]


def test_output(shared_data: Path, tmp_path: Path) -> None:
    """``--output`` writes id and label of every labelled galaxy."""
    path = tmp_path / "new" / "labels.csv"
    table = shared_data / "kaggle" / "training_solutions_rev1.csv"
    run(table, "--output", path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with table.open(newline="") as file:
        votes_of = {row["GalaxyID"]: row for row in csv.DictReader(file)}
    assert len(rows) == 273
    for row in rows:
        assert list(row) == ["id", "label"]
        if row["label"] == "elliptical":
            assert float(votes_of[row["id"]]["Class1.1"]) >= 0.7


def test_own_rule(shared_data: Path, tmp_path: Path) -> None:
    """A rule of one's own is the path of its file."""
    rule = tmp_path / "odd.toml"
    rule.write_text(
        'name = "odd"\ncompares = "weighted"\n[[class]]\nname = "odd"\n'
        'conditions = [{ column = "Class6.1", minimum = 0.5 }]\n'
    )
    table = shared_data / "kaggle" / "training_solutions_rev1.csv"
    with table.open(newline="") as file:
        odd = sum(float(row["Class6.1"]) >= 0.5 for row in csv.DictReader(file))
    assert run_json(table, "--rule", rule)["classes"] == {"odd": odd}


def test_refusals(tmp_path: Path, damaged: Path) -> None:
    """Unknown rules, absent data and places that cannot be written to are refused."""
    with pytest.raises(UnknownName, match="nearest rule is reference"):
        run(damaged, "--rule", "refrence")
    with pytest.raises(BadData, match="no such folder"):
        run(tmp_path / "absent")
    with pytest.raises(BadData, match="cannot be written"):
        run(damaged, "--output", damaged / "training_solutions_rev1.csv" / "labels.csv")
