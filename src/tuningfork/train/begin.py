"""Beginning where a finished network ended, with further blocks that change nothing at first.

A residual block whose last scale is zero is its shortcut, so that a deeper network can begin as the
shallower one's equal (Net2Net, Chen, Goodfellow and Shlens 2016, section 2.2). A finished network's
ONNX file has each batch normalisation folded into its convolution. It is unfolded here: mean and
variance are measured over pictures, scale and offset follow so that the answers stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import numpy_helper
from torch import Tensor, nn

from tuningfork.errors import BadModel, BadRule
from tuningfork.model.session import graph_path
from tuningfork.train.augment import centre
from tuningfork.train.equivariant import EPSILON, EquivariantNetwork, GroupConvolution
from tuningfork.train.export import export_onnx
from tuningfork.train.halve import HALF
from tuningfork.train.material import Material
from tuningfork.train.networks import ResidualNetwork, build
from tuningfork.train.settings import SYMMETRIES

MEASURED = 1024
"""Pictures over which means and variances are taken."""
BATCH = 128

Weights = Mapping[str, Tensor]
Deepened = ResidualNetwork | EquivariantNetwork
"""The kinds that may begin with another's weights."""


class _Layer(Protocol):
    """A convolution with its normalisation."""

    @property
    def shape(self) -> torch.Size:
        """The shape of its filters in a file."""

    @property
    def last(self) -> nn.Module:
        """The module whose output is normalised."""

    def take(self, weight: Tensor, bias: Tensor) -> None:
        """Take a file's filters, and normalise nothing but add the bias."""

    def normalise(self, mean: Tensor, variance: Tensor) -> None:
        """Normalise what has this mean and variance without changing an answer."""


@torch.no_grad()
def begin_with(network: Deepened, names: Sequence[str], material: Material) -> None:
    """Give a fresh network the weights of a finished one, in place, or the mean of several.

    Each of ``names`` is a bundled network, the folder of a run or an ONNX file. Networks that went
    the same way before they parted lie in one valley of the loss, and their mean lies lower than
    they do (model soups, Wortsman et al. 2022, section 3.1). Raises UnknownName if there is none,
    BadRule unless their stages have the same widths and no more blocks, and their outputs the same
    columns, BadModel if a file cannot be read.
    """
    trouble = f"recipe {material.recipe.name}: it cannot begin with {' and '.join(names)}"
    weights = _mean([_weights_of(graph_path(name)) for name in names], trouble)
    layers = _layers(network)
    places = _places(network, layers, weights, trouble)
    for own, other in places.items():
        bias = f"{other}.bias" if f"{other}.bias" in weights else f"{other}.weight_bias"
        layers[own].take(weights[f"{other}.weight"], weights[bias])
    network.head.weight.copy_(weights["head.weight"])
    network.head.bias.copy_(weights["head.bias"])
    _unfold(network, [layers[own] for own in places], material)


def check_mean(network: nn.Module, names: Sequence[str], material: Material) -> None:
    """Hold finished networks against one that is still to be trained and averaged with them.

    Raises, before the first step, what :func:`mean_with` would raise after the last.
    """
    recipe = material.recipe
    trouble = f"recipe {recipe.name}: mean_with names {' and '.join(names)}"
    if not isinstance(network, Deepened):
        raise BadRule(f"recipe {recipe.name}: a {recipe.network.kind} network has no mean")
    weights = _mean([_weights_of(graph_path(name)) for name in names], trouble)
    layers = _layers(network)
    if set(_places(network, layers, weights, trouble)) != set(layers):
        raise BadRule(f"{trouble}, which has fewer blocks; choose another")


def mean_with(network: nn.Module, names: Sequence[str], material: Material) -> nn.Module:
    """Give the mean of a network's weights and those of finished ones (see :func:`begin_with`).

    They are alike, as :func:`check_mean` sees to.
    """
    recipe = material.recipe
    found = build(recipe.network, material.outputs, recipe.pictures.input_pixels)
    found.to(material.team.device)
    assert isinstance(found, Deepened)  # noqa: S101
    with TemporaryDirectory() as folder:
        own = Path(folder) / "own.onnx"
        export_onnx(network, material.outputs, recipe.pictures, own)
        begin_with(found, (str(own), *names), material)
    return found.eval()


def _weights_of(path: Path) -> Weights:
    try:
        tensors = onnx.load(path).graph.initializer
    except (DecodeError, OSError) as error:
        raise BadModel(f"{path}: no network that can be read ({error}); name another") from error
    return {
        tensor.name.removeprefix("network.").removesuffix(HALF): torch.from_numpy(
            numpy_helper.to_array(tensor).astype(np.float32)
        )
        for tensor in tensors
        if tensor.name.startswith("network.")
    }


def _mean(several: Sequence[Weights], trouble: str) -> Weights:
    shapes = [{name: tensor.shape for name, tensor in one.items()} for one in several]
    if any(one != shapes[0] for one in shapes):
        raise BadRule(f"{trouble}, which are not alike in layers and widths; choose others")
    return {name: torch.stack([one[name] for one in several]).mean(dim=0) for name in several[0]}


def _layers(network: Deepened) -> dict[str, _Layer]:
    """The network's layers but the last, by the names that their filters have in a file."""
    found: dict[str, _Layer] = {}
    for name, one in network.named_modules():
        if isinstance(one, GroupConvolution):
            found[name] = _Grouped(one)
        if isinstance(one, nn.Sequential):
            for place, (part, after) in enumerate(pairwise(one)):
                if isinstance(part, nn.Conv2d) and isinstance(after, nn.BatchNorm2d):
                    found[f"{name}.{place}"] = _Plain(part, after)
    return found


