"""A small network whose answers can be worked out by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tuningfork.images.frame import Preprocessing
from tuningfork.model.card import Card, write_card
from tuningfork.votes.tree import TREE

CLASSES = ("elliptical", "spiral", "barred_spiral", "edge_on_spiral")
SIDE = 16
BIAS = 0.5
"""Added to the logit of edge_on_spiral, which sees no colour."""


def write_toy(folder: Path, stem: str = "model", **changes: Any) -> Path:
    """Write a network and its card; returns the ONNX file's path.

    Its logits are the mean red, green and blue over 255, times four, and BIAS. Its fractions are
    1/37, 2/37 … 37/37 times the mean of all pixels over 255.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}.onnx"
    path.write_bytes(toy_graph())
    values: dict[str, Any] = {
        "name": "toy",
        "recipe": "none",
        "rule": "reference",
        "classes": CLASSES,
        "preprocessing": Preprocessing(frame_pixels=32, input_pixels=SIDE),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parameters": 1,
    }
    write_card(Card(**(values | changes)), path.with_suffix(".json"))
    return path


def toy_graph() -> bytes:
    """Give the network's graph as the bytes of an ONNX file."""
    colours = np.zeros((3, 4), np.float32)
    colours[0, 0] = colours[1, 1] = colours[2, 2] = 4 / 255
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "plane"], ["colour"], keepdims=0),
        helper.make_node("MatMul", ["colour", "colours"], ["weighed"]),
        helper.make_node("Add", ["weighed", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("ReduceMean", ["colour", "last"], ["light"], keepdims=1),
        helper.make_node("MatMul", ["light", "steps"], ["fractions"]),
    ]
    constants: dict[str, np.ndarray[Any, Any]] = {
        "plane": np.array([1, 2], np.int64),
        "last": np.array([1], np.int64),
        "colours": colours,
        "bias": np.array([0, 0, 0, BIAS], np.float32),
        "steps": (np.arange(1, 38, dtype=np.float32) / 37 / 255)[np.newaxis],
    }
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 4]),
            helper.make_tensor_value_info("fractions", TensorProto.FLOAT, ["n", len(TREE.columns)]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    onnx.checker.check_model(model)
    serialized: bytes = model.SerializeToString()
    return serialized
