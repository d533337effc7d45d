"""Real galaxies all the way: votes, labels, two steps of training, scores, a table, a game.

Each step is the command that a user types, and is held against the tables on disk.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.game.conftest import Player, turns_of
from tuningfork.cli import app
from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.machine import load_machine
from tuningfork.game.reader import open_deck
from tuningfork.votes.rules import CLASSES
from tuningfork.votes.tree import TREE

COUNT = 60
CLASS_8 = tuple(f"Class8.{number}" for number in range(1, 8))
REFERENCE_FOLDERS = ("barred_spiral", "edge_view_spiral", "elliptical", "spiral")


@dataclass(frozen=True)
class Way:
    """What the way has left in its folder."""

    folder: Path

    @property
    def kaggle(self) -> Path:
        return self.folder / "kaggle"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def votes(self) -> dict[str, dict[str, float]]:
        """Weighted votes by id, as published."""
        return {
            row["GalaxyID"]: {name: float(row[name]) for name in TREE.columns}
            for row in table(self.kaggle / "training_solutions_rev1.csv")
        }


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def command(*arguments: str | Path, code: int = 0) -> str:
    """Run ``tuningfork`` and give what it printed."""
    result = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def by_hand(votes: dict[str, float]) -> str | None:
    """The reference's rule as its authors state it."""
    disk, smooth, calm = votes["Class1.2"], votes["Class1.1"], votes["Class6.2"]
    if disk >= 0.7 and votes["Class3.2"] >= 0.7:
        return "spiral"
    if votes["Class2.1"] >= 0.7 and calm >= 0.7:
        return "edge_on_spiral"
    if disk >= 0.7 and votes["Class3.1"] >= 0.7:
        return "barred_spiral"
    return "elliptical" if smooth >= 0.7 and calm >= 0.7 else None


@pytest.fixture(scope="module")
def way(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Way:
    """Sixty of Kaggle's galaxies with their votes, and a network after two steps on them."""
    found = Way(tmp_path_factory.mktemp("way"))
    whole = shared_data / "kaggle"
    lines = (whole / "training_solutions_rev1.csv").read_text().splitlines()[: COUNT + 1]
    (found.kaggle / "images_training_rev1").mkdir(parents=True)
    (found.kaggle / "training_solutions_rev1.csv").write_text("\n".join(lines) + "\n")
    for line in lines[1:]:
        name = f"images_training_rev1/{line.partition(',')[0]}.jpg"
        shutil.copyfile(whole / name, found.kaggle / name)
    arguments = ["--recipe", "compact", "--steps", "2", "--cache", str(found.folder / "cache")]
    arguments += ["--exclude", str(shared_data / "reference_test")]
    printed = command("train", found.kaggle, *arguments, "--output", found.run)
    assert printed.strip() == str(found.run / "model.onnx")
    return found


@pytest.fixture(scope="module")
def answers(way: Way) -> dict[str, dict[str, str]]:
    """What ``classify`` writes of the sixty, by id."""
    output = way.folder / "answers.csv"
    command("classify", way.kaggle, "--model", way.run, "--output", output)
    return {row["id"]: row for row in table(output)}


def test_votes_become_labels(way: Way) -> None:
    """The file of labels is the reference's rule applied by hand."""
    output = way.folder / "labels.csv"
    command("labels", way.kaggle, "--rule", "reference", "--output", output)
    expected = {id_: by_hand(votes) for id_, votes in way.votes.items()}
    found = {row["id"]: row["label"] for row in table(output)}
    assert found == {id_: label for id_, label in expected.items() if label is not None}
    assert len(found) > 5


def test_training_says_what_it_learned_from(way: Way) -> None:
    """Two batches of 64, from the galaxies that do not validate."""
    (line,) = [json.loads(one) for one in (way.run / "metrics.jsonl").read_text().splitlines()]
    assert line["pictures"] == 2 * 64
    card = json.loads((way.run / "model.json").read_text())
    assert card["scores"]["parity"] < 1e-4
    assert 0 < card["data"]["kaggle"] < COUNT
    assert json.loads((way.run / "run.json").read_text())["excluded"] == 1517


def test_classify_gives_a_row_for_each_picture(
    way: Way, answers: dict[str, dict[str, str]]
) -> None:
    """Probabilities sum to 1, votes to what the tree says, the class is the most probable."""
    assert set(answers) == set(way.votes)
    for row in answers.values():
        chances = {name: float(row[f"p_{name}"]) for name in CLASSES}
        assert sum(chances.values()) == pytest.approx(1, abs=1e-5)
        assert row["class"] == max(chances, key=lambda name: chances[name])
        assert row["error"] == ""
        for parent, children in (("Class1.2", ("Class2.1", "Class2.2")), ("Class6.1", CLASS_8)):
            assert sum(float(row[one]) for one in children) == pytest.approx(
                float(row[parent]), abs=1e-5
            )


def test_evaluate_scores_what_classify_answers(
    way: Way, answers: dict[str, dict[str, str]]
) -> None:
    """Accuracy and RMSE worked out from the two tables are those in the JSON file."""
    output = way.folder / "scores.json"
    command("evaluate", way.kaggle, "--model", way.run, "--json", output)
    scores = json.loads(output.read_text())
    labels = {id_: by_hand(votes) for id_, votes in way.votes.items()}
    right = [answers[id_]["class"] == label for id_, label in labels.items() if label is not None]
    assert scores["accuracy"] == pytest.approx(sum(right) / len(right))
    votes = np.array([[one[name] for name in TREE.columns] for one in way.votes.values()])
    told = np.array([[float(answers[id_][name]) for name in TREE.columns] for id_ in way.votes])
    assert scores["rmse"] == pytest.approx(float(np.sqrt(np.mean((told - votes) ** 2))), abs=1e-5)


def test_a_round_is_played_against_the_network(way: Way, shared_data: Path) -> None:
    """Ten of the reference's own galaxies: five guessed right, the machine counted by hand."""
    deck = way.folder / "deck"
    for name in REFERENCE_FOLDERS:
        (deck / name).mkdir(parents=True)
        for path in sorted((shared_data / "reference_test" / name).iterdir())[:4]:
            shutil.copyfile(path, deck / name / path.name)
    output = way.folder / "deck.csv"
    command("classify", deck, "--model", way.run, "--output", output)
    machine = {row["id"]: row["class"] for row in table(output)}
    game = create_app(GameConfig(open_deck(deck), load_machine(str(way.run)), way.folder / "game"))
    try:
        player = Player(game)
        played = player.start()
        turns = turns_of(game, played)
        wrong = [next(one for one in CLASSES if one != truth) for _, truth, _ in turns]
        player.play(played, [turns[n][1] if n < 5 else wrong[n] for n in range(10)])
        end = player.get(f"{played}/end").text
    finally:
        game.extensions["tuningfork"].close()
    assert Counter(truth for _, truth, _ in turns).keys() == set(CLASSES)
    theirs = sum(machine[galaxy] == truth for galaxy, truth, _ in turns)
    assert f"You had 5 of 10 right, the machine {theirs}." in end
