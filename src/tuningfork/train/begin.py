"""Beginning where a finished network ended, with further blocks that change nothing at first.

A residual block whose last scale is zero is its shortcut, so that a deeper network can begin as the
shallower one's equal (Net2Net, Chen, Goodfellow and Shlens 2016, section 2.2). A finished network's
ONNX file has each batch normalisation folded into its convolution. It is unfolded here: mean and
variance are measured over pictures, scale and offset follow so that the answers stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import numpy_helper
from torch import Tensor, nn

from tuningfork.errors import BadModel, BadRule
from tuningfork.model.session import graph_path
from tuningfork.train.augment import centre
from tuningfork.train.halve import HALF
from tuningfork.train.material import Material
from tuningfork.train.networks import ResidualNetwork

MEASURED = 1024
"""Pictures over which means and variances are taken."""
BATCH = 128

Weights = Mapping[str, Tensor]


@torch.no_grad()
def begin_with(network: ResidualNetwork, name: str, material: Material) -> None:
    """Give a fresh network the weights of a finished one, in place.

    ``name`` is a bundled network, the folder of a run or an ONNX file. Raises UnknownName if there
    is none, BadRule unless its stages have the same widths and no more blocks, and its outputs the
    same columns, BadModel if the file cannot be read.
    """
    weights = _weights_of(graph_path(name))
    trouble = f"recipe {material.recipe.name}: it cannot begin with {name}"
    places = _places(network, weights, trouble)
    for own, other in places.items():
        convolution, normalisation = _parts(network, own)
        convolution.weight.copy_(weights[f"{other}.weight"])
        _fold(normalisation, weights[f"{other}.weight_bias"])
    network.head.weight.copy_(weights["network.head.weight"])
    network.head.bias.copy_(weights["network.head.bias"])
    _unfold(network, [_parts(network, own)[1] for own in places], material)


def _weights_of(path: Path) -> Weights:
    try:
        tensors = onnx.load(path).graph.initializer
    except (DecodeError, OSError) as error:
        raise BadModel(f"{path}: no network that can be read ({error}); name another") from error
    return {
        tensor.name.removesuffix(HALF): torch.from_numpy(
            numpy_helper.to_array(tensor).astype(np.float32)
        )
        for tensor in tensors
        if tensor.name.startswith("network.")
    }


def _places(network: ResidualNetwork, weights: Weights, trouble: str) -> dict[str, str]:
    """Name each convolution that gets weights, with the name of its like in the other network.

    A name is that of the pair of convolution and normalisation, then ".0".
    """
    others = _stages({name.split(".")[2] for name in weights if ".stages." in name}, weights)
    own = _stages(
        {str(place) for place in range(len(network.stages))},
        {f"network.{name}": one for name, one in network.state_dict().items()},
    )
    if len(own) != len(others) or any(
        len(one) < len(other) for one, other in zip(own, others, strict=True)
    ):
        raise BadRule(f"{trouble}, which has other stages or more blocks; choose another")
    places = {"stem.0": "network.stem.0"}
    for stage, known in zip(own, others, strict=True):
        for block, other in zip(stage, known, strict=False):
            for part in ("first.0", "second.0", "shortcut.1"):
                if f"network.stages.{other}.{part}.weight" in weights:
                    places[f"stages.{block}.{part}"] = f"network.stages.{other}.{part}"
    wanted = {f"{other}.weight": _parts(network, one)[0].weight for one, other in places.items()}
    wanted["network.head.weight"] = network.head.weight
    for layer, weight in wanted.items():
        if layer not in weights or weights[layer].shape != weight.shape:
            raise BadRule(f"{trouble}, whose layers have other widths; choose another")
    return places


def _stages(blocks: set[str], weights: Weights) -> list[list[int]]:
    """Part the blocks into stages; the first block of each has a weighted shortcut."""
    stages: list[list[int]] = []
    for block in sorted(map(int, blocks)):
        if not stages or f"network.stages.{block}.shortcut.1.weight" in weights:
            stages.append([])
        stages[-1].append(block)
    return stages


def _parts(network: nn.Module, name: str) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    pair, _, place = name.rpartition(".")
    sequence = network.get_submodule(pair)
    return sequence[int(place)], sequence[int(place) + 1]  # type: ignore[index]


def _fold(normalisation: nn.BatchNorm2d, bias: Tensor) -> None:
    """Make it add ``bias`` and nothing else."""
    assert normalisation.running_mean is not None  # noqa: S101  (networks here keep them)
    assert normalisation.running_var is not None  # noqa: S101
    normalisation.running_mean.zero_()
    normalisation.running_var.fill_(1 - normalisation.eps)
    normalisation.weight.fill_(1)
    normalisation.bias.copy_(bias)


def _unfold(network: nn.Module, folded: list[nn.BatchNorm2d], material: Material) -> None:
    """Measure what reaches each normalisation, and normalise by it without changing an answer."""
    sums = {one: torch.zeros(2, one.num_features, dtype=torch.float64) for one in folded}
    counts = dict.fromkeys(folded, 0)

    def look(one: nn.Module, given: tuple[Tensor, ...]) -> None:
        assert isinstance(one, nn.BatchNorm2d)  # noqa: S101  (nothing else is looked at)
        values = given[0].detach().cpu().double().transpose(0, 1).flatten(1)
        sums[one] += torch.stack([values.sum(dim=1), values.square().sum(dim=1)])
        counts[one] += values.shape[1]

    hooks = [one.register_forward_pre_hook(look) for one in folded]
    network.eval()
    learned = np.flatnonzero(~material.galaxies.validates)
    rows = np.random.default_rng(material.recipe.seed).permutation(learned)[:MEASURED]
    side = material.recipe.pictures.input_pixels
    for start in range(0, len(rows), BATCH):
        batch = material.pictures(rows[start : start + BATCH])
        network(material.normalised(centre(batch, side)))
    for hook in hooks:
        hook.remove()
    for one in folded:
        mean, square = sums[one] / counts[one]
        variance = (square - mean**2).clamp(min=0)
        one.running_mean.copy_(mean)  # type: ignore[union-attr]
        one.running_var.copy_(variance)  # type: ignore[union-attr]
        one.weight.copy_((variance + one.eps).sqrt())
        one.bias.add_(mean.to(one.bias))
    network.train()
