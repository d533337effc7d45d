"""What a report says of sets that are small, or of whose classes little is known."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.classify.conftest import COLOURS, plain
from tests.report.conftest import command, text_of
from tuningfork.report import distinct_names
from tuningfork.report.ink import amount, galaxy_count

ONE_OF_MANY = re.compile(r"\b1 (galaxies|pictures|epochs|views|cores)\b")


def test_one_is_not_many(toys: Path, tmp_path: Path) -> None:
    """A single galaxy, a single broken picture, a single epoch: each in the singular."""
    run = Path(shutil.copytree(toys, tmp_path / "run"))
    epochs = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    (run / "metrics.jsonl").write_text(epochs[0])
    folder = tmp_path / "set" / "spiral"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(plain(COLOURS["spiral"]))
    (folder / "2.png").write_bytes(plain(COLOURS["spiral"])[:60])
    (tmp_path / "theirs.csv").write_text("id,predicted\n1,spiral\n")
    done = command(
        *("evaluate", tmp_path / "set", "--model", run, "--report", tmp_path / "r.html"),
        *("--against", tmp_path / "theirs.csv"),
    )
    assert done.exit_code == 0, done.output
    page, printed = text_of(tmp_path / "r.html"), " ".join(done.output.split())
    for said in (page, printed):
        assert not ONE_OF_MANY.search(said)
        assert "in no figure: 1 picture" in said
        assert "same 1 galaxy" in said
    assert "1 galaxy of the set set was looked at" in page
    assert "1 epoch. Validation" in page


def test_many_are_many() -> None:
    """Zero and two take the plural, thousands a comma."""
    assert [amount(count, "picture") for count in (0, 1, 2)] == [
        "0 pictures",
        "1 picture",
        "2 pictures",
    ]
    assert galaxy_count(1234) == "1,234 galaxies"


def test_rounds_are_told_only_where_there_are_several(
    evaluated: Path, kaggle: Path, toys: Path, tmp_path: Path
) -> None:
    """The toy's record has two rounds; with the first alone there is no dotted line."""
    assert "dotted lines part the rounds" in text_of(evaluated / "report.html")
    run = Path(shutil.copytree(toys, tmp_path / "run"))
    epochs = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    assert '"round": 1' in epochs[1]
    (run / "metrics.jsonl").write_text("".join(epochs[:2]))
    done = command("evaluate", kaggle, "--model", run, "--report", tmp_path / "r.html")
    assert done.exit_code == 0, done.output
    page = text_of(tmp_path / "r.html")
    assert "2 epochs. Validation" in page
    assert "dotted" not in page


def test_what_was_kept_is_told_where_it_is_not_the_last_epoch(
    kaggle: Path, toys: Path, tmp_path: Path
) -> None:
    """The card's figures are of what ships, the record's last line of the training's end."""
    run = Path(shutil.copytree(toys, tmp_path / "run"))
    for loss, said in ((0.123, True), (1.1 / 5, False)):
        card = json.loads((run / "model.json").read_text())
        card["scores"] |= {"validation_loss": loss, "validation_accuracy": 0.987}
        (run / "model.json").write_text(json.dumps(card))
        done = command("evaluate", kaggle, "--model", run, "--report", tmp_path / "r.html")
        assert done.exit_code == 0, done.output
        page = text_of(tmp_path / "r.html")
        assert "At the end: loss 0.220" in page
        assert ("loss 0.123, accuracy 98.7" in page) == said


def test_without_a_known_class_there_is_nothing_to_compare(toys: Path, tmp_path: Path) -> None:
    """No test, no ids to check, and the galaxies are counted once."""
    folder = tmp_path / "set"
    folder.mkdir()
    for place in range(4):
        (folder / f"{place}.png").write_bytes(plain(COLOURS["spiral"]))
    rows = "".join(f"{place},spiral|barred_spiral\n" for place in range(4))
    (folder / "labels.csv").write_text(f"id,possible\n{rows}")
    (tmp_path / "theirs.csv").write_text("id,predicted\n1,spiral\n")
    done = command(
        *("evaluate", folder, "--model", toys, "--against", tmp_path / "theirs.csv"),
        *("--compare", toys, "--report", tmp_path / "r.html", "--json", tmp_path / "r.json"),
    )
    assert done.exit_code == 0, done.output
    page, printed = text_of(tmp_path / "r.html"), " ".join(done.output.split())
    assert "There is nothing to compare: no galaxy's class is known." in page
    assert printed.count("there is nothing to compare, for no galaxy's class is known") == 2
    assert "check the ids" not in page + printed
    assert "McNemar" not in page
    assert "4 galaxies of the set set were looked at" in page
    assert "Of 4 only some classes are possible" in page
    figures = json.loads((tmp_path / "r.json").read_text())
    assert figures["against"]["p_value"] is None
    assert figures["compared"][0]["comparison"]["p_value"] is None


def test_a_class_without_a_galaxy_has_a_dash_side_by_side(toys: Path, tmp_path: Path) -> None:
    """It has no F1, in the class table as beside another network."""
    folder = tmp_path / "set" / "spiral"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(plain(COLOURS["spiral"]))
    done = command(
        *("evaluate", tmp_path / "set", "--model", toys, "--compare", toys),
        *("--report", tmp_path / "r.html"),
    )
    assert done.exit_code == 0, done.output
    page = text_of(tmp_path / "r.html")
    assert "F1, spiral 1.0000 1.0000" in page
    assert "F1, barred spiral – –" in page
    assert "barred spiral – – – 0" in page


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["a/model.onnx", "b/calibrated.onnx"], ["a", "b"]),
        (["runs/first", "first/model.json"], ["first", "first (2)"]),
        (["full", "full", "full (2)"], ["full (2)", "full (3)", "full (2) (2)"]),
        (["swift.onnx"], ["swift.onnx"]),
    ],
)
def test_networks_side_by_side_have_names_of_their_own(labels: list[str], names: list[str]) -> None:
    """A folder's name where the file's tells nothing, a number where names clash."""
    assert distinct_names(labels, ["full"]) == names


def test_the_names_head_the_columns(evaluated: Path, toys: Path) -> None:
    """A network in a folder is called after it, on the page as in the JSON."""
    (beside,) = json.loads((evaluated / "report.json").read_text())["compared"]
    assert beside["name"] == toys.name
    assert f"Figure toy {toys.name} " in text_of(evaluated / "report.html")
