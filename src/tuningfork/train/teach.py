"""Targets from networks: one's own earlier answers, or those of finished networks.

Answers are averaged over rotated views and networks and kept within what is known of a galaxy
(self-training, Xie et al. 2020; distillation, Hinton et al. 2015).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor, nn
from torch.nn import functional

from tuningfork.errors import BadRule
from tuningfork.model.card import Card
from tuningfork.model.session import SIDE_RULE, Model, load_model
from tuningfork.train.augment import rotated_view
from tuningfork.train.export import weighted_fractions
from tuningfork.train.material import Material
from tuningfork.train.networks import half_precision, outputs_of
from tuningfork.train.recipe import Recipe
from tuningfork.train.settings import RoundSettings

BATCH = 128


@dataclass(frozen=True)
class Taught:
    """What networks say of n galaxies; as targets of a run, of all of its galaxies."""

    classes: Tensor
    """float32 (n, classes), summing to 1; as targets over each galaxy's possible classes."""
    votes: Tensor
    """float32 (n, 37) weighted fractions; (n, 0) where no teacher gives any."""
    side_rules: dict[str, Tensor] = field(default_factory=dict)
    """For each side rule of which every teacher speaks, float32 (n, its classes + 1), summing to 1;
    the last for none of them."""

    def mixed(self, earlier: Taught, share: float) -> Taught:
        """These targets with a share of earlier ones."""
        return Taught(
            torch.lerp(self.classes, earlier.classes, share),
            torch.lerp(self.votes, earlier.votes, share),
            {
                name: torch.lerp(own, earlier.side_rules.get(name, own), share)
                for name, own in self.side_rules.items()
            },
        )


Answering = Callable[[Tensor, float], Taught]
"""From stored pictures and a turn, as a share of the circle, to a network's answers."""


def teachers_of(stretch: RoundSettings, material: Material) -> list[Model]:
    """Load the finished networks that a round learns from.

    Raises UnknownName or BadModel where there is none, BadRule if it tells other classes apart or
    gives no votes to a network that learns them.
    """
    models = [load_model(name) for name in stretch.teachers]
    for name, model in zip(stretch.teachers, models, strict=True):
        check_teacher(name, model.card, material.recipe)
    return models


def check_teacher(name: str, card: Card, recipe: Recipe) -> None:
    """Raise BadRule if a network tells other classes apart or lacks votes that are learned."""
    if card.rule != recipe.rule:
        raise BadRule(
            f"recipe {recipe.name}: its teacher {name} tells the classes of rule '{card.rule}' "
            f"apart, not '{recipe.rule}'; choose another teacher"
        )
    learns_votes = outputs_of(recipe.network, len(card.classes)).votes is not None
    if learns_votes and not card.columns:
        raise BadRule(
            f"recipe {recipe.name}: its teacher {name} gives no votes to learn from; choose "
            "another teacher"
        )


@torch.no_grad()
def teach(
    network: nn.Module, material: Material, stretch: RoundSettings, progress: Progress
) -> Taught:
    """Average the answers over views and networks and set impossible classes to zero.

    A galaxy all of whose possible classes are found hopeless keeps equal shares of them. Raises
    what :func:`teachers_of` does.
    """
    answering = [_of_model(one, material) for one in teachers_of(stretch, material)]
    if stretch.self_training:
        answering.append(_of_network(network.eval(), material))
    count = len(material.galaxies)
    task = progress.add_task("Targets from earlier networks", total=count)
    said = []
    for start in range(0, count, BATCH):
        batch = material.pictures(np.arange(start, min(start + BATCH, count)))
        seen = [
            answer(batch, turn / stretch.views)
            for answer in answering
            for turn in range(stretch.views)
        ]
        said.append(_joined(seen, lambda parts: torch.stack(parts).mean(dim=0)))
        progress.advance(task, len(batch))
    progress.remove_task(task)
    found = _joined(said, torch.cat)
    within = (found.classes + 1e-6) * torch.from_numpy(material.galaxies.likelihood)
    if stretch.hard:
        within = functional.one_hot(within.argmax(dim=1), within.shape[1]).float()
    return replace(found, classes=within / within.sum(dim=1, keepdim=True))


def _joined(several: Sequence[Taught], join: Callable[[list[Tensor]], Tensor]) -> Taught:
    """Answers put together part by part; of the side rules those of which all speak."""
    common = set.intersection(*(set(one.side_rules) for one in several))
    return Taught(
        join([one.classes for one in several]),
        join([one.votes for one in several]),
        {name: join([one.side_rules[name] for one in several]) for name in sorted(common)},
    )


def _of_network(network: nn.Module, material: Material) -> Answering:
    outputs, side = material.outputs, material.recipe.pictures.input_pixels

    def answer(batch: Tensor, turn: float) -> Taught:
        assert outputs.votes is not None  # noqa: S101  (recipes refuse rounds for other networks)
        planes = material.normalised(rotated_view(batch, side, turn))
        with half_precision(planes):
            logits = network(planes)
        logits = logits.float().cpu()
        return Taught(
            torch.softmax(logits[:, outputs.classes], dim=1),
            weighted_fractions(logits[:, outputs.votes]),
            {
                name: torch.softmax(logits[:, span], dim=1)
                for name, span in outputs.side_rules.items()
            },
        )

    return answer


def _of_model(model: Model, material: Material) -> Answering:
    sees = model.card.preprocessing
    wanted = material.outputs.votes is not None
    # Their classes come with a heat map of each picture, which costs time and is not used.
    speaks_of_rules = material.recipe.loss.taught_side_rules > 0

    def answer(batch: Tensor, turn: float) -> Taught:
        scale = sees.frame_pixels / material.recipe.pictures.frame_pixels
        planes = rotated_view(_scaled(batch, scale), sees.input_pixels, turn)
        pixels = planes.round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous()
        answers = model.answer(pixels.cpu().numpy(), more=speaks_of_rules)
        votes = answers.fractions if wanted else answers.fractions[:, :0]
        side_rules = {}
        if answers.zhu5 is not None and SIDE_RULE in material.outputs.side_rules:
            side_rules[SIDE_RULE] = torch.from_numpy(answers.zhu5)
        return Taught(torch.from_numpy(answers.probabilities), torch.from_numpy(votes), side_rules)

    return answer


def _scaled(pictures: Tensor, scale: float) -> Tensor:
    """Stored pictures, uint8 (n, height, width, 3), at another network's scale."""
    if scale == 1:
        return pictures
    planes = functional.interpolate(
        pictures.permute(0, 3, 1, 2).float(), scale_factor=scale, mode="bilinear", antialias=True
    )
    return planes.permute(0, 2, 3, 1)
