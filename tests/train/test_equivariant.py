"""The equivariant network against pictures that are turned and mirrored by numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from tests.train.made import recipe, trained
from tuningfork.errors import BadRule
from tuningfork.train.equivariant import EquivariantNetwork, GroupConvolution
from tuningfork.train.export import export_onnx
from tuningfork.train.networks import ResidualNetwork, build, outputs_of
from tuningfork.train.recipe import load_recipe
from tuningfork.train.settings import NetworkSettings

SETTINGS = NetworkSettings(
    kind="equivariant", stem=8, widths=(16, 24), blocks=(2, 1), features=20, dropout=0.0
)


def square_ways(pictures: Tensor) -> list[Tensor]:
    """A batch in the eight ways that a square lies on itself, by transposing and reversing."""
    planes = pictures.numpy()
    ways = [
        one[..., ::down, ::right]
        for one in (planes, planes.swapaxes(-1, -2))
        for down in (1, -1)
        for right in (1, -1)
    ]
    return [torch.from_numpy(one.copy()) for one in ways]


@torch.no_grad()
def test_the_answer_is_the_same_in_all_eight_ways() -> None:
    """To rounding; a plain network of the same widths answers differently."""
    torch.manual_seed(0)
    pictures = torch.randn(3, 3, 32, 32)
    network = trained(EquivariantNetwork(SETTINGS, 41), by=0.2)
    answers = [network(way) for way in square_ways(pictures)]
    for answer in answers[1:]:
        torch.testing.assert_close(answer, answers[0], rtol=1e-4, atol=1e-4)
    assert answers[0].std(dim=0).min() > 1e-3
    plain = SETTINGS.model_copy(update={"kind": "residual"})
    other = trained(ResidualNetwork(plain, 41), by=0.2)
    assert (other(pictures) - other(square_ways(pictures)[1])).abs().max() > 1e-2


@torch.no_grad()
def test_its_map_turns_with_the_picture() -> None:
    """So that heat lies where it belongs."""
    torch.manual_seed(0)
    pictures = torch.randn(2, 3, 32, 32)
    network = trained(EquivariantNetwork(SETTINGS, 41), by=0.2)
    assert isinstance(network, EquivariantNetwork)
    found = network.features(pictures)
    assert found.shape == (2, 20, 4, 4)
    for way, turned in zip(square_ways(pictures), square_ways(found), strict=True):
        torch.testing.assert_close(network.features(way), turned, rtol=1e-4, atol=1e-4)


def test_a_filter_is_seen_in_eight_ways() -> None:
    """The filters over a picture are the learned one, turned and mirrored, each once."""
    layer = GroupConvolution(3, 2, 4, stride=2, lifts=True)
    filters = torch.unflatten(layer.filters().detach(), 0, (2, 8))
    for learned, ways in zip(layer.weight.detach(), filters, strict=True):
        for expected in square_ways(learned):
            assert sum(torch.equal(one, expected) for one in ways) == 1


@torch.no_grad()
def test_written_out_it_is_plain_and_the_same() -> None:
    """The network to be exported holds ordinary convolutions alone."""
    torch.manual_seed(0)
    network = trained(EquivariantNetwork(SETTINGS, 41), by=0.2)
    assert isinstance(network, EquivariantNetwork)
    plain = network.plain()
    assert not any(isinstance(one, GroupConvolution) for one in plain.modules())
    assert any(isinstance(one, GroupConvolution) for one in network.modules())
    pictures = torch.randn(3, 3, 32, 32)
    torch.testing.assert_close(plain(pictures), network(pictures), rtol=1e-4, atol=1e-4)


def test_the_file_answers_the_same_in_all_eight_ways(tmp_path: Path) -> None:
    """In ONNX Runtime, from pixels to every output that has no places."""
    one = recipe(tmp_path)
    outputs = outputs_of(SETTINGS.model_copy(update={"side_rules": ("zhu5",)}), 4)
    network = trained(EquivariantNetwork(SETTINGS, outputs.count), by=0.2)
    path = tmp_path / "model.onnx"
    export_onnx(network, outputs, one.pictures, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = ["probabilities", "fractions", "embedding", "zhu5"]
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    first = session.run(names, {"pixels": pixels})
    for turned in (np.rot90(pixels, axes=(1, 2)), pixels[:, ::-1], pixels.swapaxes(1, 2)):
        for before, after in zip(first, session.run(names, {"pixels": turned.copy()}), strict=True):
            np.testing.assert_allclose(before, after, rtol=1e-3, atol=1e-4)


def test_it_learns() -> None:
    """Two kinds of stripes, of which one is finer, are told apart after a few steps."""
    torch.manual_seed(0)
    place = torch.arange(32.0)
    kinds = [torch.sin(place * rate).expand(3, 32, 32) for rate in (0.4, 1.6)]
    truth = torch.arange(16) % 2
    pictures = torch.stack([kinds[one] for one in truth]) + 0.1 * torch.randn(16, 3, 32, 32)
    network = EquivariantNetwork(SETTINGS, 2).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.01)
    for _ in range(30):
        loss = nn.functional.cross_entropy(network(pictures), truth)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    turned = pictures.transpose(-1, -2)
    assert (network.eval()(turned).argmax(dim=1) == truth).all()


def test_the_recipe_asks_for_what_keeps_the_symmetry(tmp_path: Path) -> None:
    """Widths in eights and a side that can be halved; the shipped recipe has both."""
    shipped = load_recipe("full")
    outputs = outputs_of(shipped.network, 4)
    with torch.device("meta"):
        network = build(shipped.network, outputs, shipped.pictures.input_pixels)
        logits = network(torch.empty(2, 3, 112, 112))
    assert isinstance(network, EquivariantNetwork)
    assert logits.shape == (2, outputs.count)
    for change, trouble in (
        ("[network]\nwidths = [64, 128, 290]", "multiples of 8"),
        ("[network]\nstem_stride = 4", "stem_stride"),
        ("[pictures]\ninput_pixels = 120", "multiple of 16"),
    ):
        path = tmp_path / "own.toml"
        path.write_text(f'builds_on = "full"\n{change}\n')
        with pytest.raises(BadRule, match=trouble):
            load_recipe(str(path))
