"""A network on a set of galaxies."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.classify.conftest import COLOURS, plain
from tests.classify.test_command import run
from tests.model.toy import write_toy
from tuningfork.data import Galaxy, GalaxySet, Known
from tuningfork.errors import BadData, UnknownName, UnreadableImage
from tuningfork.evaluate import evaluate_set, evaluation
from tuningfork.images.sources import Picture
from tuningfork.model.session import Answers, Model, load_model
from tuningfork.votes.rules import load_rule

RULE = load_rule("reference")


def galaxy(name: str, looks: str, known: Known) -> Galaxy:
    """Make a galaxy that the toy network takes for the class it looks like."""
    return Galaxy(name, Picture(name, name, partial(plain, COLOURS[looks])), known)


def galaxy_set(*galaxies: Galaxy) -> GalaxySet:
    """Make a set of galaxies without problems."""
    return GalaxySet("test", Path("test"), galaxies, ())


def test_each_measure_takes_what_it_can_use(model: Model) -> None:
    """Classes give accuracy, votes the error, possible classes the share within them."""
    # The toy's fractions are n/37 of the picture's mean.
    fractions = np.arange(1, 38) / 37 * np.mean(COLOURS["spiral"]) / 255
    found = evaluate_set(
        model,
        galaxy_set(
            galaxy("1", "spiral", Known(label="spiral")),
            galaxy("2", "spiral", Known(label="elliptical")),
            galaxy("3", "spiral", Known(votes=fractions + 0.1)),
            galaxy("4", "spiral", Known(possible=frozenset({"spiral", "barred_spiral"}))),
            galaxy("5", "elliptical", Known(possible=frozenset({"spiral", "barred_spiral"}))),
            galaxy("6", "elliptical", Known(possible=frozenset(RULE.class_names))),
            galaxy("7", "elliptical", Known()),
        ),
        RULE,
    )
    stated = found.as_json()
    assert (stated["count"], stated["accuracy"]) == (2, 0.5)
    assert stated["rmse"] == pytest.approx(0.1)
    assert (stated["within_possible"], stated["within_possible_count"]) == (0.5, 2)
    assert stated["confusion"][RULE.class_names.index("elliptical")] == [0, 1, 0, 0]
    assert stated["unreadable"] == 0


def test_unreadable_pictures_are_counted_and_in_no_figure(model: Model) -> None:
    """A picture that cannot be read neither helps nor harms."""

    def read() -> bytes:
        raise UnreadableImage("2: gone")

    bad = Galaxy("2", Picture("2", "2", read), Known(label="spiral"))
    found = evaluate_set(
        model, galaxy_set(galaxy("1", "spiral", Known(label="spiral")), bad), RULE
    ).as_json()
    assert (found["count"], found["accuracy"], found["unreadable"]) == (1, 1.0, 1)
    assert found["unreadable_pictures"] == ["2: gone"]
    with pytest.raises(BadData, match="no picture can be read"):
        evaluate_set(model, galaxy_set(bad), RULE)


def test_without_classes_accuracy_is_not_defined(model: Model) -> None:
    """Votes alone give the error, and nothing is made up for the rest."""
    votes = np.full(37, 0.5)
    found = evaluate_set(
        model, galaxy_set(galaxy("1", "spiral", Known(votes=votes))), RULE
    ).as_json()
    assert found["accuracy"] is found["per_class"] is found["confusion"] is found["loss"] is None
    assert found["rmse"] > 0


def test_a_set_of_which_nothing_is_known_is_refused(model: Model) -> None:
    """There is nothing to measure."""
    with pytest.raises(BadData, match="neither class nor votes"):
        evaluate_set(model, galaxy_set(galaxy("1", "spiral", Known())), RULE)


def test_a_network_of_other_classes_is_refused(tmp_path: Path, model: Model) -> None:
    """Five classes cannot be scored as four."""
    with pytest.raises(UnknownName, match="zhu5"):
        evaluate_set(
            model, galaxy_set(galaxy("1", "spiral", Known(label="spiral"))), load_rule("zhu5")
        )
    other = load_model(write_toy(tmp_path / "other", classes=("a", "b", "c", "d"), rule="mine"))
    with pytest.raises(UnknownName, match="choose the rule mine"):
        evaluate_set(other, galaxy_set(galaxy("1", "spiral", Known(label="spiral"))), RULE)


def test_the_order_of_the_networks_classes_makes_no_difference(tmp_path: Path) -> None:
    """Probabilities are matched to classes by name."""
    order = ("barred_spiral", "elliptical", "spiral", "edge_on_spiral")
    other = load_model(write_toy(tmp_path / "other", classes=order))
    # This toy calls red what the other calls elliptical: a barred spiral.
    one = galaxy("1", "elliptical", Known(label="barred_spiral"))
    scores = evaluate_set(other, galaxy_set(one), RULE).scores
    assert scores is not None
    assert scores.accuracy == 1
    assert scores.loss is not None
    assert scores.loss < 0.1


def test_what_is_loaded_at_the_first_answer_is_in_no_pictures_time(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network whose first answer takes 100 seconds and all others 1 is timed by the others."""
    answer, clock = model.answer, [0.0]

    def slow(pixels: NDArray[np.uint8], *, more: bool = False) -> Answers:
        clock.append(clock[-1] + (1 if len(clock) > 1 else 100))
        return answer(pixels, more=more)

    monkeypatch.setattr(model, "answer", slow)
    monkeypatch.setattr(evaluation, "time", SimpleNamespace(perf_counter=lambda: clock[-1]))
    found = evaluate_set(model, galaxy_set(galaxy("1", "spiral", Known(label="spiral"))), RULE)
    assert found.seconds == 1


