"""Everything that changes while a network trains: what a checkpoint holds."""

from __future__ import annotations

import copy
import math
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tuningfork.errors import BadData, BadRule
from tuningfork.files import replacing
from tuningfork.images.sources import NO_WHOLE_ZIP
from tuningfork.train.recipe import Recipe
from tuningfork.train.teach import Taught

CHECKPOINT = "checkpoint.pt"

_WRONG = (ValueError, TypeError, AttributeError)
"""What parts of a checkpoint raise that are of another kind than their places."""


@dataclass
class State:
    """All that an epoch changes."""

    network: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    taught: Taught | None = None
    epoch: int = 0
    updates: int = 0
    best_loss: float = math.inf
    best_epoch: int = 0
    best: dict[str, Tensor] | None = None

    def save(self, path: Path) -> None:
        content = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "taught": None if self.taught is None else vars(self.taught),
            "progress": [self.epoch, self.updates, self.best_loss, self.best_epoch],
            "best": self.best,
        }
        # Through a file of Python's, whose errors say what is wrong, such as a full disk.
        with replacing(path) as temporary, temporary.open("wb") as file:
            torch.save(content, file)

    def restore(self, path: Path) -> None:
        """Go back to a saved state. Raises BadData if the file is damaged."""
        damaged = BadData(
            f"{path}: the checkpoint is damaged; start the run again in another --output"
        )
        if not _is_whole(path):
            raise damaged
        try:
            content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            self.network.load_state_dict(content["network"])
            self.average.load_state_dict(content["average"])
            self.optimiser.load_state_dict(content["optimiser"])
            self.taught = None if content["taught"] is None else Taught(**content["taught"])
            self.epoch, self.updates, self.best_loss, self.best_epoch = content["progress"]
            self.best = content["best"]
        # What torch's unpickler raises of bytes that are no checkpoint is hardly to be foreseen.
        except (RuntimeError, EOFError, pickle.UnpicklingError, LookupError, *_WRONG) as error:
            raise damaged from error

    def follow(self, path: Path, recipe: Recipe) -> None:
        """Go on where another run ended, as its next round would, by the settings of ``recipe``.

        Raises BadRule if the file is of another network or damaged.
        """
        own = [
            {name: value for name, value in group.items() if name != "params"}
            for group in self.optimiser.param_groups
        ]
        try:
            self.restore(path)
        except BadData as error:
            raise BadRule(
                f"recipe {recipe.name}: it cannot continue {path}, which is of another network or "
                "damaged; name another run, or take its weights alone with begins_with"
            ) from error
        for group, settings in zip(self.optimiser.param_groups, own, strict=True):
            group.update(settings)
        self.taught, self.epoch = None, 0
        self.best_loss, self.best_epoch, self.best = math.inf, 0, None


def _is_whole(path: Path) -> bool:
    """Whether every byte is as it was written: torch reads tensors without their checksums."""
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return archive.testzip() is None
        except (*NO_WHOLE_ZIP, EOFError):
            return False


def new_state(network: nn.Module, recipe: Recipe) -> State:
    """Start from fresh weights."""
    settings = recipe.optimiser
    first = recipe.rounds[0].rate
    optimiser: torch.optim.Optimizer
    if settings.kind == "adamw":
        # Weight decay is for the weights; scales and biases are left free.
        groups: list[dict[str, Any]] = [
            {"params": [p for p in network.parameters() if p.ndim > 1]},
            {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimiser = torch.optim.AdamW(groups, lr=first, weight_decay=settings.weight_decay)
    else:
        optimiser = torch.optim.SGD(
            network.parameters(),
            lr=first,
            momentum=settings.momentum,
            nesterov=settings.nesterov,
            weight_decay=settings.weight_decay,
            # One walk over the weights, where the default takes five: a fifth of the step of the
            # reference's 75 million.
            fused=True,
        )
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    # Without an average the network stands for it: to copy a large one costs as much as a step.
    average = copy.deepcopy(network) if settings.average else network
    return State(network, average, optimiser)
