"""Networks that begin where a finished one ended: against what that one's ONNX file answers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from tests.train.made import all_sets, plan, quiet, recipe
from tests.train.test_teach import drawn, material
from tuningfork.errors import BadModel, BadRule, UnknownName
from tuningfork.model.session import graph_path, load_model
from tuningfork.train.augment import centre
from tuningfork.train.begin import Deepened, begin_with, check_mean
from tuningfork.train.material import Material
from tuningfork.train.needs import look_for_others
from tuningfork.train.networks import build, outputs_of
from tuningfork.train.recipe import Recipe, load_recipe
from tuningfork.train.run import train


def begun(recipe: Recipe, *names: str) -> tuple[Deepened, Material]:
    """A fresh network of the recipe that begins with the mean of these."""
    torch.manual_seed(5)
    network = build(recipe.network, outputs_of(recipe.network, 4), 112)
    assert isinstance(network, Deepened)
    found = material(recipe)
    begin_with(network, names, found)
    return network, found


def deeper(name: str) -> Recipe:
    """That recipe with a further block in each stage."""
    one = load_recipe(name)
    blocks = tuple(count + 1 for count in one.network.blocks)
    return one.model_copy(update={"network": one.network.model_copy(update={"blocks": blocks})})


@pytest.mark.parametrize("name", ["swift", "full"])
@pytest.mark.parametrize("recipe", [load_recipe, deeper])
def test_it_begins_as_the_others_equal(recipe: Callable[[str], Recipe], name: str) -> None:
    """Its features are the file's, with further blocks or without."""
    network, found = begun(recipe(name), name)
    network.eval()
    pictures = centre(torch.from_numpy(drawn()), 112)
    with torch.no_grad():
        features = network.features(found.normalised(pictures)).mean(dim=(2, 3))
    pixels = pictures.permute(0, 2, 3, 1).to(torch.uint8).numpy()
    embedding = load_model(name).answer(pixels, more=True).embedding
    assert embedding is not None
    np.testing.assert_allclose(features.numpy(), embedding, atol=1e-3 * embedding.max())


@pytest.mark.parametrize(("name", "stages"), [("swift", 2), ("full", 3)])
def test_its_further_blocks_can_learn(name: str, stages: int) -> None:
    """Each is silent by the scale of its last normalisation alone, which has a slope."""
    network, found = begun(deeper(name), name)
    scales = {
        name: one
        for name, one in network.named_parameters()
        if one.dim() == 1 and name.endswith((".scale", ".weight"))
    }
    silent = [one for one in scales.values() if not one.any()]
    assert len(silent) == stages
    network(found.normalised(centre(torch.from_numpy(drawn()), 112))).square().mean().backward()
    assert all(one.grad is not None and one.grad.any() for one in silent)


def test_it_begins_with_the_mean_of_several(tmp_path: Path) -> None:
    """Of a network and one whose last layer is zero: half the logits, and all else alike."""
    graph = onnx.load(graph_path("full"))
    for tensor in graph.graph.initializer:
        if tensor.name.removesuffix("/half").endswith(("head.weight", "head.bias")):
            zero = np.zeros_like(numpy_helper.to_array(tensor))
            tensor.CopyFrom(numpy_helper.from_array(zero, tensor.name))
    other = tmp_path / "other.onnx"
    onnx.save(graph, other)
    pictures = centre(torch.from_numpy(drawn()), 112)
    answers = []
    for names in (("full",), ("full", str(other))):
        network, found = begun(load_recipe("full"), *names)
        with torch.no_grad():
            answers.append(network.eval()(found.normalised(pictures)))
    torch.testing.assert_close(answers[1], answers[0] / 2, rtol=1e-3, atol=1e-3)


def test_networks_that_are_not_alike_have_no_mean() -> None:
    """Both are named."""
    with pytest.raises(BadRule, match="swift and full, which are not alike"):
        begun(load_recipe("swift"), "swift", "full")


