"""Random changes of a whole batch of pictures at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from tuningfork.train.settings import AugmentationSettings


@dataclass(frozen=True)
class Ranges:
    """Where a galaxy's source asks for its own ranges; float32 of shape (n,)."""

    zoom: Tensor
    colour: Tensor


def augment(
    pictures: Tensor,
    side: int,
    settings: AugmentationSettings,
    ranges: Ranges,
    generator: torch.Generator,
    *,
    part: slice = slice(None),
) -> Tensor:
    """Rotate, flip, zoom, shift, brighten, tint, take the colour of some, and roughen.

    ``pictures`` is uint8 (n, height, width, 3); the result float32 (n, 3, side, side) in 0..255.
    ``ranges`` are those of the whole batch, of which ``pictures`` is the ``part``: a galaxy is
    changed alike however many processes share the batch.
    """
    count, device = len(ranges.zoom), pictures.device
    share = side / pictures.shape[1]
    matrix = _affine(count, share, settings, ranges, generator)
    gain = 1 + settings.brightness * _uniform(generator, count, 1, 1, 1)
    tint = 1 + ranges.colour.view(-1, 1, 1, 1) * _uniform(generator, count, 3, 1, 1)
    plain = torch.rand(count, 1, 1, 1, generator=generator) < settings.grey
    level = 255 * settings.noise * torch.rand(count, 1, 1, 1, generator=generator)
    moved = _sampled(pictures, matrix[part].to(device), side, settings.fill)
    moved = moved * (gain * tint)[part].to(device)
    if settings.grey > 0:
        moved = torch.where(plain[part].to(device), moved.mean(dim=1, keepdim=True), moved)
    if settings.noise > 0:
        # Of the whole batch, or the parts' next draws would part ways.
        noise = torch.randn(count, *moved.shape[1:], generator=generator)[part]
        moved = moved + level[part].to(device) * noise.to(device)
    return moved.clamp_(0, 255)


def centre(pictures: Tensor, side: int) -> Tensor:
    """The central ``side`` pixels unchanged, as float32 (n, 3, side, side)."""
    first = (pictures.shape[1] - side) // 2
    cut = pictures[:, first : first + side, first : first + side]
    return cut.permute(0, 3, 1, 2).float()


def rotated_view(pictures: Tensor, side: int, turn: float) -> Tensor:
    """The centre turned by a share of the circle, as float32 (n, 3, side, side)."""
    count = len(pictures)
    angle = torch.full((count,), 2 * math.pi * turn)
    scale = torch.full((count,), side / pictures.shape[1])
    matrix = _matrix(angle, torch.ones(count), scale, torch.zeros(count, 2))
    return _sampled(pictures, matrix.to(pictures.device), side, "reflection")


def _sampled(pictures: Tensor, matrix: Tensor, side: int, fill: str) -> Tensor:
    grid = functional.affine_grid(matrix, [len(pictures), 3, side, side], align_corners=False)
    planes = pictures.permute(0, 3, 1, 2).float()
    return functional.grid_sample(planes, grid, padding_mode=fill, align_corners=False)


def _affine(
    count: int,
    share: float,
    settings: AugmentationSettings,
    ranges: Ranges,
    generator: torch.Generator,
) -> Tensor:
    """Random affine matrices; ``share`` is the input's side over the stored side."""
    angle = math.radians(settings.rotation) * _uniform(generator, count)
    mirror = torch.ones(count)
    if settings.flip:
        mirror = 2.0 * torch.randint(0, 2, (count,), generator=generator) - 1
    zoom = 1 + ranges.zoom * _uniform(generator, count)
    # The grid runs from -1 to 1 over the stored square: a shift of the input's side is twice that.
    shift = 2 * settings.shift * share * _uniform(generator, count, 2)
    return _matrix(angle, mirror, share / zoom, shift)


def _matrix(angle: Tensor, mirror: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    cosine, sine = scale * torch.cos(angle), scale * torch.sin(angle)
    rows = [
        torch.stack([cosine * mirror, -sine, shift[:, 0]], dim=1),
        torch.stack([sine * mirror, cosine, shift[:, 1]], dim=1),
    ]
    return torch.stack(rows, dim=1)


def _uniform(generator: torch.Generator, *shape: int) -> Tensor:
    return 2 * torch.rand(*shape, generator=generator) - 1
