"""The training loop: draw, augment, step, average, validate, save; resumable at every epoch.

All chance in an epoch comes from the recipe's seed and the epoch's number, so that a run that was
stopped and resumed goes through the same numbers as one that was not.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress
from torch import Tensor, nn
from torch.nn import functional

from tuningfork.errors import BadData, BadRule
from tuningfork.train.augment import Ranges, augment
from tuningfork.train.galaxies import Galaxies, class_weights, draw_weights, logit_shifts, teaching
from tuningfork.train.losses import Targets, total_loss
from tuningfork.train.material import Material
from tuningfork.train.networks import half_precision
from tuningfork.train.recipe import Recipe
from tuningfork.train.record import METRICS, append, summary
from tuningfork.train.settings import RoundSettings
from tuningfork.train.state import CHECKPOINT, State
from tuningfork.train.teach import Taught, teach
from tuningfork.train.validate import validate


class Trainer:
    """Trains one network on one set of galaxies, epoch by epoch."""

    def __init__(self, material: Material, state: State) -> None:
        self.material = material
        self.recipe = recipe = material.recipe
        self.galaxies = galaxies = material.galaxies
        self.team = material.team
        self.state = state
        self.joined = self.team.joined(state.network)
        self.draws = draw_weights(galaxies, recipe)
        if not self.draws.any():
            raise BadData(
                "every galaxy validates or its source has weight 0, so that none trains; "
                "add galaxies, or change the recipe's validation or weights"
            )
        if not recipe.rounds[0].teachers and not teaching(galaxies, recipe)[self.draws > 0].any():
            raise BadData(
                "nothing that the recipe's loss asks for is known of any galaxy that trains; add "
                "a set with classes or votes, or teachers to the recipe's first round"
            )
        self.shifts = torch.from_numpy(logit_shifts(galaxies, recipe))
        self.class_weights = self._class_weights(recipe.rounds[0])
        self.votes = torch.from_numpy(np.nan_to_num(galaxies.votes))
        self.likelihood = torch.from_numpy(galaxies.likelihood)
        self.has_votes = torch.from_numpy(galaxies.has_votes)
        self.possible = torch.from_numpy(galaxies.possible)
        sources = [recipe.source(name) for name in galaxies.source_names]
        self.zoom = _ranges(galaxies, [one.zoom for one in sources], recipe.augmentation.zoom)
        self.colour = _ranges(galaxies, [one.colour for one in sources], recipe.augmentation.colour)

    def run(self, folder: Path, progress: Progress) -> None:
        """Train from the state's epoch to the end, with a checkpoint after each epoch."""
        state, recipe = self.state, self.recipe
        while state.epoch < recipe.epochs and not self._out_of_patience():
            position, stretch, first = _round_at(recipe, state.epoch)
            if state.epoch == first:
                earlier, state.taught = state.taught, None
                if stretch.self_training or stretch.teachers:
                    state.taught = self._taught(stretch, progress)
                if stretch.earlier and state.taught and earlier:
                    state.taught = state.taught.mixed(earlier, stretch.earlier)
            self.class_weights = self._class_weights(stretch)
            began = time.perf_counter()
            record = self._epoch(stretch, first, progress)
            record["seconds"] = round(time.perf_counter() - began, 3)
            if self.team.leads:
                record |= validate(state.average, self.material, progress)
            record = self.team.told(record)
            self._check_finite(record)
            state.epoch += 1
            self._remember(record["validation_loss"])
            line = {"epoch": state.epoch, "round": position + 1} | record
            if self.team.leads:
                # The record first: a resumed run drops a line too many, but could not write one.
                append(folder / METRICS, line)
                state.save(folder / CHECKPOINT)
                progress.console.print(summary(line), highlight=False, soft_wrap=True)

    def final_network(self) -> nn.Module:
        """The network that the recipe keeps."""
        network = copy.deepcopy(self.state.average).cpu()
        if self.recipe.keep == "best" and self.state.best is not None:
            network.load_state_dict(self.state.best)
        return network.eval()

    def epoch_kept(self) -> int:
        """The epoch that :meth:`final_network` is of."""
        return self.state.best_epoch if self.recipe.keep == "best" else self.state.epoch

    def _taught(self, stretch: RoundSettings, progress: Progress) -> Taught:
        """What the leader was taught, so that all learn the same."""
        count, columns = self.votes.shape
        outputs, spread = self.material.outputs, self.team.spread
        found = Taught(torch.empty(count, self.possible.shape[1]), torch.empty(count, columns))
        if self.team.leads:
            found = teach(self.state.average, self.material, stretch, progress)
        classes = spread(found.classes)
        votes = torch.empty(count, 0) if outputs.votes is None else spread(found.votes)
        side_rules = {
            name: spread(found.side_rules.get(name, torch.empty(count, outputs.classes_of(name))))
            for name in self.team.told(list(found.side_rules))
        }
        return Taught(classes, votes, side_rules)

    def _class_weights(self, stretch: RoundSettings) -> Tensor:
        classes = self.galaxies.possible
        if stretch.hard and self.state.taught is not None:
            classes = self.state.taught.classes.numpy() > 0
        return torch.from_numpy(class_weights(classes, self.galaxies.validates, self.recipe))

    def _out_of_patience(self) -> bool:
        patience = self.recipe.patience
        return patience is not None and self.state.epoch - self.state.best_epoch >= patience

    def _remember(self, loss: float | None) -> None:
        # Without validation galaxies every epoch counts as the best so far.
        if loss is None or loss < self.state.best_loss:
            self.state.best_loss = math.inf if loss is None else loss
            self.state.best_epoch = self.state.epoch
            if self.recipe.keep == "best":
                self.state.best = copy.deepcopy(self.state.average.state_dict())

    def _epoch(self, stretch: RoundSettings, first: int, progress: Progress) -> dict[str, Any]:
        state, recipe = self.state, self.recipe
        seed = [recipe.seed, state.epoch]
        order = self._order(stretch, np.random.default_rng(seed))
        generator = torch.Generator().manual_seed(
            int(np.random.SeedSequence(seed).generate_state(1)[0])
        )
        torch.manual_seed(recipe.seed * 100_003 + state.epoch)  # for dropout
        batches = math.ceil(len(order) / recipe.batch)
        task = progress.add_task(f"Epoch {state.epoch + 1}/{recipe.epochs}", total=len(order))
        self.joined.train()
        sums: dict[str, float] = dict.fromkeys(("right", "known", "seen"), 0.0)
        loading, rate = 0.0, 0.0
        for number, rows in enumerate(_batches(order, recipe.batch)):
            part = self.team.part(rows)
            own = rows[part]
            if not len(own):
                continue
            began = time.perf_counter()
            pictures = self._pictures(rows, part, generator)
            loading += time.perf_counter() - began
            done = (state.epoch - first) * batches + number
            rate = self._set_rate(stretch, done / (stretch.epochs * batches))
            logits, parts = self._step(pictures, self.targets(own))
            hit, of = _right(logits, self.possible[own])
            parts = {name: value * len(own) for name, value in parts.items()}
            for name, value in (parts | {"right": hit, "known": of, "seen": len(own)}).items():
                sums[name] = sums.get(name, 0.0) + value
            progress.update(task, advance=len(rows))
        progress.remove_task(task)
        if not state.updates:
            raise BadRule(
                f"recipe {recipe.name}: of no batch of {recipe.batch} there is a picture for each "
                f"of {self.team.size} processes; give a larger batch or fewer processes"
            )
        sums = self.team.total(sums)
        right, known, seen = (sums.pop(name) for name in ("right", "known", "seen"))
        return {name: value / max(seen, 1) for name, value in sums.items()} | {
            "accuracy": right / known if known else None,
            "rate": rate,
            "pictures": int(seen),
            "loading_seconds": round(loading, 3),
        }

    def _order(self, stretch: RoundSettings, random: np.random.Generator) -> NDArray[np.intp]:
        if stretch.pictures is None:
            return random.permutation(np.flatnonzero(self.draws > 0))
        emphasis = [stretch.emphasis.get(name, 1.0) for name in self.galaxies.source_names]
        share = self.draws * np.array(emphasis)[self.galaxies.source]
        share /= share.sum()
        return random.choice(len(share), size=stretch.pictures, p=share)

    def _pictures(self, rows: NDArray[np.intp], part: slice, generator: torch.Generator) -> Tensor:
        settings = self.recipe.pictures
        ranges = Ranges(self.zoom[rows], self.colour[rows])
        changed = augment(
            self.material.pictures(rows[part]),
            settings.input_pixels,
            self.recipe.augmentation,
            ranges,
            generator,
            part=part,
        )
        return self.material.normalised(changed)

    def targets(self, rows: NDArray[np.intp]) -> Targets:
        """What is known of these galaxies, or what the round before taught of them."""
        settings, taught = self.recipe.loss, self.state.taught
        voted = self.has_votes[rows]
        votes, weight = self.votes[rows], voted.float()
        classes = self.likelihood[rows]
        if taught is not None:
            classes = taught.classes[rows]
            if self.material.outputs.votes is not None:
                votes = torch.where(voted[:, None], votes, taught.votes[rows])
                relative = settings.taught_votes / settings.votes if settings.votes else 0.0
                weight = torch.where(voted, weight, torch.full_like(weight, relative))
        return Targets(
            classes=classes,
            taught=taught is not None,
            votes=votes,
            vote_weight=weight,
            side_rules={
                name: self._side_rule(name, rows) for name in self.material.outputs.side_rules
            },
            logit_shift=self.shifts[rows],
            class_weight=self.class_weights[rows],
        )

    def _side_rule(self, name: str, rows: NDArray[np.intp]) -> Tensor:
        places = torch.from_numpy(self.galaxies.side_rules[name][rows])
        known = functional.one_hot(places.clamp(min=0), self.material.outputs.classes_of(name))
        known = known.float() * (places >= 0)[:, None]
        taught, share = self.state.taught, self.recipe.loss.taught_side_rules
        if not share or taught is None or name not in taught.side_rules:
            return known
        return torch.lerp(known, taught.side_rules[name][rows], share)

    def _step(self, pictures: Tensor, targets: Targets) -> tuple[Tensor, dict[str, float]]:
        state = self.state
        state.optimiser.zero_grad(set_to_none=True)
        with half_precision(pictures):
            logits = self.joined(pictures)
        logits = logits.float().cpu()
        loss, parts = total_loss(logits, self.material.outputs, targets, self.recipe.loss)
        if not torch.isfinite(loss):
            raise self._diverged(loss.item())
        loss.backward()  # type: ignore[no-untyped-call]
        state.optimiser.step()
        state.updates += 1
        self._update_average()
        return logits.detach(), {"loss": loss.item()} | parts

    def _check_finite(self, record: dict[str, Any]) -> None:
        """The last step of an epoch may have diverged: that is no state to save."""
        loss = record["validation_loss"]
        if loss is not None and not math.isfinite(loss):
            raise self._diverged(loss)
        for one in self.state.network.state_dict().values():
            if not torch.isfinite(one).all():
                raise self._diverged(math.nan)

    def _diverged(self, loss: float) -> BadRule:
        return BadRule(
            f"recipe {self.recipe.name}: the loss is {loss} in epoch {self.state.epoch + 1}, "
            "the training diverged; lower rate in its rounds and start in another --output"
        )

    @torch.no_grad()
    def _update_average(self) -> None:
        if self.state.average is self.state.network:
            return
        # A young average follows quickly, so that its first values are soon forgotten.
        decay = min(self.recipe.optimiser.average, self.state.updates / (self.state.updates + 10))
        new = self.state.network.state_dict()
        for name, old in self.state.average.state_dict().items():
            if old.is_floating_point():
                old.lerp_(new[name], 1 - decay)
            else:
                old.copy_(new[name])

    def _set_rate(self, stretch: RoundSettings, done: float) -> float:
        settings = self.recipe.optimiser
        if settings.kind == "sgd":
            rate = stretch.rate / (1 + settings.decay * self.state.updates)
        else:
            rate = stretch.rate * one_cycle(done)
        for group in self.state.optimiser.param_groups:
            group["lr"] = rate
        return rate


def one_cycle(done: float, rise: float = 0.15) -> float:
    """The rate's share of its peak: up in a cosine for ``rise`` of the way, then down to zero."""
    if done < rise:
        return 0.04 + 0.96 * (1 - math.cos(math.pi * done / rise)) / 2
    return (1 + math.cos(math.pi * (done - rise) / (1 - rise))) / 2


def _ranges(galaxies: Galaxies, own: list[float | None], default: float) -> Tensor:
    values = np.array([default if one is None else one for one in own], dtype=np.float32)
    return torch.from_numpy(values[galaxies.source])


def _round_at(recipe: Recipe, epoch: int) -> tuple[int, RoundSettings, int]:
    first = 0
    for position, stretch in enumerate(recipe.rounds):
        if epoch < first + stretch.epochs:
            return position, stretch, first
        first += stretch.epochs
    raise IndexError(epoch)


def _batches(order: NDArray[np.intp], size: int) -> Iterator[NDArray[np.intp]]:
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _right(logits: Tensor, possible: Tensor) -> tuple[int, int]:
    known = possible.sum(dim=1) == 1
    answers = logits[known, : possible.shape[1]].argmax(dim=1)
    return int((answers == possible[known].float().argmax(dim=1)).sum()), int(known.sum())
