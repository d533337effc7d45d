"""ConvNeXt-Nano, the network that Zoobot recommends, written out: what a user would pick instead.

The layers are those of Liu et al. 2022 at timm's "nano" size: patches of 4, depths 2 2 8 2, widths
80 160 320 640, 7 × 7 depthwise convolutions, layer normalisation, GELU, expansion by 4; 15 million
parameters. Its weights are random: only its speed is of interest.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

SIDE = 224
DEPTHS = (2, 2, 8, 2)
WIDTHS = (80, 160, 320, 640)


class _Norm(nn.LayerNorm):
    """Layer normalisation over the channels of pictures (n, channels, h, w)."""

    def forward(self, features: Tensor) -> Tensor:
        return super().forward(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class _Block(nn.Module):
    """Depthwise 7 × 7, normalisation, two pointwise layers beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.expand = nn.Linear(width, 4 * width)
        self.reduce = nn.Linear(4 * width, width)
        self.scale = nn.Parameter(torch.full((width,), 1e-6))

    def forward(self, features: Tensor) -> Tensor:
        inner = self.norm(self.depthwise(features).permute(0, 2, 3, 1))
        inner = self.scale * self.reduce(nn.functional.gelu(self.expand(inner)))
        return features + inner.permute(0, 3, 1, 2)


class ConvNeXtNano(nn.Module):
    """Takes uint8 pictures (n, 224, 224, 3) and gives logits (n, outputs)."""

    def __init__(self, outputs: int = 37) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, WIDTHS[0], 4, stride=4), _Norm(WIDTHS[0], eps=1e-6)]
        for stage, (depth, width) in enumerate(zip(DEPTHS, WIDTHS, strict=True)):
            if stage:
                before = WIDTHS[stage - 1]
                layers += [_Norm(before, eps=1e-6), nn.Conv2d(before, width, 2, stride=2)]
            layers += [_Block(width) for _ in range(depth)]
        self.layers = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(WIDTHS[-1], eps=1e-6)
        self.head = nn.Linear(WIDTHS[-1], outputs)

    def forward(self, pixels: Tensor) -> Tensor:
        planes = (pixels.permute(0, 3, 1, 2).float() / 255 - 0.45) / 0.225
        logits: Tensor = self.head(self.norm(self.layers(planes).mean(dim=(2, 3))))
        return logits


def export(path: Path) -> None:
    """Write it as ONNX with input ``pixels`` and output ``logits``, any batch size."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        torch.onnx.export(
            ConvNeXtNano().eval(),
            (torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8),),
            path,
            input_names=["pixels"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("pictures")},),
            external_data=False,
            verbose=False,
        )
