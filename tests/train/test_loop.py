"""The loop's parts: rates, optimisers, patience, the average."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.progress import Progress
from torch import Tensor, nn

from tests.train.made import known_set, of_class, quiet, recipe
from tuningfork.train import loop
from tuningfork.train.galaxies import gather
from tuningfork.train.loop import Trainer, one_cycle
from tuningfork.train.material import Material
from tuningfork.train.networks import outputs_of
from tuningfork.train.recipe import Recipe, load_recipe
from tuningfork.train.state import new_state


class _OneWeight(nn.Module):
    """A single number to watch."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0], dtype=torch.float64))

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures * self.weight


def trainer(plan: Recipe) -> Trainer:
    """A trainer on twenty black pictures, ten ellipticals and ten spirals in a set of each."""
    sets = [
        known_set("smooth", {f"e{n}": of_class("elliptical") for n in range(10)}),
        known_set("arms", {f"s{n}": of_class("spiral") for n in range(10)}),
    ]
    galaxies = gather(sets, plan, excluded=frozenset(), same={})
    side = plan.pictures.stored_pixels
    pixels = np.zeros((20, side, side, 3), dtype=np.uint8)
    material = Material(plan, galaxies, pixels, np.arange(20), outputs_of(plan.network, 4))
    return Trainer(material, new_state(_OneWeight(), plan))


def small_reference() -> Recipe:
    """The reference's training with pictures of 46 pixels."""
    plan = load_recipe("reference")
    pictures = plan.pictures.model_copy(update={"input_pixels": 46, "stored_pixels": 46})
    return plan.model_copy(update={"pictures": pictures})


def test_sgd_is_keras_with_nesterov_and_decay() -> None:
    """V = 0.9 v - lr g; w += 0.9 v - lr g, with lr = 0.001/(1 + 1e-6 n) for update n from 0."""
    one = trainer(small_reference())
    stretch = one.recipe.rounds[0]
    weight, velocity = 1.0, 0.0
    for number, slope in enumerate([0.5, -2.0, 1.0, 3.0]):
        rate = 0.001 / (1 + 1e-6 * number)
        assert one._set_rate(stretch, 0.0) == pytest.approx(rate, rel=1e-12)
        velocity = 0.9 * velocity - rate * slope
        weight += 0.9 * velocity - rate * slope
        parameter = one.state.network.weight
        assert isinstance(parameter, nn.Parameter)
        parameter.grad = torch.tensor([slope], dtype=torch.float64)
        one.state.optimiser.step()
        one.state.updates += 1
        # Keras keeps the old rate within the velocity, torch takes the new: a millionth apart.
        assert parameter.item() == pytest.approx(weight, abs=1e-8)


def test_one_cycle_rises_then_falls_to_zero() -> None:
    """From a twenty-fifth to the whole at 15 % of the way, half at the middle of the fall."""
    assert one_cycle(0) == pytest.approx(0.04)
    assert one_cycle(0.15) == pytest.approx(1)
    assert one_cycle((0.15 + 1) / 2) == pytest.approx(0.5)
    assert one_cycle(1) == pytest.approx(0)
    shares = [one_cycle(place / 100) for place in range(101)]
    assert shares[:16] == sorted(shares[:16])
    assert shares[15:] == sorted(shares[15:], reverse=True)


def test_the_average_follows_the_weights(tmp_path: Path) -> None:
    """Decay n/(n+10) while young, at most the recipe's; without an average the weights."""
    one = trainer(recipe(tmp_path))
    average = one.state.average.weight
    assert isinstance(average, nn.Parameter)
    expected = 1.0
    for number in range(1, 200):
        value = math.sin(number)
        one.state.network.load_state_dict({"weight": torch.tensor([value], dtype=torch.float64)})
        one.state.updates = number
        one._update_average()
        decay = min(0.9, number / (number + 10))
        expected = decay * expected + (1 - decay) * value
        assert average.item() == pytest.approx(expected, abs=1e-9)
    plain = trainer(small_reference())
    plain.state.network.load_state_dict({"weight": torch.tensor([7.5], dtype=torch.float64)})
    plain._update_average()
    assert plain.state.average.state_dict()["weight"].item() == 7.5


def keras_stops(losses: list[float], patience: int) -> tuple[int, int]:
    """Keras's EarlyStopping written down: the epochs it runs, and the best of them."""
    best, best_epoch, wait = math.inf, 0, 0
    for epoch, loss in enumerate(losses, start=1):
        wait += 1
        if loss < best:
            best, best_epoch, wait = loss, epoch, 0
        if wait >= patience:
            return epoch, best_epoch
    return len(losses), best_epoch


@pytest.mark.parametrize(
    "losses",
    [
        [1.0, 0.9, 0.8, *[0.85] * 7, 0.1],
        [1.0, *[1.0] * 6, 0.5, *[0.6] * 20],
        [1.0 - 0.01 * epoch for epoch in range(40)],
        [0.3, 0.4, 0.2, *[0.3] * 6, 0.19, *[0.5] * 30],
    ],
)
def test_patience_is_keras_early_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, losses: list[float]
) -> None:
    """It stops at the epoch where Keras would, and keeps the best epoch's weights."""
    one = trainer(small_reference())

    def epoch(self: Trainer, *_: object) -> dict[str, Any]:
        marked = {"weight": torch.tensor([float(self.state.epoch + 1)], dtype=torch.float64)}
        self.state.network.load_state_dict(marked)
        self.state.average.load_state_dict(marked)
        return {"loss": 1.0, "pictures": 20, "loading_seconds": 0.0}

    def validate(*_: object) -> dict[str, float | None]:
        return {
            "validation_loss": losses[one.state.epoch],
            "validation_accuracy": None,
            "validation_rmse": None,
        }

    monkeypatch.setattr(Trainer, "_epoch", epoch)
    monkeypatch.setattr(loop, "validate", validate)
    with Progress(console=quiet()) as progress:
        one.run(tmp_path, progress)
    stopped, best = keras_stops(losses[:40], 7)
    assert (one.state.epoch, one.state.best_epoch) == (stopped, best)
    assert one.final_network().state_dict()["weight"].item() == best


def test_an_epoch_without_a_number_of_pictures_sees_each_once(tmp_path: Path) -> None:
    """The reference goes through all that train; ours draws with weights."""
    one = trainer(small_reference())
    training = set(np.flatnonzero(~one.galaxies.validates).tolist())
    order = one._order(one.recipe.rounds[0], np.random.default_rng(0))
    assert set(order.tolist()) == training
    assert len(order) == len(training)
    ours = trainer(recipe(tmp_path))
    ours.draws[:10] *= 4
    many = ours.recipe.rounds[0].model_copy(update={"pictures": 20_000})
    drawn = np.bincount(ours._order(many, np.random.default_rng(0)), minlength=20)
    assert drawn / drawn.sum() == pytest.approx(ours.draws / ours.draws.sum(), abs=0.01)


def test_a_round_may_draw_a_source_more_often(tmp_path: Path) -> None:
    """With an emphasis of 3 on one of two like sources, three of four pictures are its own."""
    one = trainer(recipe(tmp_path, validation="0.0"))
    stretch = one.recipe.rounds[0].model_copy(
        update={"pictures": 20_000, "emphasis": {"arms": 3.0}}
    )
    order = one._order(stretch, np.random.default_rng(0))
    assert (order >= 10).mean() == pytest.approx(0.75, abs=0.01)
