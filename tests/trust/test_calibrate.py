"""Calibrating a network from the command, and what its answers then say."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.model.toy import CLASSES
from tests.trust.test_graph import embedding_toy
from tuningfork.cli import app
from tuningfork.data import split_of
from tuningfork.model.calibration import VERDICTS
from tuningfork.model.card import read_card, write_card
from tuningfork.model.session import load_model
from tuningfork.votes.tree import TREE

COUNT = 400
SHARES = {"train": 0.5, "validation": 0.5}
VOTES = {
    "elliptical": {"Class1.1": 1.0, "Class6.2": 1.0, "Class7.1": 1.0},
    "spiral": {"Class1.2": 1.0, "Class2.2": 1.0, "Class3.2": 1.0, "Class6.2": 1.0},
    "barred_spiral": {"Class1.2": 1.0, "Class2.2": 1.0, "Class3.1": 1.0, "Class6.2": 1.0},
    "edge_on_spiral": {"Class1.2": 1.0, "Class2.1": 1.0, "Class6.2": 1.0},
}
FURTHER = {
    "spiral": ("Class4.2", "Class5.1"),
    "barred_spiral": ("Class4.2", "Class5.1"),
    "edge_on_spiral": ("Class9.1",),
}


def picture(path: Path, label: str, random: np.random.Generator) -> None:
    """Its colour tells the class, most of the time: the toy goes by red, green and blue."""
    colour = random.normal(70, 12, 3)
    if label in CLASSES[:3]:
        colour[CLASSES.index(label)] += random.normal(55, 30)
    pixels = np.clip(random.normal(colour, 9, (32, 32, 3)), 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network, a set with votes, and strangers: all white, which no galaxy here is."""
    folder = tmp_path_factory.mktemp("calibrate")
    path = embedding_toy(folder / "run")
    card = read_card(path.with_suffix(".json"))
    split = {"share": 0.5, "seed": 0}
    write_card(replace(card, data={"kaggle": 200}, held_out=split), path.with_suffix(".json"))
    random = np.random.default_rng(0)
    with (folder / "kaggle.csv").open("w") as file:
        table = csv.DictWriter(file, ["GalaxyID", *TREE.columns], restval="0", lineterminator="\n")
        table.writeheader()
        for number in range(COUNT):
            label = str(random.choice(CLASSES, p=(0.4, 0.3, 0.1, 0.2)))
            picture(folder / f"kaggle/images_training_rev1/{number}.png", label, random)
            more = dict.fromkeys(FURTHER.get(label, ()), 1.0)
            table.writerow({"GalaxyID": str(number)} | VOTES[label] | more)
    (folder / "kaggle.csv").rename(folder / "kaggle/training_solutions_rev1.csv")
    for number in range(40):
        pixels = np.clip(random.normal(225, 25, (32, 32, 3)), 0, 255).astype(np.uint8)
        (folder / "stars").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / f"stars/{number}.png")
    found = run("calibrate", folder / "run", folder / "kaggle", "--not-galaxies", folder / "stars",
                "--output", folder / "out.onnx", "--json")  # fmt: skip
    (folder / "told.json").write_text(found)
    return folder


def run(*words: object, code: int = 0) -> str:
    """Run the command; its standard output, or what it was refused with."""
    found = CliRunner().invoke(app, [str(word) for word in words], terminal_width=200)
    if code:
        assert found.exit_code == code
        return str(found.exception) if found.exception else found.output
    assert found.exit_code == 0, found.output
    return found.stdout


def warned_by(made: Path, data: Path, output: Path) -> str:
    """Calibrate on that set; what is told beside the figures."""
    given = ("calibrate", made / "run", data, "--not-galaxies", made / "stars", "--output", output)
    found = CliRunner().invoke(app, [str(one) for one in given], terminal_width=200)
    assert found.exit_code == 0, found.output
    return found.stderr


