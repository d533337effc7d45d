"""How the averaged network does on the galaxies that only validate."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress
from torch import Tensor, nn

from tuningfork.train.augment import centre
from tuningfork.train.export import weighted_fractions
from tuningfork.train.material import Material
from tuningfork.train.networks import Outputs

BATCH = 128


@torch.no_grad()
def validate(network: nn.Module, material: Material, progress: Progress) -> dict[str, float | None]:
    """Measure loss and accuracy of the classes, and RMSE of the votes.

    The loss is the mean negative log of the possible classes' summed probability over galaxies of
    which anything about the class is known; the accuracy is over those whose class is known; both
    without any shift or weight. None where no validation galaxy can tell.
    """
    galaxies, outputs = material.galaxies, material.outputs
    rows = np.flatnonzero(galaxies.validates)
    if not len(rows):
        return dict.fromkeys(("validation_loss", "validation_accuracy", "validation_rmse"))
    logits = _logits(network, material, rows, progress)
    classes = logits[:, outputs.classes].double()
    possible = torch.from_numpy(galaxies.possible[rows])
    telling = ~possible.all(dim=1)
    inside = torch.log_softmax(classes, dim=1).masked_fill(~possible, -torch.inf).logsumexp(dim=1)
    known = possible.sum(dim=1) == 1
    right = classes.argmax(dim=1) == possible.double().argmax(dim=1)
    return {
        "validation_loss": _mean(-inside[telling]),
        "validation_accuracy": _mean(right[known].double()),
        "validation_known": int(known.sum()),
        "validation_rmse": _rmse(logits, outputs, torch.from_numpy(galaxies.votes[rows])),
    }


def _logits(
    network: nn.Module, material: Material, rows: NDArray[np.intp], progress: Progress
) -> Tensor:
    network.eval()
    side = material.recipe.pictures.input_pixels
    task = progress.add_task("Validation", total=len(rows))
    found = []
    for start in range(0, len(rows), BATCH):
        batch = material.pictures(rows[start : start + BATCH])
        found.append(network(material.normalised(centre(batch, side))).cpu())
        progress.advance(task, len(batch))
    progress.remove_task(task)
    return torch.cat(found)


def _rmse(logits: Tensor, outputs: Outputs, votes: Tensor) -> float | None:
    voted = ~votes.isnan().any(dim=1)
    if outputs.votes is None or not voted.any():
        return None
    difference = weighted_fractions(logits[voted][:, outputs.votes]) - votes[voted]
    return float((difference**2).mean().sqrt())


def _mean(values: Tensor) -> float | None:
    return float(values.mean()) if len(values) else None
