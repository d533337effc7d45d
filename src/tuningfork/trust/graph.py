"""Putting what was fitted into the ONNX graph, and taking it out again.

Needs the package onnx (``pip install tuningfork[train]``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from tuningfork.errors import BadModel
from tuningfork.trust.refusal import Refusal

MARK = "doubt/"
"""Begins the name of everything that is put in here."""


def plain_graph(graph: bytes) -> bytes:
    """The graph as it was exported: without scale, shift and strangeness."""
    model = onnx.load_from_string(graph)
    _strip(model)
    return bytes(model.SerializeToString())


def doubting_graph(
    graph: bytes, scale: Sequence[float], shift: Sequence[float], refusal: Refusal | None
) -> bytes:
    """Scale and shift the logits behind ``probabilities``, and add ``strangeness`` (n,).

    What an earlier calibration put in is replaced. Raises BadModel if the graph's probabilities
    are no softmax, or a refusal is given and it has no ``embedding``.
    """
    model = onnx.load_from_string(graph)
    _strip(model)
    softmax = _softmax(model)
    logits = softmax.input[0]
    nodes = [
        helper.make_node("Mul", [logits, f"{MARK}scale"], [f"{MARK}scaled"], f"{MARK}multiply"),
        helper.make_node("Add", [f"{MARK}scaled", f"{MARK}shift"], [f"{MARK}logits"], f"{MARK}add"),
    ]
    softmax.input[0] = f"{MARK}logits"
    constants = {"scale": np.array(scale), "shift": np.array(shift)}
    place = list(model.graph.node).index(softmax)
    for node in reversed(nodes):
        model.graph.node.insert(place, node)
    if refusal is not None:
        if "embedding" not in {one.name for one in model.graph.output}:
            raise BadModel("the graph has no output 'embedding'; export the network again")
        constants |= _add_strangeness(model, refusal)
    for name, value in constants.items():
        tensor = numpy_helper.from_array(value.astype(np.float32), f"{MARK}{name}")
        model.graph.initializer.append(tensor)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _add_strangeness(model: onnx.ModelProto, refusal: Refusal) -> dict[str, NDArray[np.floating]]:
    """Append the nodes of :meth:`Refusal.strangeness`; returns their constants by name."""
    steps = [
        ("Sub", ["embedding", "mean"], "centred"),
        ("MatMul", ["centred", "whitening"], "white"),
        ("Clip", ["white", "low", "high"], "clipped"),
        ("Mul", ["clipped", "clipped"], "squared"),
        ("MatMul", ["clipped", "linear"], "first"),
        ("MatMul", ["squared", "quadratic"], "second"),
        ("Add", ["first", "second"], "sum"),
    ]
    for operation, inputs, output in steps:
        named = [one if one == "embedding" else f"{MARK}{one}" for one in inputs]
        name = f"{MARK}{output}"
        model.graph.node.append(helper.make_node(operation, named, [name], f"{name}/node"))
    last = [f"{MARK}sum", f"{MARK}bias"]
    model.graph.node.append(helper.make_node("Add", last, ["strangeness"], f"{MARK}strangeness"))
    model.graph.output.append(
        helper.make_tensor_value_info("strangeness", TensorProto.FLOAT, ["pictures"])
    )
    limit = np.array(refusal.limit)
    return {
        "mean": refusal.mean,
        "whitening": refusal.whitening,
        "low": -limit,
        "high": limit,
        "linear": refusal.linear,
        "quadratic": refusal.quadratic,
        "bias": np.array([refusal.bias]),
    }


def _strip(model: onnx.ModelProto) -> None:
    graph = model.graph
    softmax = _softmax(model)
    scaling = next((one for one in graph.node if one.name == f"{MARK}multiply"), None)
    if scaling is not None:
        softmax.input[0] = scaling.input[0]
    for kept, parts in (
        ([one for one in graph.node if not one.name.startswith(MARK)], graph.node),
        ([one for one in graph.initializer if not one.name.startswith(MARK)], graph.initializer),
        ([one for one in graph.output if one.name != "strangeness"], graph.output),
    ):
        copies = [type(one).FromString(one.SerializeToString()) for one in kept]
        del parts[:]
        parts.extend(copies)


def _softmax(model: onnx.ModelProto) -> NodeProto:
    for node in model.graph.node:
        if "probabilities" in node.output and node.op_type == "Softmax":
            found: NodeProto = node
            return found
    raise BadModel("the graph's 'probabilities' are no softmax, so they cannot be calibrated")
