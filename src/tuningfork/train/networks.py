"""The networks: pictures in, logits out.

Each takes float32 pictures of shape (n, 3, side, side), normalised, and gives float32 logits of
shape (n, outputs), whose columns :class:`Outputs` names.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from tuningfork.train.equivariant import EquivariantNetwork
from tuningfork.train.settings import NetworkSettings
from tuningfork.votes.rules import load_rule
from tuningfork.votes.tree import TREE


@dataclass(frozen=True)
class Outputs:
    """Which columns of the logits mean what."""

    classes: slice
    votes: slice | None
    """The 37 answers, each question a softmax of its own; None: the network gives no votes."""
    side_rules: dict[str, slice]
    """Each rule's classes, and last 'none of them'."""

    @property
    def count(self) -> int:
        spans = [self.classes, *self.side_rules.values(), *([self.votes] if self.votes else [])]
        return max(int(span.stop) for span in spans)

    def classes_of(self, side_rule: str) -> int:
        """How many classes of a side rule are told apart, 'none of them' included."""
        span = self.side_rules[side_rule]
        return int(span.stop - span.start)


def outputs_of(settings: NetworkSettings, classes: int) -> Outputs:
    """Lay out the logits of a network that tells ``classes`` classes apart."""
    if settings.kind == "reference":
        return Outputs(slice(0, classes), None, {})
    end = classes + len(TREE.columns)
    side_rules = {}
    for name in settings.side_rules:
        start, end = end, end + len(load_rule(name).class_names) + 1
        side_rules[name] = slice(start, end)
    return Outputs(slice(0, classes), slice(classes, classes + len(TREE.columns)), side_rules)


def build(settings: NetworkSettings, outputs: Outputs, input_pixels: int) -> nn.Module:
    """Make the network that the recipe asks for, with fresh weights from torch's global seed."""
    if settings.kind == "reference":
        return ReferenceNetwork(outputs.count, input_pixels, settings.dropout)
    if settings.kind == "equivariant":
        return EquivariantNetwork(settings, outputs.count)
    return ResidualNetwork(settings, outputs.count)


def half_precision(pictures: Tensor) -> torch.autocast:
    """Compute in bfloat16 where the hardware does; emulated it would only be slower."""
    kind = pictures.device.type
    if kind == "cpu":
        able = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    else:
        able = torch.cuda.is_bf16_supported()
    return torch.autocast(kind, torch.bfloat16, enabled=bool(able))


class ResidualNetwork(nn.Module):
    """A convolution, stages of residual blocks (He et al. 2016), the mean, one linear layer."""

    def __init__(self, settings: NetworkSettings, outputs: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        before = settings.stem
        for width, count in zip(settings.widths, settings.blocks, strict=True):
            blocks += [_Block(before, width, stride=2)]
            blocks += [_Block(width, width, stride=1) for _ in range(count - 1)]
            before = width
        self.stem = _convolution(3, settings.stem, settings.stem_stride, settings.stem_stride + 1)
        self.stages = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(before, outputs)

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.head(self.dropout(self.features(pictures).mean(dim=(2, 3))))
        return logits

    def features(self, pictures: Tensor) -> Tensor:
        """The last feature map, float32 (n, channels, h, w), whose mean over places is judged."""
        found: Tensor = self.stages(functional.relu(self.stem(pictures)))
        return found


class _Block(nn.Module):
    """Two convolutions beside a shortcut, averaged and projected where the shape changes."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = _convolution(before, width, stride)
        # Silent at first, so that each block begins as its shortcut.
        self.second = _convolution(width, width, stride=1, silent=True)
        self.shortcut = nn.Sequential()
        if before != width or stride != 1:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride, ceil_mode=True),
                nn.Conv2d(before, width, 1, bias=False),
                nn.BatchNorm2d(width),
            )

    def forward(self, features: Tensor) -> Tensor:
        inner = self.second(functional.relu(self.first(features)))
        return functional.relu(inner + self.shortcut(features))


def _convolution(
    before: int, width: int, stride: int, kernel: int = 3, *, silent: bool = False
) -> nn.Sequential:
    convolution = nn.Conv2d(before, width, kernel, stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    normalisation = nn.BatchNorm2d(width)
    if silent:
        nn.init.zeros_(normalisation.weight)
    return nn.Sequential(convolution, normalisation)


class ReferenceNetwork(nn.Module):
    """The capstone project's network: four plain convolutions, four wide dense layers."""

    filters = (3, 32, 64, 128, 128)
    widths = (2048, 2048, 1024, 1024)

    def __init__(self, outputs: int, input_pixels: int, dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        side = input_pixels
        for before, after in pairwise(self.filters):
            layers += [nn.Conv2d(before, after, 3), nn.ReLU(), nn.MaxPool2d(2)]
            side = (side - 2) // 2
        layers.append(nn.Flatten())
        for before, after in pairwise((self.filters[-1] * side * side, *self.widths)):
            layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)]
        layers.append(nn.Linear(self.widths[-1], outputs))
        self.layers = nn.Sequential(*layers)
        self._initialise()

    def _initialise(self) -> None:
        weighted = [one for one in self.layers if isinstance(one, nn.Conv2d | nn.Linear)]
        for layer in weighted:
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        # The last hidden layer starts uniform within Keras's default of 0.05.
        nn.init.uniform_(weighted[-2].weight, -0.05, 0.05)

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.layers(pictures)
        return logits
