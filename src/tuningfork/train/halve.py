"""Weights at half precision in the file: half as large, computed with in fp32 all the same.

Each large weight is stored as fp16 and cast back when the session is made (ONNX Runtime folds the
casts), so that speed and memory stay as they are and only the rounding of the weights is felt.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tuningfork.files import replacing

HALF = "/half"
"""Ends the name of a weight that is stored at half precision."""
LEAST = 1024
"""Smaller tensors (scales, biases, constants) gain nothing and stay exact."""


def halve_weights(path: Path) -> None:
    """Rewrite the ONNX file with its large fp32 weights as fp16.

    A weight beyond fp16's range (65,504) keeps its tensor in fp32.
    """
    model = onnx.load(path)
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        large = tensor.data_type == TensorProto.FLOAT and values.size >= LEAST
        if not large or np.abs(values).max() > np.finfo(np.float16).max:
            kept.append(tensor)
            continue
        name = f"{tensor.name}{HALF}"
        kept.append(numpy_helper.from_array(values.astype(np.float16), name))
        casts.append(helper.make_node("Cast", [name], [tensor.name], name, to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.initializer[:]
    del model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(casts + nodes)
    onnx.checker.check_model(model)
    with replacing(path) as temporary:
        temporary.write_bytes(model.SerializeToString())
