"""ConvNeXt-Nano (Liu et al. 2022) as an ONNX graph with random weights: the cost, not the answers.

    python benchmarks/convnext_nano.py nano.onnx

Zoobot recommends this encoder. Its cost does not depend on its weights, so that random ones serve
to compare speed: patches of 4 pixels, depths 2 2 8 2, widths 80 160 320 640, 7x7 depthwise
convolutions, LayerNorm, an expansion of 4 and GELU; then the mean and 37 outputs. Needs torch and
onnx (``pip install 'tuningfork[train]'``); what is exported needs neither.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

DEPTHS = (2, 2, 8, 2)
WIDTHS = (80, 160, 320, 640)
EXPANSION = 4
OUTPUTS = 37
SIDE = 224
BATCH = 16


class ChannelNorm(nn.Module):
    """LayerNorm over the channels of a tensor of shape (n, channels, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def forward(self, values: Tensor) -> Tensor:
        """Normalise each place by itself."""
        return self.norm(values.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """A depthwise convolution and two linear layers, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.mixing = nn.Sequential(
            nn.LayerNorm(channels, eps=1e-6),
            nn.Linear(channels, EXPANSION * channels),
            nn.GELU(),
            nn.Linear(EXPANSION * channels, channels),
        )
        self.scale = nn.Parameter(torch.full((channels,), 1e-6))

    def forward(self, values: Tensor) -> Tensor:
        """Add what the block finds."""
        found = self.mixing(self.depthwise(values).permute(0, 2, 3, 1)) * self.scale
        return values + found.permute(0, 3, 1, 2)


def convnext_nano(outputs: int = OUTPUTS) -> nn.Module:
    """Make the network. Takes float32 of shape (n, 3, 224, 224), gives (n, outputs)."""
    stages: list[nn.Module] = [nn.Conv2d(3, WIDTHS[0], 4, stride=4), ChannelNorm(WIDTHS[0])]
    for place, (depth, width) in enumerate(zip(DEPTHS, WIDTHS, strict=True)):
        if place:
            before = WIDTHS[place - 1]
            stages += [ChannelNorm(before), nn.Conv2d(before, width, 2, stride=2)]
        stages += [Block(width) for _ in range(depth)]
    last = WIDTHS[-1]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(last), nn.Linear(last, outputs)]
    return nn.Sequential(*stages, *head).eval()


def export(path: Path) -> int:
    """Write the graph for batches of any size; give its number of parameters."""
    torch.manual_seed(0)
    network = convnext_nano()
    batch = torch.export.Dim("batch", min=1, max=1024)
    program = torch.onnx.export(
        network,
        (torch.zeros(2, 3, SIDE, SIDE),),
        input_names=["pixels"],
        output_names=["answers"],
        dynamic_shapes=({0: batch},),
        dynamo=True,
        verbose=False,
    )
    assert program is not None  # noqa: S101  (it is with dynamo)
    program.save(str(path))
    return sum(one.numel() for one in network.parameters())


def answer_all(paths: Iterable[Path], session: Any) -> None:  # noqa: ANN401  (untyped)
    """What a user would write: Pillow, 224 pixels, ONNX Runtime on batches of 16."""
    remaining = iter(paths)
    while some := list(islice(remaining, BATCH)):
        session.run(None, {"pixels": np.stack([_pixels(one) for one in some])})


def _pixels(path: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    with Image.open(path) as picture:
        small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return (np.asarray(small, np.float32) / 255).transpose(2, 0, 1)


if __name__ == "__main__":
    sys.stdout.write(f"{export(Path(sys.argv[1])):,} parameters\n")
