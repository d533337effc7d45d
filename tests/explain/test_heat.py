"""Heat maps, held against a network of which every place's worth is known."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.model.toy import SIDE, write_toy
from tuningfork.explain import activation_maps, heat_map, overlay, shown_crop
from tuningfork.explain.heat import METHODS, evidence
from tuningfork.images.frame import Preprocessing
from tuningfork.model.card import Card, read_card, write_card
from tuningfork.model.session import Answers, Model, load_model

CELLS = 4


@pytest.fixture
def warm(tmp_path: Path) -> Model:
    """Load a network whose logits are mean red, green and blue, with their heat in 4 × 4 cells."""
    path = write_toy(tmp_path / "warm")
    graph = onnx.load(path)
    cell = SIDE // CELLS
    graph.graph.node.extend(
        [
            helper.make_node("Transpose", ["floats"], ["planes"], perm=[0, 3, 1, 2]),
            helper.make_node(
                "AveragePool",
                ["planes"],
                ["cells"],
                kernel_shape=[cell, cell],
                strides=[cell, cell],
            ),
            helper.make_node("Conv", ["cells", "towards"], ["heat"]),
        ]
    )
    towards = np.zeros((4, 3, 1, 1), np.float32)
    towards[[0, 1, 2], [0, 1, 2]] = 4 / 255
    graph.graph.initializer.append(numpy_helper.from_array(towards, "towards"))
    shape: list[str | int | None] = ["n", 4, CELLS, CELLS]
    graph.graph.output.append(helper.make_tensor_value_info("heat", TensorProto.FLOAT, shape))
    onnx.checker.check_model(graph)
    path.write_bytes(graph.SerializeToString())
    values = read_card(path.with_suffix(".json"))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    card = Card(**{**vars(values), "sha256": sha256})
    write_card(card, path.with_suffix(".json"))
    return load_model(path)


def _spot(row: int, column: int, *, channel: int, size: int = 4) -> np.ndarray:
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[row : row + size, column : column + size, channel] = 240
    return picture


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("row", "column"), [(0, 0), (8, 4), (12, 12), (0, 12)])
def test_heat_lies_on_what_speaks_for_the_class(
    warm: Model, method: str, row: int, column: int
) -> None:
    """A green spot, alone the network's reason to say spiral, is where the map is hottest."""
    heat = heat_map(warm, _spot(row, column, channel=1), "spiral", method=method)
    assert heat.shape == (SIDE, SIDE)
    assert heat.dtype == np.float32
    assert heat.max() == pytest.approx(1)
    assert heat.min() >= 0
    hottest = np.unravel_index(heat.argmax(), heat.shape)
    assert row <= hottest[0] < row + 4
    assert column <= hottest[1] < column + 4
    assert heat[row : row + 4, column : column + 4].mean() > 4 * heat.mean()


def test_the_default_class_is_the_answer(warm: Model) -> None:
    """Without a class the map is that of the most probable one."""
    picture = np.maximum(_spot(0, 0, channel=0, size=12), _spot(12, 12, channel=2))
    answer = int(warm.answer(picture[np.newaxis]).probabilities[0].argmax())
    assert warm.card.classes[answer] == "elliptical"
    found = heat_map(warm, picture, method="activation")
    np.testing.assert_array_equal(found, heat_map(warm, picture, "elliptical", method="activation"))
    other = heat_map(warm, picture, "barred_spiral", method="activation")
    assert np.abs(found - other).max() > 0.5


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_evidence_is_the_change_of_the_log_odds(warm: Model, channel: int) -> None:
    """A little more of any colour in one cell moves ln(p / (1 - p)) by what evidence says."""
    rng = np.random.default_rng(0)
    picture = rng.integers(100, 140, (SIDE, SIDE, 3)).astype(np.uint8)
    more = picture.copy()
    more[4:8, 8:12, channel] += 12
    before, after = (warm.answer(one[np.newaxis], more=True) for one in (picture, more))

    def odds(answers: Answers) -> float:
        share = float(answers.probabilities[0, 1])
        return float(np.log(share / (1 - share)))

    seen_after = Answers(before.probabilities, before.fractions, heat=after.heat)
    gained = evidence(seen_after, [1]) - evidence(before, [1])
    assert gained.mean() == pytest.approx(odds(after) - odds(before), rel=0.03)
    assert (np.abs(gained[0]) > 1e-6).sum() == 1
    assert abs(gained[0, 1, 2]) > 1e-3


def test_what_speaks_for_no_class_is_cold(warm: Model) -> None:
    """A picture without anything that speaks for a class gives zeros, not noise blown up."""
    black = np.zeros((SIDE, SIDE, 3), np.uint8)
    for method in METHODS:
        assert heat_map(warm, black, "spiral", method=method).max() == 0


def test_maps_of_a_run_need_no_further_run(warm: Model) -> None:
    """Maps out of the answers equal those that ask the network again."""
    pictures = np.stack([_spot(0, 4, channel=1), _spot(12, 8, channel=2)])
    answers = warm.answer(pictures, more=True)
    maps = activation_maps(answers, [1, 2], SIDE)
    for picture, name, one in zip(pictures, ("spiral", "barred_spiral"), maps, strict=True):
        np.testing.assert_allclose(
            one, heat_map(warm, picture, name, method="activation"), atol=1e-5
        )


def test_a_graph_without_heat_allows_occlusion_alone(tmp_path: Path) -> None:
    """An older graph is explained by covering patches; class activation is refused."""
    old = load_model(write_toy(tmp_path / "old"))
    picture = _spot(8, 8, channel=1)
    assert heat_map(old, picture, "spiral").argmax() // SIDE in range(8, 12)
    with pytest.raises(ValueError, match="occlusion"):
        heat_map(old, picture, "spiral", method="views")


def test_unknown_classes_and_methods_are_refused(warm: Model) -> None:
    """The refusal names what there is."""
    picture = _spot(0, 0, channel=0)
    with pytest.raises(ValueError, match="edge_on_spiral"):
        heat_map(warm, picture, "lenticular")
    with pytest.raises(ValueError, match="activation"):
        heat_map(warm, picture, "spiral", method="guess")


def test_overlay_keeps_the_galaxy_and_shows_the_heat() -> None:
    """Cold parts keep their brightness, hot parts get lighter in steps, colours differ by more."""
    picture = np.full((64, 64, 3), (90, 60, 40), np.uint8)
    heat = np.tile(np.linspace(0, 1, 16, dtype=np.float32), (16, 1))
    shown = overlay(picture, heat)
    assert shown.shape == picture.shape
    assert shown.dtype == np.uint8
    assert shown[32, 0].max() - shown[32, 0].min() <= 12  # grey where it is cold
    luminance = shown.astype(float) @ (0.299, 0.587, 0.114)
    clear = luminance[32, [40, 46, 52, 58, 63]]  # beyond both contours
    assert (np.diff(clear) > 0).all()
    cold = overlay(picture, np.zeros((4, 4), np.float32))
    assert np.ptp(cold) == 0


def test_the_shown_crop_fits_the_map() -> None:
    """The crop for people shows the same part of the sky as the network's."""
    rng = np.random.default_rng(1)
    blocks = rng.integers(0, 255, (8, 8, 3)).astype(np.uint8)
    picture = blocks.repeat(53, axis=0).repeat(53, axis=1)
    preprocessing = Preprocessing(212, 112)
    shown = shown_crop(picture, preprocessing)
    assert shown.shape == (448, 448, 3)
    small = shown.reshape(112, 4, 112, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - preprocessing.apply(picture)).mean() < 4