def test_only_galaxies_that_were_held_out_calibrate(made: Path) -> None:
    """As many as the split of ids says, and the mix is that of all votes."""
    calibration = load_model(made / "out.onnx").card.calibration
    assert calibration is not None
    held = sum(split_of(str(one), SHARES, 0) == "validation" for one in range(COUNT))
    assert calibration.fitted_on["kaggle: held out"] == held
    assert sum(calibration.mix.values()) == pytest.approx(1)
    assert calibration.mix["elliptical"] == pytest.approx(0.4, abs=0.08)
    told = json.loads((made / "told.json").read_text())
    assert told["calibration"]["mix"] == calibration.mix


def test_the_graph_carries_the_temperature(made: Path) -> None:
    """Logits before, times the card's scale, are the logits after; the loss is no worse."""
    before, after = load_model(made / "run"), load_model(made / "out.onnx")
    calibration = after.card.calibration
    assert calibration is not None
    pixels = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
    powers = before.answer(pixels).probabilities.astype(float) ** calibration.scale
    powers *= np.exp(calibration.shift)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(after.answer(pixels).probabilities, expected, rtol=1e-4)
    losses = calibration.measured["scaling"]["losses"]
    assert losses[calibration.measured["scaling"]["chosen"]] <= losses["none"]


def test_new_galaxies_are_covered_as_asked_and_strangers_refused(
    made: Path, tmp_path: Path
) -> None:
    """On galaxies that nobody has met, drawn as the others were; white pictures are no galaxies."""
    random = np.random.default_rng(9)
    truth = {}
    for number in range(600):
        label = str(random.choice(CLASSES, p=(0.4, 0.3, 0.1, 0.2)))
        truth[f"new{number}"] = label
        picture(tmp_path / f"new/new{number}.png", label, random)
    out = tmp_path / "answers.csv"
    run("classify", tmp_path / "new", "--model", made / "out.onnx", "--coverage", 0.8,
        "--output", out)  # fmt: skip
    with out.open() as file:
        rows = list(csv.DictReader(file))
    kept = [row for row in rows if row["verdict"] != "no galaxy here"]
    assert len(kept) > 0.95 * len(rows)
    covered = [truth[row["id"]] in row["set"].split("|") for row in kept]
    assert np.mean(covered) == pytest.approx(0.8, abs=0.07)
    for row in kept:
        assert row["verdict"] in VERDICTS
        alone = row["set"] == row["class"] and float(row[f"p_{row['class']}"]) > 0.5
        assert (row["verdict"] == "sure") == alone
    shown = run("classify", made / "stars", "--model", made / "out.onnx")
    assert "40 no galaxy here" in shown.splitlines()[-1]


