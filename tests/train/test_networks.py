"""The networks against what the facts say of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tuningfork.train.networks import ReferenceNetwork, ResidualNetwork, build, outputs_of
from tuningfork.train.recipe import load_recipe
from tuningfork.train.settings import NetworkSettings

REFERENCE_PARAMETERS = (
    (3 * 3 * 3 + 1) * 32
    + (3 * 3 * 32 + 1) * 64
    + (3 * 3 * 64 + 1) * 128
    + (3 * 3 * 128 + 1) * 128
    # 299 → 297 → 148 → 146 → 73 → 71 → 35 → 33 → 16 pixels: 3×3 without padding takes two off,
    # pooling halves and drops the odd one.
    + (16 * 16 * 128 + 1) * 2048
    + (2048 + 1) * 2048
    + (2048 + 1) * 1024
    + (1024 + 1) * 1024
    + (1024 + 1) * 4
)


def reference_on_meta() -> ReferenceNetwork:
    """The reference's network without memory for its 75 million weights."""
    with torch.device("meta"):
        return ReferenceNetwork(4, 299, 0.5)


def test_reference_has_the_parameters_of_the_facts() -> None:
    """Every layer's filters and biases, multiplied out by hand, make 74,699,972."""
    assert REFERENCE_PARAMETERS == 74_699_972
    assert sum(one.numel() for one in reference_on_meta().parameters()) == REFERENCE_PARAMETERS


def test_reference_brings_299_pixels_to_16() -> None:
    """Before the first dense layer stand 128 maps of 16×16."""
    network = reference_on_meta()
    flatten = next(place for place, one in enumerate(network.layers) if isinstance(one, nn.Flatten))
    maps = network.layers[:flatten](torch.empty(2, 3, 299, 299, device="meta"))
    assert maps.shape == (2, 128, 16, 16)
    assert network(torch.empty(2, 3, 299, 299, device="meta")).shape == (2, 4)


def test_reference_has_its_layers_in_order() -> None:
    """Four times convolution, ReLU and pooling; four times dense, ReLU and dropout 0.5; dense."""
    names = [type(one).__name__ for one in reference_on_meta().layers]
    assert names == [
        *["Conv2d", "ReLU", "MaxPool2d"] * 4,
        "Flatten",
        *["Linear", "ReLU", "Dropout"] * 4,
        "Linear",
    ]
    drops = [one.p for one in reference_on_meta().layers if isinstance(one, nn.Dropout)]
    assert drops == [0.5] * 4


def test_reference_starts_as_glorot_says() -> None:
    """Weights lie within √(6/(in+out)), the last hidden layer's within 0.05, biases at zero."""
    torch.manual_seed(0)
    network = ReferenceNetwork(4, 46, 0.5)
    weighted = [one for one in network.layers if isinstance(one, nn.Conv2d | nn.Linear)]
    for place, layer in enumerate(weighted):
        window = 9 if isinstance(layer, nn.Conv2d) else 1
        fan = window * (layer.weight.shape[0] + layer.weight.shape[1])
        limit = 0.05 if place == 7 else (6 / fan) ** 0.5
        assert layer.weight.abs().max().item() == pytest.approx(limit, rel=0.02)
        assert layer.weight.std().item() == pytest.approx(limit / 3**0.5, rel=0.05)
        assert layer.bias is not None
        assert not layer.bias.any()


def test_compact_fits_into_the_package() -> None:
    """The shipped recipe's network holds less than 25 MB of 32-bit numbers."""
    recipe = load_recipe("compact")
    outputs = outputs_of(recipe.network, 4)
    with torch.device("meta"):
        network = build(recipe.network, outputs, recipe.pictures.input_pixels)
    count = sum(one.numel() for one in network.parameters())
    assert 1e6 < count < 25e6 / 4
    assert outputs.count == 4 + 37 + 6
    side = recipe.pictures.input_pixels
    assert network(torch.empty(2, 3, side, side, device="meta")).shape == (2, 47)


def test_a_fresh_residual_block_is_its_shortcut() -> None:
    """Blocks that keep their shape pass on what they get, as the second convolution is silent."""
    torch.manual_seed(0)
    settings = NetworkSettings(kind="residual", stem=8, widths=(8,), blocks=(2,))
    network = ResidualNetwork(settings, 41).eval()
    features = torch.rand(2, 8, 9, 9)
    assert torch.equal(network.stages[1](features), features)


def test_one_picture_is_enough_for_a_batch() -> None:
    """Batch normalisation copes with a last batch of a single picture at the least input size."""
    settings = NetworkSettings(kind="residual", stem=8, widths=(8, 16), blocks=(1, 1))
    logits = ResidualNetwork(settings, 41).train()(torch.rand(1, 3, 9, 9))
    assert np.isfinite(logits.detach().numpy()).all()
