"""Self-training: a network's own averaged answers, within what is known, as the next targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor, nn

from tuningfork.train.augment import rotated_view
from tuningfork.train.export import weighted_fractions
from tuningfork.train.material import Material
from tuningfork.train.recipe import RoundSettings

BATCH = 128


@dataclass(frozen=True)
class Taught:
    """Targets for every galaxy of the run."""

    classes: Tensor
    """float32 (n, classes), summing to 1 over each galaxy's possible classes."""
    votes: Tensor
    """float32 (n, 37) weighted fractions."""


@torch.no_grad()
def teach(
    network: nn.Module, material: Material, stretch: RoundSettings, progress: Progress
) -> Taught:
    """Average the answers over rotated views and set impossible classes to zero.

    A galaxy all of whose possible classes the network finds hopeless keeps equal shares of them.
    """
    network.eval()
    count = len(material.galaxies)
    task = progress.add_task("Self-training targets", total=count)
    classes, votes = [], []
    for start in range(0, count, BATCH):
        batch = material.pictures(np.arange(start, min(start + BATCH, count)))
        seen = [
            _answers(network, material, batch, turn / stretch.views)
            for turn in range(stretch.views)
        ]
        classes.append(torch.stack([one for one, _ in seen]).mean(dim=0))
        votes.append(torch.stack([other for _, other in seen]).mean(dim=0))
        progress.advance(task, len(batch))
    progress.remove_task(task)
    likelihood = torch.from_numpy(material.galaxies.likelihood)
    within = (torch.cat(classes) + 1e-6) * likelihood
    return Taught(within / within.sum(dim=1, keepdim=True), torch.cat(votes))


def _answers(
    network: nn.Module, material: Material, batch: Tensor, turn: float
) -> tuple[Tensor, Tensor]:
    outputs = material.outputs
    assert outputs.votes is not None  # noqa: S101  (recipes refuse rounds for other networks)
    planes = rotated_view(batch, material.recipe.pictures.input_pixels, turn)
    logits = network(material.normalised(planes))
    return (
        torch.softmax(logits[:, outputs.classes], dim=1),
        weighted_fractions(logits[:, outputs.votes]),
    )