def test_a_prior_moves_the_answers(made: Path, tmp_path: Path) -> None:
    """Where there are no ellipticals, none is named."""
    prior = "elliptical=0,spiral=1,barred_spiral=1,edge_on_spiral=1"
    images = made / "kaggle/images_training_rev1"
    out = tmp_path / "answers.jsonl"
    run("classify", images, "--model", made / "out.onnx", "--prior", prior, "--output", out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == COUNT
    assert all(row["class"] != "elliptical" and row["p_elliptical"] == 0 for row in rows)


def test_calibrating_again_changes_nothing(made: Path, tmp_path: Path) -> None:
    """A calibrated network calibrates to itself: what was fitted is taken out first."""
    run("calibrate", made / "out.onnx", made / "kaggle", "--not-galaxies", made / "stars",
        "--output", tmp_path / "again.onnx")  # fmt: skip
    assert (tmp_path / "again.onnx").read_bytes() == (made / "out.onnx").read_bytes()


def test_folds_answer_for_what_the_network_learned_from(made: Path, tmp_path: Path) -> None:
    """Sets are then fitted on all galaxies with votes, each by a network that was kept from it."""
    other = embedding_toy(tmp_path / "other")
    card = read_card(other.with_suffix(".json"))
    split = {"share": 0.5, "seed": 0, "fold": 1}
    write_card(replace(card, data={"kaggle": 200}, held_out=split), other.with_suffix(".json"))
    given = ("calibrate", made / "run", made / "kaggle", "--not-galaxies", made / "stars")
    run(*given, "--fold", tmp_path / "other", "--output", tmp_path / "out.onnx")
    alone = load_model(made / "out.onnx").card.calibration
    both = load_model(tmp_path / "out.onnx").card.calibration
    assert alone is not None
    assert both is not None
    held = alone.fitted_on["kaggle: held out"]
    assert both.fitted_on["kaggle: held out"] == both.fitted_on["kaggle: for the sets"] == held
    assert both.fitted_on["kaggle: that it learned from, as other folds answered"] == COUNT - held
    assert both.scale == pytest.approx(alone.scale, rel=0.2)
    crossed = both.measured["calibration"]["kaggle, by other folds"]
    assert crossed["galaxies"] == COUNT - held
    assert crossed["nll after"] < crossed["nll before"]
    known = [both.measured["coverage"]["0.9"][name]["galaxies known"] for name in CLASSES]
    assert sum(known) == COUNT
    for name in CLASSES[:2]:
        covered = both.measured["coverage"]["0.9"][name]["weighted"]
        assert covered == pytest.approx(0.9, abs=0.05)
    again = run(*given, "--fold", made / "run", "--output", tmp_path / "no.onnx", code=1)
    assert "that is left to answer for" in again
    assert not (tmp_path / "no.onnx").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--coverage", "0.9"], "not calibrated"),
        (["--prior", "elliptical=1"], "not calibrated"),
    ],
)
def test_a_network_without_calibration_says_so(made: Path, words: list[str], said: str) -> None:
    """And what to do about it."""
    found = run("classify", made / "stars", "--model", made / "run", *words, code=1)
    assert said in found
    assert "tuningfork calibrate" in found


def test_wrong_coverages_and_priors_are_refused(made: Path) -> None:
    """With the option's name or what was wrong."""
    images = ("classify", made / "stars", "--model", made / "out.onnx")
    for wrong in ("0", "1", "95", "nan", "-0.5"):
        found = CliRunner().invoke(app, [str(one) for one in (*images, "--coverage", wrong)])
        assert found.exit_code == 2
        assert "--coverage" in found.output
    assert "lacks" in run(*images, "--prior", "elliptical=1", code=1)


def test_a_set_without_votes_cannot_come_first(made: Path, tmp_path: Path) -> None:
    """It could not tell the true mix of classes."""
    for number, label in enumerate(CLASSES):
        picture(tmp_path / f"set/{label}/{number}.png", label, np.random.default_rng(number))
    found = run("calibrate", made / "run", tmp_path / "set", "--not-galaxies", made / "stars",
                "--output", tmp_path / "no.onnx", code=1)  # fmt: skip
    assert "votes" in found
    assert not (tmp_path / "no.onnx").exists()


Votes = dict[str, str]


def with_held_out_votes(made: Path, folder: Path, changed: Callable[[Votes], Votes]) -> Path:
    """The set again, with other votes of the galaxies that were held out."""
    data = shutil.copytree(made / "kaggle", folder / "kaggle")
    table = data / "training_solutions_rev1.csv"
    rows = [
        row | (changed(row) if split_of(row["GalaxyID"], SHARES, 0) == "validation" else {})
        for row in csv.DictReader(table.read_text().splitlines())
    ]
    with table.open("w") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return data


def without_bar(votes: Votes) -> Votes:
    """The same of a galaxy without a bar."""
    return {"Class3.1": "0", "Class3.2": "1.0"} if float(votes["Class3.1"]) == 1 else {}