def _places(
    network: Deepened, layers: Mapping[str, _Layer], weights: Weights, trouble: str
) -> dict[str, str]:
    """Name each layer that gets weights, with the name of its like in the other network."""
    others = _stages([name for name in weights if name.startswith("stages.")])
    own = _stages([name for name in layers if name.startswith("stages.")])
    if len(own) != len(others) or any(
        len(one) < len(other) for one, other in zip(own, others, strict=True)
    ):
        raise BadRule(f"{trouble}, which has other stages or more blocks; choose another")
    places = {name: name for name in layers if not name.startswith("stages.")}
    for stage, known in zip(own, others, strict=True):
        for block, other in zip(stage, known, strict=False):
            places |= {
                name: f"stages.{other}.{name.split('.', 2)[2]}"
                for name in layers
                if name.startswith(f"stages.{block}.")
            }
    wanted = {f"{other}.weight": layers[one].shape for one, other in places.items()}
    wanted["head.weight"] = network.head.weight.shape
    for layer, shape in wanted.items():
        if layer not in weights or weights[layer].shape != shape:
            raise BadRule(f"{trouble}, whose layers have other widths; choose another")
    return places


def _stages(names: list[str]) -> list[list[int]]:
    """Part the blocks into stages; the first block of each has a weighted shortcut."""
    stages: list[list[int]] = []
    first = {int(name.split(".")[1]) for name in names if ".shortcut." in f"{name}."}
    for block in sorted({int(name.split(".")[1]) for name in names}):
        if not stages or block in first:
            stages.append([])
        stages[-1].append(block)
    return stages


def _unfold(network: nn.Module, folded: list[_Layer], material: Material) -> None:
    """Measure what each layer gives, and normalise by it without changing an answer."""
    sums = [torch.zeros(0)] * len(folded)
    counts = [0] * len(folded)

    def looker(place: int) -> Callable[[nn.Module, object, Tensor], None]:
        def look(_module: nn.Module, _given: object, given: Tensor) -> None:
            values = given.detach().cpu().double().transpose(0, 1).flatten(1)
            found = torch.stack([values.sum(dim=1), values.square().sum(dim=1)])
            sums[place] = sums[place] + found if counts[place] else found
            counts[place] += values.shape[1]

        return look

    hooks = [one.last.register_forward_hook(looker(place)) for place, one in enumerate(folded)]
    network.eval()
    learned = np.flatnonzero(~material.galaxies.validates)
    rows = np.random.default_rng(material.recipe.seed).permutation(learned)[:MEASURED]
    side = material.recipe.pictures.input_pixels
    for start in range(0, len(rows), BATCH):
        batch = material.pictures(rows[start : start + BATCH])
        network(material.normalised(centre(batch, side)))
    for hook in hooks:
        hook.remove()
    for one, found, count in zip(folded, sums, counts, strict=True):
        mean, square = found / count
        one.normalise(mean, (square - mean**2).clamp(min=0))
    network.train()


class _Plain:
    """A convolution and the batch normalisation after it."""

    def __init__(self, convolution: nn.Conv2d, normalisation: nn.BatchNorm2d) -> None:
        self._convolution, self.last = convolution, normalisation

    @property
    def shape(self) -> torch.Size:
        return self._convolution.weight.shape

    def take(self, weight: Tensor, bias: Tensor) -> None:
        self._convolution.weight.copy_(weight)
        mean, variance = self._statistics()
        mean.zero_()
        variance.fill_(1 - self.last.eps)
        self.last.weight.fill_(1)
        self.last.bias.copy_(bias)

    def normalise(self, mean: Tensor, variance: Tensor) -> None:
        own_mean, own_variance = self._statistics()
        own_mean.copy_(mean - self.last.bias.cpu())
        own_variance.copy_(variance)
        self.last.weight.copy_((variance + self.last.eps).sqrt())
        self.last.bias.copy_(mean)

    def _statistics(self) -> tuple[Tensor, Tensor]:
        mean, variance = self.last.running_mean, self.last.running_var
        assert mean is not None  # noqa: S101  (networks here keep them)
        assert variance is not None  # noqa: S101
        return mean, variance


class _Grouped:
    """A group convolution, which a file holds as a plain one with each filter in its eight ways."""

    def __init__(self, convolution: GroupConvolution) -> None:
        self.last = convolution

    @property
    def shape(self) -> torch.Size:
        return self.last.filters().shape

    def take(self, weight: Tensor, bias: Tensor) -> None:
        self.last.weight.copy_(
            weight[::SYMMETRIES]
        )  # the first way is the filter as it was learned
        self.last.mean.zero_()
        self.last.variance.fill_(1 - EPSILON)
        self.last.scale.fill_(1)
        self.last.offset.copy_(bias[::SYMMETRIES])

    def normalise(self, mean: Tensor, variance: Tensor) -> None:
        self.last.mean.copy_(mean - self.last.offset.cpu().repeat_interleave(SYMMETRIES))
        self.last.variance.copy_(variance)
        _, pooled = self.last.pooled()
        self.last.scale.copy_((pooled[::SYMMETRIES] + EPSILON).sqrt())
        self.last.offset.copy_(mean.view(-1, SYMMETRIES).mean(dim=1))