def class_folders(folder: Path) -> Path:
    """Make a folder of class folders, one of them under an alias."""
    names = {"elliptical": "elliptical", "spiral": "spiral", "edge_view_spiral": "barred_spiral"}
    for place, (name, looks) in enumerate(names.items()):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{place}.png").write_bytes(plain(COLOURS[looks]))
    return folder


def test_the_command_prints_tables_and_writes_json(tmp_path: Path, toy: Path) -> None:
    """Class folders under aliases are scored, compared and written, all figures by name."""
    data = class_folders(tmp_path / "test")
    (tmp_path / "theirs.csv").write_text("id,truth,predicted\n0,spiral,spiral\n1,spiral,spiral\n")
    written = tmp_path / "scores.json"
    done = run(
        *("evaluate", data, "--model", toy, "--against", tmp_path / "theirs.csv"),
        *("--json", written, "--views", "8"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Accuracy 0.66667" in done.stdout
    found = json.loads(written.read_text())
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["classes"] == list(RULE.class_names)
    assert found["confusion"] == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]
    assert found["per_class"]["elliptical"] == {
        "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1
    }  # fmt: skip
    assert found["per_class"]["barred_spiral"] == {
        "precision": 0.0, "recall": None, "f1": None, "support": 0
    }  # fmt: skip
    assert re.search(r"barred_spiral +0\.0000 +– +– +0", done.stdout)
    assert found["rmse"] is None
    against = found["against"]
    assert (against["count"], against["b"], against["c"], against["p_value"]) == (2, 1, 0, 1.0)
    assert (against["missing_there"], against["truth_differs"]) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{data}", "--views", "3"], "--views"),
        (["{data}", "--rule", "referense"], "reference"),
        (["{data}", "--rule", "zhu5"], "zhu5"),
        (["{data}/absent"], "absent"),
        (["{data}", "--against", "{data}/no.csv"], "no.csv"),
        (["{data}", "--against", "{data}/../others.csv"], "no id in it"),
        (["{data}", "--json", "{data}"], "--json"),
        (["{data}", "--json", "one.html", "--report", "./one.html"], "name another"),
        (["{data}", "--same", "{data}/same.csv"], "add --held-out"),
        (["{data}", "--fold", "full"], "add --held-out"),
        (["{data}", "--held-out", "--fold", "x", "--report", "x.html"], "--report"),
        (["{data}", "--held-out", "--fold", "x", "--compare", "full"], "--compare"),
    ],
)
def test_wrong_commands_give_2_and_a_reason(
    tmp_path: Path, toy: Path, arguments: list[str], message: str
) -> None:
    """A command that cannot be carried out says why in a sentence."""
    data = class_folders(tmp_path / "test")
    (tmp_path / "others.csv").write_text("id,predicted\n0.jpg,spiral\n")
    done = run("evaluate", "--model", toy, *(one.format(data=data) for one in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_the_real_test_is_read_whole(shared_data: Path, toy: Path, tmp_path: Path) -> None:
    """The reference's 1,517 are all scored, and its answers match its own confusion matrix."""
    written = tmp_path / "scores.json"
    theirs = shared_data / "reference_predictions.csv"
    done = run(
        *("evaluate", shared_data / "reference_test", "--model", toy),
        *("--against", theirs, "--json", written),
    )
    assert done.returncode == 0
    found = json.loads(written.read_text())
    assert found["unreadable"] == 0
    supports = {name: one["support"] for name, one in found["per_class"].items()}
    assert supports == {
        "elliptical": 815, "spiral": 421, "barred_spiral": 95, "edge_on_spiral": 186
    }  # fmt: skip
    assert found["against"]["count"] == 1517
    assert found["against"]["their_accuracy"] == pytest.approx(0.90903, abs=5e-6)
    assert found["against"]["truth_differs"] == 0