def test_another_shape_is_refused() -> None:
    """Other stages, another kind, other widths, no such network: one sentence."""
    with pytest.raises(BadRule, match="compact: it cannot begin with swift"):
        begun(load_recipe("compact"), "swift")
    with pytest.raises(BadRule, match="compact: it cannot begin with full"):
        begun(load_recipe("compact"), "full")
    own = load_recipe("swift").network.model_copy(update={"widths": (64, 96)})
    with pytest.raises(BadRule, match="other widths"):
        begun(load_recipe("swift").model_copy(update={"network": own}), "swift")
    with pytest.raises(UnknownName, match="nobody"):
        begun(load_recipe("compact"), "nobody")


@pytest.mark.parametrize(
    ("recipe", "others", "said"),
    [
        (load_recipe("swift"), ("full",), "mean_with names full, which has other stages"),
        (load_recipe("swift"), ("swift", "full"), "names swift and full, which are not alike"),
        (deeper("swift"), ("swift",), "mean_with names swift, which has fewer blocks"),
        (load_recipe("reference"), ("swift",), "a reference network has no mean"),
    ],
)
def test_what_has_no_mean_is_refused_before_the_first_step(
    recipe: Recipe, others: tuple[str, ...], said: str
) -> None:
    """Not after the last one, when a training of hours would be lost."""
    network = build(recipe.network, outputs_of(recipe.network, 4), recipe.pictures.input_pixels)
    with pytest.raises(BadRule, match=said):
        check_mean(network, others, material(recipe))


def test_a_network_that_is_not_there_is_named_before_the_work(tmp_path: Path) -> None:
    """No network as teacher or beginning is refused, and no picture is opened."""
    (tmp_path / "empty").mkdir()
    shutil.copy(graph_path("swift").with_suffix(".json"), tmp_path / "cut.json")
    (tmp_path / "cut.onnx").write_bytes(graph_path("swift").read_bytes()[:-100])
    sets, tiny = all_sets(tmp_path), recipe(tmp_path)
    lacks = "is no network, nor a run that holds one; train that network first"
    for name, said in (
        ("empty", lacks),
        ("gone", lacks),
        ("cut.onnx", "not the file that its card"),
    ):
        path = str(tmp_path / name)
        first = tiny.rounds[0].model_copy(update={"teachers": (path,)})
        for change in ({"rounds": (first,)}, {"begins_with": path}):
            asked = plan(sets, tiny.model_copy(update=change), tmp_path / "run")
            with pytest.raises((UnknownName, BadModel), match=f"recipe tiny: .*{name}.* {said}"):
                train(asked, quiet())
            assert not (tmp_path / "cache").exists()


def test_no_run_begins_with_what_learned_its_validation_galaxies(tmp_path: Path) -> None:
    """Another fold than the other network's is refused to begin with, and told of a teacher."""
    one = load_recipe("compact").model_copy(update={"validation": 0.25, "fold": 1})
    with pytest.raises(BadRule, match="swift, which learned from galaxies that only validate"):
        look_for_others(one.model_copy(update={"begins_with": "swift"}), pytest.fail)
    told: list[str] = []
    first = one.rounds[0].model_copy(update={"teachers": ("swift",)})
    look_for_others(one.model_copy(update={"rounds": (first,)}), told.append)
    assert len(told) == 1
    assert "teacher swift" in told[0]
    same = load_recipe("compact").model_copy(update={"begins_with": "swift"})
    look_for_others(same, pytest.fail)


def test_what_is_no_network_is_no_beginning(tmp_path: Path) -> None:
    """A file that only bears the name is refused in one sentence."""
    shutil.copy(graph_path("swift").with_suffix(".json"), tmp_path / "no.json")
    (tmp_path / "no.onnx").write_text("no network")
    with pytest.raises(BadModel, match=r"no\.onnx: no network that can be read"):
        begun(load_recipe("swift"), str(tmp_path / "no.onnx"))
