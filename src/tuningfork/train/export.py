"""From torch to ONNX: one graph from uint8 pixels to probabilities, tree-exact votes, and why."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tuningfork.errors import BadModel
from tuningfork.files import replacing
from tuningfork.train.equivariant import EquivariantNetwork
from tuningfork.train.networks import Outputs, ResidualNetwork
from tuningfork.train.settings import PictureSettings
from tuningfork.votes.fractions import parents_first
from tuningfork.votes.tree import TREE

LARGEST_DIFFERENCE = 1e-4
LARGEST_HALVED = 0.02
"""With weights rounded to fp16, whose relative step is 0.05 %."""


class Exported(nn.Module):
    """A network with its normalisation before and its probabilities behind it.

    Takes uint8 (n, side, side, 3). Gives float32 outputs, named by :func:`output_names`:
    ``probabilities`` (n, classes); the 37 weighted ``fractions`` (n, 37), each question's softmax
    times the weighted fraction of the answer it depends on, so that every sum of the tree holds
    by construction; ``heat`` (n, classes, h, w), what each place of the last feature map adds to
    each class (class activation mapping, Zhou et al. 2016): its mean over the places plus a
    constant is the class's logit; ``embedding`` (n, channels), the mean of that map; and for each
    side rule (n, its classes + 1), the last for none of them. The reference's network gives
    probabilities alone.
    """

    def __init__(self, network: nn.Module, outputs: Outputs, pictures: PictureSettings) -> None:
        super().__init__()
        self.network = network.plain() if isinstance(network, EquivariantNetwork) else network
        self.outputs = outputs
        self.pictures = pictures

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        planes = pixels.permute(0, 3, 1, 2).float()
        planes = (planes - self.pictures.mean) / self.pictures.scale
        if not isinstance(self.network, ResidualNetwork | EquivariantNetwork):
            return (torch.softmax(self.network(planes)[:, self.outputs.classes], dim=1),)
        features = self.network.features(planes)
        embedding = features.mean(dim=(2, 3))
        logits = self.network.head(embedding)
        found = [torch.softmax(logits[:, self.outputs.classes], dim=1)]
        if self.outputs.votes is not None:
            found.append(weighted_fractions(logits[:, self.outputs.votes]))
        weights = self.network.head.weight[self.outputs.classes]
        found += [functional.conv2d(features, weights[:, :, None, None]), embedding]
        found += [
            torch.softmax(logits[:, span], dim=1) for span in self.outputs.side_rules.values()
        ]
        return tuple(found)


def output_names(network: nn.Module, outputs: Outputs) -> list[str]:
    """Name the outputs of an exported network, in their order."""
    if not isinstance(network, ResidualNetwork | EquivariantNetwork):
        return ["probabilities"]
    votes = [] if outputs.votes is None else ["fractions"]
    return ["probabilities", *votes, "heat", "embedding", *outputs.side_rules]


def weighted_fractions(logits: Tensor) -> Tensor:
    """Turn 37 logits into weighted fractions that keep every sum of the tree; shape (n, 37)."""
    found: dict[int, Tensor] = {}
    for number in parents_first():
        question = TREE.question(number)
        fractions = torch.softmax(logits[:, TREE.span(number)], dim=1)
        if question.weighted_parent is not None:
            parent, answer = question.weighted_parent
            fractions = fractions * found[parent][:, answer - 1 : answer]
        found[number] = fractions
    return torch.cat([found[question.number] for question in TREE.questions], dim=1)


def export_onnx(
    network: nn.Module, outputs: Outputs, pictures: PictureSettings, path: Path
) -> None:
    """Write the network as ONNX, any batch size, fp32."""
    network.eval()
    side = pictures.input_pixels
    example = torch.zeros(2, side, side, 3, dtype=torch.uint8)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with replacing(path) as temporary, warnings.catch_warnings():
        # The exporter warns of its own deprecations, which nobody here can act on.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Exported(network, outputs, pictures),
            (example,),
            temporary,
            input_names=["pixels"],
            output_names=output_names(network, outputs),
            dynamic_shapes=({0: torch.export.Dim("pictures")},),
            external_data=False,
            verbose=False,
        )
        _forget_where(temporary)


def _forget_where(path: Path) -> None:
    """Take the exporter's notes out of the file: they hold this machine's paths, call by call."""
    model = onnx.load(path)
    graph = model.graph
    for noted in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        del noted.metadata_props[:]
    onnx.save(model, path)


def check_parity(
    network: nn.Module,
    outputs: Outputs,
    pictures: PictureSettings,
    path: Path,
    pixels: NDArray[np.uint8],
    *,
    limit: float = LARGEST_DIFFERENCE,
) -> float:
    """Compare the file with torch on real pixels; the largest difference of any output.

    Of an output with values beyond 1 (heat, embedding) it is the share of the largest value.
    Raises BadModel if it reaches ``limit``.
    """
    network.eval()
    with torch.no_grad():
        expected = Exported(network, outputs, pictures)(torch.from_numpy(pixels))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(None, {"pixels": pixels})
    difference = max(
        float(np.abs(one.numpy() - other).max() / max(1.0, one.abs().max()))
        for one, other in zip(expected, found, strict=True)
    )
    if not difference < limit:
        raise BadModel(
            f"{path}: differs from torch by {difference:.2g}, more than {limit:g}; "
            "the export is unsound, report it with the versions in run.json"
        )
    return difference
