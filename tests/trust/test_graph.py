"""What is put into the graph, and taken out again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.model.toy import CLASSES, SIDE, toy_graph, write_toy
from tuningfork.errors import BadModel
from tuningfork.model.calibration import Calibration
from tuningfork.model.card import read_card, write_card
from tuningfork.model.session import Model, load_model
from tuningfork.trust.graph import doubting_graph, plain_graph
from tuningfork.trust.refusal import Refusal

CALIBRATION = Calibration(
    scale=(1.0,) * 4,
    shift=(0.0,) * 4,
    mix=dict.fromkeys(CLASSES, 0.25),
    coverages=(0.5, 0.9),
    thresholds=dict.fromkeys(CLASSES, (0.5, 0.1)),
    strangeness=1.0,
    refused=0.01,
)
REFUSAL = Refusal(
    mean=np.array([10.0, 20.0, 30.0]),
    whitening=np.array([[0.1, 0.0], [0.0, 0.2], [0.05, 0.0]]),
    linear=np.array([0.5, -0.3]),
    quadratic=np.array([0.2, 0.1]),
    bias=-0.7,
    limit=3.0,
)


def embedding_toy(folder: Path) -> Path:
    """The toy, whose mean colour is its embedding too."""
    model = onnx.load_from_string(toy_graph())
    form = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 3])
    model.graph.output.append(form)
    model.graph.node.append(helper.make_node("Identity", ["colour"], ["embedding"]))
    graph = model.SerializeToString()
    path = write_toy(folder, sha256=hashlib.sha256(graph).hexdigest())
    path.write_bytes(graph)
    return path


def doubting(folder: Path, scale: float, shift: tuple[float, ...]) -> Model:
    """The toy with a calibration in graph and card."""
    path = embedding_toy(folder)
    graph = doubting_graph(path.read_bytes(), (scale,) * 4, shift, REFUSAL)
    path.write_bytes(graph)
    card = read_card(path.with_suffix(".json"))
    sha256 = hashlib.sha256(graph).hexdigest()
    write_card(replace(card, sha256=sha256, calibration=CALIBRATION), path.with_suffix(".json"))
    return load_model(path)


def pixels(count: int = 5) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


def test_probabilities_are_scaled_and_shifted_in_the_graph(tmp_path: Path) -> None:
    """Those of the plain graph, to the power of the scale, times the shift's exponential."""
    shift = (0.3, -0.1, 0.0, -0.2)
    before = load_model(embedding_toy(tmp_path)).answer(pixels()).probabilities.astype(float)
    powers = before**1.7 * np.exp(shift)
    after = doubting(tmp_path, 1.7, shift).answer(pixels()).probabilities
    np.testing.assert_allclose(after, powers / powers.sum(axis=1, keepdims=True), rtol=1e-5)


def test_strangeness_is_that_of_the_fit(tmp_path: Path) -> None:
    """The graph computes in 32 bits what the fit does in 64; a crop of one colour is infinite."""
    model = doubting(tmp_path, 1.0, (0.0,) * 4)
    some = pixels()
    some[2] = 40
    answers = model.answer(some, more=True)
    assert answers.embedding is not None
    assert answers.strangeness is not None
    expected = REFUSAL.strangeness(answers.embedding.astype(float))
    expected[2] = np.inf
    np.testing.assert_allclose(answers.strangeness, expected, rtol=1e-5)


def test_a_calibration_replaces_the_one_before(tmp_path: Path) -> None:
    """Twice is as once, and taking it out gives the plain answers again."""
    graph = embedding_toy(tmp_path).read_bytes()
    once = doubting_graph(graph, (2.0,) * 4, (0.1,) * 4, REFUSAL)
    twice = doubting_graph(
        doubting_graph(graph, (9.0,) * 4, (1.0,) * 4, REFUSAL), (2.0,) * 4, (0.1,) * 4, REFUSAL
    )
    assert twice == once
    assert plain_graph(once) == plain_graph(graph)
    names = {one.name for one in onnx.load_from_string(plain_graph(once)).graph.output}
    assert names == {"probabilities", "fractions", "embedding"}


def test_a_graph_without_embedding_or_softmax_is_refused() -> None:
    """Each says what is missing."""
    with pytest.raises(BadModel, match="embedding"):
        doubting_graph(toy_graph(), (1.0,) * 4, (0.0,) * 4, REFUSAL)
    other = onnx.load_from_string(toy_graph())
    next(one for one in other.graph.node if one.op_type == "Softmax").op_type = "Sigmoid"
    with pytest.raises(BadModel, match="softmax"):
        plain_graph(other.SerializeToString())
