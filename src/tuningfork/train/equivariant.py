"""A residual network whose answer is the same for every quarter turn and mirror image of a picture.

Its features come in fields of eight channels, one for each symmetry of the square: a turned picture
turns each channel and permutes each field (group convolutions, Cohen and Welling 2016, sections 4
and 6). Each learned filter is seen in eight ways, so that a network as wide and as fast as a plain
one has an eighth of its weights. Strides are taken by kernels of even side on maps of even side,
which keep the symmetry where odd ones lose half a pixel. For use it is written out as plain
convolutions.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tuningfork.train.settings import SYMMETRIES, NetworkSettings

EPSILON = 1e-5
"""Added to a variance before its root is divided by."""


def moved(planes: Tensor, symmetry: int) -> Tensor:
    """Mirror and turn the last two dimensions by one of the eight symmetries."""
    mirrored, turns = divmod(symmetry, 4)
    return torch.rot90(planes.flip(-1) if mirrored else planes, turns, (-2, -1))


def _back() -> NDArray[np.intp]:
    """For each symmetry g and h: the place of g⁻¹h, found by moving a square of nine numbers."""
    square = torch.arange(9.0).view(3, 3)
    all_moved = torch.stack([moved(square, one) for one in range(SYMMETRIES)])
    # g⁻¹h is the symmetry which, moved on by g, gives h.
    return np.array(
        [
            [
                next(k for k in range(SYMMETRIES) if torch.equal(moved(all_moved[k], g), h))
                for h in all_moved
            ]
            for g in range(SYMMETRIES)
        ]
    )


BACK = _back()


class EquivariantNetwork(nn.Module):
    """A convolution, stages of residual blocks, one wide layer, one linear layer.

    The linear layer sees the mean over places and symmetries. The recipe's widths count channels,
    so they are multiples of eight.
    """

    def __init__(self, settings: NetworkSettings, outputs: int) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        before = settings.stem // SYMMETRIES
        self.stem = GroupConvolution(3, before, 4, stride=2, lifts=True)
        for width, count in zip(settings.widths, settings.blocks, strict=True):
            fields = width // SYMMETRIES
            stages += [_Block(before, fields, stride=2)]
            stages += [_Block(fields, fields, stride=1) for _ in range(count - 1)]
            before = fields
        self.stages = nn.Sequential(*stages)
        self.wide = GroupConvolution(before, settings.features, 1)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(settings.features, outputs)

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.head(self.dropout(self.features(pictures).mean(dim=(2, 3))))
        return logits

    def features(self, pictures: Tensor) -> Tensor:
        """The last feature map, the mean over symmetries: float32 (n, features, h, w)."""
        found = functional.relu(self.wide(self.stages(functional.relu(self.stem(pictures)))))
        return torch.unflatten(found, 1, (-1, SYMMETRIES)).mean(dim=2)

    def plain(self) -> EquivariantNetwork:
        """The same network with its filters written out, to be exported; it learns no more."""
        found = copy.deepcopy(self).eval()
        for name, one in self.named_modules():
            if isinstance(one, GroupConvolution):
                place, _, own = name.rpartition(".")
                setattr(found.get_submodule(place), own, one.written_out())
        return found


class GroupConvolution(nn.Module):
    """A convolution from fields to fields, or from a picture's planes (``lifts``), normalised.

    The normalisation has one scale and one offset a field. While it learns each channel has its
    own mean and variance, as fast as any; in use those of a field are pooled, which makes it exact.
    """

    def __init__(
        self,
        before: int,
        fields: int,
        kernel: int,
        stride: int = 1,
        *,
        lifts: bool = False,
        silent: bool = False,
    ) -> None:
        super().__init__()
        self.stride, self.padding, self.lifts = stride, (kernel - 1) // 2, lifts
        inputs = before if lifts else before * SYMMETRIES
        self.weight = nn.Parameter(torch.empty(fields, inputs, kernel, kernel))
        nn.init.normal_(self.weight, std=(2 / (fields * SYMMETRIES * kernel * kernel)) ** 0.5)
        self.scale = nn.Parameter(torch.zeros(fields) if silent else torch.ones(fields))
        self.offset = nn.Parameter(torch.zeros(fields))
        self.register_buffer("mean", torch.zeros(fields * SYMMETRIES))
        self.register_buffer("variance", torch.ones(fields * SYMMETRIES))
        self.mean: Tensor
        self.variance: Tensor

    def forward(self, features: Tensor) -> Tensor:
        found = functional.conv2d(
            features, self.filters(), stride=self.stride, padding=self.padding
        )
        mean, variance = self.mean, self.variance
        if not self.training:
            mean, variance = self.pooled()
        scale, offset = (one.repeat_interleave(SYMMETRIES) for one in (self.scale, self.offset))
        return functional.batch_norm(
            found, mean, variance, scale, offset, self.training, eps=EPSILON
        )

    def filters(self) -> Tensor:
        """Every filter in its eight ways, (fields * 8, inputs, kernel, kernel)."""
        ways = []
        for symmetry, places in enumerate(BACK):
            own: Tensor = self.weight
            if not self.lifts:
                own = torch.unflatten(own, 1, (-1, SYMMETRIES))[:, :, places].flatten(1, 2)
            ways.append(moved(own, symmetry))
        return torch.stack(ways, dim=1).flatten(0, 1)

    def pooled(self) -> tuple[Tensor, Tensor]:
        """Mean and variance of each channel, those of its whole field: two of (fields * 8,)."""
        means, variances = (one.view(-1, SYMMETRIES) for one in (self.mean, self.variance))
        mean = means.mean(dim=1, keepdim=True)
        variance = variances.mean(dim=1) + (means - mean).square().mean(dim=1)
        return mean[:, 0].repeat_interleave(SYMMETRIES), variance.repeat_interleave(SYMMETRIES)

    @torch.no_grad()
    def written_out(self) -> nn.Conv2d:
        """The same as a plain convolution, normalisation included."""
        mean, variance = self.pooled()
        gain = self.scale.repeat_interleave(SYMMETRIES) / (variance + EPSILON).sqrt()
        weight = self.filters() * gain[:, None, None, None]
        outputs, inputs, kernel, _ = weight.shape
        found = nn.Conv2d(inputs, outputs, kernel, self.stride, self.padding)
        found.weight.copy_(weight)
        assert found.bias is not None  # noqa: S101  (it is made with one)
        found.bias.copy_(self.offset.repeat_interleave(SYMMETRIES) - mean * gain)
        return found


class _Block(nn.Module):
    """Two convolutions beside a shortcut, averaged and projected where the shape changes."""

    def __init__(self, before: int, fields: int, stride: int) -> None:
        super().__init__()
        self.first = GroupConvolution(before, fields, 4 if stride == 2 else 3, stride)
        # Silent at first, so that each block begins as its shortcut.
        self.second = GroupConvolution(fields, fields, 3, silent=True)
        self.pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.shortcut: nn.Module = nn.Identity()
        if before != fields or stride != 1:
            self.shortcut = GroupConvolution(before, fields, 1)

    def forward(self, features: Tensor) -> Tensor:
        inner = self.second(functional.relu(self.first(features)))
        return functional.relu(inner + self.shortcut(self.pool(features)))
