"""From torch to ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from tests.train.made import recipe, trained
from tuningfork.errors import BadModel
from tuningfork.train.export import check_parity, export_onnx, weighted_fractions
from tuningfork.train.networks import ReferenceNetwork, ResidualNetwork, outputs_of
from tuningfork.train.settings import NetworkSettings
from tuningfork.votes.fractions import expected_sums, weighted_from_conditional
from tuningfork.votes.tree import TREE


def test_fractions_are_the_trees_products() -> None:
    """Against the votes room's own products in float64, with every sum within 1e-6."""
    logits = torch.randn(200, 37, generator=torch.Generator().manual_seed(0)) * 4
    conditional = np.empty((200, 37))
    for question in TREE.questions:
        span = TREE.span(question.number)
        powers = np.exp(logits[:, span].numpy().astype(np.float64))
        conditional[:, span] = powers / powers.sum(axis=1, keepdims=True)
    found = weighted_fractions(logits).numpy().astype(np.float64)
    assert np.abs(found - weighted_from_conditional(conditional)).max() < 1e-6
    sums = np.stack([found[:, TREE.span(one.number)].sum(axis=1) for one in TREE.questions], axis=1)
    assert np.abs(sums - expected_sums(found)).max() < 1e-6


def test_the_file_answers_as_torch_does(tmp_path: Path) -> None:
    """Within 1e-4 for random pixels, in batches of any size, every output."""
    one = recipe(tmp_path)
    outputs = outputs_of(one.network, 4)
    network = trained(ResidualNetwork(one.network, outputs.count))
    path = tmp_path / "model.onnx"
    export_onnx(network, outputs, one.pictures, path)
    random = np.random.default_rng(0)
    for count in (1, 5):
        pixels = random.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
        assert check_parity(network, outputs, one.pictures, path, pixels) < 1e-4
    assert str(Path(torch.__file__).parent).encode() not in path.read_bytes()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    probabilities, fractions = session.run(None, {"pixels": pixels})[:2]
    planes = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 15.3) / 30.6
    with torch.no_grad():
        expected = torch.softmax(network(planes)[:, :4], dim=1).numpy()
    assert np.abs(probabilities - expected).max() < 1e-5
    assert fractions.shape == (5, 37)
    trained(network)
    with pytest.raises(BadModel, match="differs from torch"):
        check_parity(network, outputs, one.pictures, path, pixels)


def test_the_file_tells_why(tmp_path: Path) -> None:
    """Heat's mean over the places is the class's logit; the embedding, weighed, is all logits."""
    one = recipe(tmp_path)
    outputs = outputs_of(one.network, 4)
    network = ResidualNetwork(one.network, outputs.count)
    trained(network)
    path = tmp_path / "model.onnx"
    export_onnx(network, outputs, one.pictures, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    assert names == ["probabilities", "fractions", "heat", "embedding", "zhu5"]
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    found = dict(zip(names, session.run(None, {"pixels": pixels}), strict=True))
    planes = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 15.3) / 30.6
    with torch.no_grad():
        logits = network(planes).numpy()
        bias = network.head.bias.numpy()
        weighed = network.head(torch.from_numpy(found["embedding"])).numpy()
    heat = found["heat"].mean(axis=(2, 3)) + bias[:4]
    np.testing.assert_allclose(heat, logits[:, :4], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(weighed, logits, rtol=1e-4, atol=1e-4)
    powers = np.exp(logits[:, outputs.side_rules["zhu5"]].astype(np.float64))
    shares = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found["zhu5"], shares, atol=1e-5)


def test_a_network_without_votes_gives_probabilities_alone(tmp_path: Path) -> None:
    """The reference's network has no fractions to give, so its file has one output."""
    one = recipe(tmp_path, input_pixels="46", stored_pixels="46")
    outputs = outputs_of(NetworkSettings(kind="reference"), 4)
    network = ReferenceNetwork(4, 46, 0.5)
    path = tmp_path / "model.onnx"
    export_onnx(network, outputs, one.pictures, path)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 46, 46, 3), dtype=np.uint8)
    assert check_parity(network, outputs, one.pictures, path, pixels) < 1e-4
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_outputs()] == ["probabilities"]
