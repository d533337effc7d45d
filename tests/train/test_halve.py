"""Weights stored as fp16."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tests.train.made import all_sets, plan, quiet, recipe
from tuningfork.model.card import read_card
from tuningfork.model.session import load_model
from tuningfork.train.halve import halve_weights
from tuningfork.train.run import train


def product(path: Path, weights: NDArray[np.float32]) -> None:
    """A graph that multiplies by a matrix and adds a bias."""
    bias = np.full(weights.shape[1], 0.123456789, np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "weights"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["y"]),
        ],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", len(weights)])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", weights.shape[1]])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)


def answers(path: Path) -> NDArray[np.float32]:
    """What the graph makes of the identity: its weights and bias."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found: NDArray[np.float32] = session.run(None, {"x": np.eye(64, dtype=np.float32)})[0]
    return found


def test_large_weights_are_rounded_to_half_and_small_ones_stay(tmp_path: Path) -> None:
    """NumPy's own rounding of the matrix, the bias as it was, in about half the bytes."""
    weights = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    path = tmp_path / "one.onnx"
    product(path, weights)
    before = path.stat().st_size
    halve_weights(path)
    rounded = weights.astype(np.float16).astype(np.float32)
    assert np.abs(answers(path) - (rounded + np.float32(0.123456789))).max() < 1e-6
    assert path.stat().st_size < 0.55 * before


def test_weights_beyond_half_precision_stay(tmp_path: Path) -> None:
    """As fp16 they would be infinite."""
    weights = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32) * 1e5
    path = tmp_path / "one.onnx"
    product(path, weights)
    halve_weights(path)
    assert np.allclose(answers(path) - np.float32(0.123456789), weights, rtol=1e-5)


def test_a_run_with_halved_weights_tells_the_difference(tmp_path: Path) -> None:
    """The file is the one its card describes, and the card says how far it is from torch."""
    one = recipe(tmp_path, batch="8\nhalf_weights = true", widths="[16, 32]")
    path = train(plan(all_sets(tmp_path), one, tmp_path / "run"), quiet())
    scores = read_card(path.with_suffix(".json")).scores
    assert scores["parity"] < 1e-4
    assert scores["parity"] < scores["parity_halved"] < 0.02
    kinds = {tensor.data_type for tensor in onnx.load(path).graph.initializer}
    assert TensorProto.FLOAT16 in kinds
    load_model(path)
