"""Colour or shape: networks of which it is known what they go by."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from tests.classify.conftest import plain
from tests.images.pictures import encoded
from tests.model.toy import CLASSES, SIDE, write_toy
from tuningfork.cli import app
from tuningfork.data import Galaxy, GalaxySet, Known
from tuningfork.errors import BadData, UnknownName, UnreadableImage
from tuningfork.images.frame import Preprocessing
from tuningfork.images.sources import Picture
from tuningfork.model.card import Card, write_card
from tuningfork.model.session import Model, load_model
from tuningfork.trust.changes import CHANGES
from tuningfork.trust.probe import Probe, probe
from tuningfork.trust.verdict import losses, paragraph, verdict
from tuningfork.votes.rules import load_rule

RULE = load_rule("reference")
COLOURS = {"elliptical": (200, 110, 60), "spiral": (60, 110, 200)}
"""Red galaxies are round here, blue ones flat: as in the sky, colour tells something of shape."""


def _network(folder: Path, weights: np.ndarray) -> Model:
    """Write a network whose logits are the pixels' weighted sums, (side, side, 3, classes)."""
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["floats", "flat"], ["row"]),
        helper.make_node("MatMul", ["row", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    constants: dict[str, NDArray[Any]] = {
        "flat": np.array([-1, SIDE * SIDE * 3], np.int64),
        "weights": weights.reshape(-1, len(CLASSES)).astype(np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "probe",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    folder.mkdir()
    path = folder / "model.onnx"
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    path.write_bytes(model.SerializeToString())
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    pictures = Preprocessing(SIDE, SIDE)
    card = Card("made", "none", "reference", CLASSES, pictures, sha256, 1, columns=())
    write_card(card, path.with_suffix(".json"))
    return load_model(folder)


@pytest.fixture
def by_colour(tmp_path: Path) -> Model:
    """Load a network that calls red elliptical and blue spiral."""
    weights = np.zeros((SIDE, SIDE, 3, 4))
    weights[:, :, 0, 0] = weights[:, :, 2, 1] = 1e-3
    weights[..., 2:] = -1e-3
    return _network(tmp_path / "colour", weights)


@pytest.fixture
def by_shape(tmp_path: Path) -> Model:
    """Load a network that calls flat spiral: more light to the sides than above and below."""
    line = np.arange(SIDE) - (SIDE - 1) / 2
    flat = line**2 - line[:, np.newaxis] ** 2
    weights = np.zeros((SIDE, SIDE, 3, 4))
    weights[..., 1] = flat[..., np.newaxis] * 1e-4
    # Round galaxies weigh nothing on either side, so a little is put on theirs.
    weights[:, :, 1, 0] = 1e-4
    weights[..., 2:] = -1e-3
    return _network(tmp_path / "shape", weights)


def _picture(label: str, colour: tuple[int, int, int]) -> bytes:
    line = np.arange(64) - 31.5
    height = 3 if label == "spiral" else 9
    light = np.exp(-0.5 * ((line / 9) ** 2 + (line[:, np.newaxis] / height) ** 2))
    return encoded(np.rint(light[..., np.newaxis] * np.array(colour)).astype(np.uint8))


def _set(count: int = 24) -> GalaxySet:
    """Make round red ellipticals and flat blue spirals, sorted by class."""
    galaxies = []
    for label, colour in COLOURS.items():
        read = partial(_picture, label, colour)
        galaxies += [
            Galaxy(f"{label}{one}", Picture(f"{label}{one}", label, read), Known(label=label))
            for one in range(count // 2)
        ]
    return GalaxySet("made", Path("made"), tuple(galaxies), ())


def _accuracy(found: Probe, name: str, setting: str = "") -> float:
    return next(one.accuracy for one in found.of(name) if one.setting == setting)


def test_a_network_that_goes_by_colour_is_found_out(by_colour: Model) -> None:
    """Swapped colours turn its answers round; averaging shape away changes nothing."""
    found = probe(by_colour, _set(), RULE)
    assert _accuracy(found, "unchanged") == 1
    assert _accuracy(found, "channels swapped", "BGR") == 0
    assert _accuracy(found, "azimuthal mean") == 1
    assert _accuracy(found, "grey") <= 0.5
    assert verdict(found) == "colour"
    assert paragraph(found).startswith("Colour.")
    assert found.colour_alone == 1
    assert found.conflict.count > 0
    assert found.conflict.colour == found.conflict.count
    assert found.conflict.shape == 0


def test_a_network_that_goes_by_shape_is_found_out(by_shape: Model) -> None:
    """No colour changes its answer; without shape it calls everything the same."""
    found = probe(by_shape, _set(), RULE)
    assert _accuracy(found, "unchanged") == 1
    assert _accuracy(found, "grey") == 1
    assert {one.accuracy for one in found.of("channels swapped")} == {1.0}
    assert _accuracy(found, "azimuthal mean") == 0.5
    assert _accuracy(found, "rotated", "90°") == 0.5
    assert verdict(found) == "shape"
    assert losses(found) == (0.0, 0.5)
    assert found.conflict.shape == found.conflict.count > 0


def test_few_galaxies_or_one_class_decide_nothing(by_shape: Model) -> None:
    """The paragraph says what it would take, with the numbers all the same."""
    few = probe(by_shape, _set(10), RULE)
    round_ones = GalaxySet("made", Path("made"), _set(60).galaxies[:30], ())
    for found in (few, probe(by_shape, round_ones, RULE)):
        assert verdict(found) == "unknown"
        assert paragraph(found).startswith("Not to be told: that takes at least 20 galaxies")


def test_figures_add_up(by_shape: Model) -> None:
    """Recall, answers and support belong together in every result."""
    found = probe(by_shape, _set(), RULE)
    assert [(one.name, one.setting) for one in found.results] == [
        (one.name, one.setting) for one in CHANGES
    ]
    assert found.count == 24
    assert found.support == {
        "elliptical": 12, "spiral": 12, "barred_spiral": 0, "edge_on_spiral": 0
    }  # fmt: skip
    for one in found.results:
        assert sum(one.answers.values()) == 24
        assert one.recall["barred_spiral"] is None
        recalled = 12 * (one.recall["elliptical"] or 0) + 12 * (one.recall["spiral"] or 0)
        assert recalled == pytest.approx(24 * one.accuracy)
        assert one.interval[0] <= one.accuracy <= one.interval[1]
    assert json.loads(json.dumps(found.as_json()))["count"] == 24


def test_the_same_set_gives_the_same_figures(by_colour: Model) -> None:
    """Noise and lenders of colour are drawn from one seed."""
    assert probe(by_colour, _set(), RULE) == probe(by_colour, _set(), RULE)


def test_pictures_that_cannot_be_read_are_named_and_left_out(by_shape: Model) -> None:
    """They are in no figure."""

    def read() -> bytes:
        raise UnreadableImage("gone: fetch it again")

    good = _set()
    bad = Galaxy("bad", Picture("bad", "bad", read), Known(label="spiral"))
    found = probe(by_shape, GalaxySet("made", Path("made"), (bad, *good.galaxies), ()), RULE)
    assert found.count == 24
    assert found.unreadable == ("gone: fetch it again",)
    with pytest.raises(BadData, match="gone"):
        probe(by_shape, GalaxySet("made", Path("made"), (bad,), ()), RULE)


def test_sets_that_tell_nothing_are_refused(by_shape: Model) -> None:
    """Without a known class, or with another rule's classes, there is nothing to probe."""
    unknown = Galaxy("1", Picture("1", "1", partial(plain, (9, 9, 9))), Known())
    with pytest.raises(BadData, match="add a labels table"):
        probe(by_shape, GalaxySet("made", Path("made"), (unknown,), ()), RULE)
    with pytest.raises(UnknownName, match="choose the rule reference"):
        probe(by_shape, _set(), load_rule("zhu5"))


def test_the_command_writes_table_paragraph_json_and_figure(tmp_path: Path) -> None:
    """One command gives all four, and their numbers agree."""
    toy = write_toy(tmp_path / "toy").parent
    for label, colour in COLOURS.items():
        folder = tmp_path / "set" / label
        folder.mkdir(parents=True)
        for one in range(3):
            (folder / f"{label}{one}.png").write_bytes(_picture(label, colour))
    stated, figure = tmp_path / "probe.json", tmp_path / "probe.svg"
    command = ["probe", str(tmp_path / "set"), "--model", str(toy)]
    command += ["--json", str(stated), "--figure", str(figure)]
    shown = CliRunner().invoke(app, command, catch_exceptions=False)
    assert shown.exit_code == 0, shown.output
    found = json.loads(stated.read_text())
    assert found["paragraph"] in shown.output
    assert f"{found['results'][0]['accuracy']:.4f}" in shown.output
    text = figure.read_text()
    assert "azimuthal mean" in text
    assert "Colour or shape?" in text


def test_a_figure_of_unknown_kind_is_refused_before_the_work(tmp_path: Path) -> None:
    """The refusal names the endings that exist."""
    shown = CliRunner().invoke(app, ["probe", str(tmp_path), "--figure", "probe.jpeg"])
    assert ".svg, .png, .pdf" in str(shown.exception)
