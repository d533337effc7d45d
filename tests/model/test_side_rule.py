"""A network asked for the classes of a rule that it learned beside its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from tests.deck import crops
from tests.model.toy import write_toy
from tuningfork.cli import app
from tuningfork.explain import heat_map
from tuningfork.images.simulated import deck_folder
from tuningfork.model.session import load_model
from tuningfork.votes.rules import load_rule

ZHU = load_rule("zhu5")
SEEN = {"edge_on_spiral": {"edge_on"}, "elliptical": {"completely_round", "in_between"}}
"""What simulated galaxies are by that rule."""


def _crops(label: str) -> NDArray[np.uint8]:
    return crops(load_model().card.preprocessing, label)[:20]


@pytest.mark.parametrize("label", SEEN)
def test_it_tells_the_other_rules_classes(label: str) -> None:
    """Of twenty simulated galaxies of a kind nearly all; probabilities sum to 1."""
    asked = load_model().telling(ZHU.name, ZHU.class_names)
    assert (asked.card.rule, asked.card.classes) == ("zhu5", ZHU.class_names)
    assert asked.card.calibration is None
    found = asked.answer(_crops(label))
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-5)
    named = [ZHU.class_names[place] for place in found.probabilities.argmax(axis=1)]
    assert sum(one in SEEN[label] for one in named) >= 17
    assert found.strangeness is None


def test_it_is_given_that_one_of_them_is_met() -> None:
    """Each probability is the graph's over what the graph leaves for no class."""
    model, pixels = load_model(), _crops("edge_on_spiral")
    whole = model.answer(pixels, more=True).zhu5
    assert whole is not None
    found = model.telling(ZHU.name, ZHU.class_names).answer(pixels).probabilities
    np.testing.assert_allclose(found * (1 - whole[:, 5:]), whole[:, :5], atol=1e-5)


def test_no_picture_has_no_answer_and_one_has_its_heat() -> None:
    """Heat maps by occlusion follow the classes that are asked for."""
    asked = load_model().telling(ZHU.name, ZHU.class_names)
    crops = _crops("edge_on_spiral")
    assert asked.answer(crops[:0]).probabilities.shape == (0, 5)
    assert heat_map(asked, crops[0], "edge_on").max() > 0


def test_a_network_stays_itself_where_nothing_else_can_be_asked(tmp_path: Path) -> None:
    """For its own classes, for a rule that it never learned, and without that output."""
    model = load_model()
    own = load_rule(model.card.rule)
    assert model.telling(own.name, own.class_names) is model
    assert model.telling("mine", ("a", "b")) is model
    assert model.telling("zhu5", ("a", "b")) is model
    toy = load_model(write_toy(tmp_path))
    assert toy.telling(ZHU.name, ZHU.class_names) is toy


def test_evaluate_asks_for_them(tmp_path: Path) -> None:
    """A folder of edge-on galaxies is told by the rule zhu5."""
    folder = tmp_path / "set" / "edge_on"
    folder.mkdir(parents=True)
    for path in sorted((deck_folder() / "edge_on_spiral").glob("*.jpg"))[:3]:
        (folder / path.name).write_bytes(path.read_bytes())
    shown = CliRunner().invoke(app, ["evaluate", str(tmp_path / "set"), "--rule", "zhu5"])
    assert shown.exit_code == 0, shown.output
    assert "in_between" in shown.output