def undecided(votes: Votes) -> Votes:
    """Half of the volunteers for an elliptical, half for a spiral."""
    halves = ("1.1", "1.2", "2.2", "3.2", "4.2", "5.1", "7.1")
    found = dict.fromkeys(TREE.columns, "0") | {f"Class{one}": "0.5" for one in halves}
    return found | {"Class6.2": votes["Class6.2"]}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (without_bar, r"can be barred_spiral.*--fold"),
        (undecided, r"^kaggle: no held-out galaxy is a clear case"),
    ],
)
def test_what_galaxies_cannot_tell_is_no_calibration(
    made: Path, tmp_path: Path, changed: Callable[[Votes], Votes], said: str
) -> None:
    """Of a class that none can be, or a temperature from no clear case; nothing is written."""
    data = with_held_out_votes(made, tmp_path, changed)
    found = run("calibrate", made / "run", data, "--not-galaxies", made / "stars",
                "--output", tmp_path / "no.onnx", code=1)  # fmt: skip
    assert re.search(said, found)
    assert not (tmp_path / "no.onnx").exists()


def test_galaxies_that_are_all_right_are_told(made: Path, tmp_path: Path) -> None:
    """Nothing holds the temperature then, and the network would be sure of everything."""
    data = shutil.copytree(made / "kaggle", tmp_path / "kaggle")
    for row in csv.DictReader((data / "training_solutions_rev1.csv").read_text().splitlines()):
        pixels = np.zeros((32, 32, 3), np.uint8)
        label = next(name for name, votes in VOTES.items() if all(float(row[one]) for one in votes))
        if label in CLASSES[:3]:
            pixels[..., CLASSES.index(label)] = 220
        Image.fromarray(pixels).save(data / f"images_training_rev1/{row['GalaxyID']}.png")
    warned = warned_by(made, data, tmp_path / "out.onnx")
    assert "Mind: a temperature of 0." in warned


def test_a_set_by_another_name_is_taken_whole_and_told(made: Path, tmp_path: Path) -> None:
    """Whether the network learned from it cannot be known."""
    again = shutil.copytree(made / "kaggle", tmp_path / "again")
    warned = warned_by(made, again, tmp_path / "out.onnx")
    assert "Mind: again is called like none of the sets" in warned
    assert f"all of its {COUNT} galaxies" in warned
    calibration = load_model(tmp_path / "out.onnx").card.calibration
    assert calibration is not None
    assert calibration.fitted_on["again: held out"] == COUNT


def test_strangers_are_counted_as_no_galaxies(made: Path) -> None:
    """Not among the classes that they would be likest to."""
    said = run("classify", made / "stars", "--model", made / "out.onnx")
    assert "40 of 40 read: 40 no galaxy here\n" in said


def test_few_galaxies_of_a_class_are_told(made: Path, tmp_path: Path) -> None:
    """A class of fewer than 19 galaxies is in every set at 0.95, and that is said."""
    few = tmp_path / "kaggle"
    shutil.copytree(made / "kaggle", few)
    table = few / "training_solutions_rev1.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(lines[:161]))
    warned = warned_by(made, few, tmp_path / "out.onnx")
    assert "too few galaxies of" in warned
    assert "barred_spiral" in warned
    calibration = load_model(tmp_path / "out.onnx").card.calibration
    assert calibration is not None
    assert calibration.inside(np.array([[0.97, 0.01, 0.01, 0.01]]), 0.95)[0, 2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--output", "{folder}/dir.onnx"], "is a folder"),
        (["--output", "{folder}/file/x.onnx"], "cannot be written to"),
        (["--output", "{folder}/x.onnx", "--refused", "nan"], "--refused"),
    ],
)
def test_what_could_not_be_written_is_refused_before_the_work(
    made: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    """And nothing is looked at: there is not even a set."""
    (tmp_path / "dir.onnx").mkdir()
    (tmp_path / "file").touch()
    given = ("calibrate", made / "run", tmp_path / "none", "--not-galaxies", made / "stars")
    more = [one.format(folder=tmp_path) for one in words]
    found = CliRunner().invoke(app, [*(str(one) for one in given), *more], terminal_width=200)
    assert found.exit_code != 0
    assert said in f"{found.output}{found.exception}"
