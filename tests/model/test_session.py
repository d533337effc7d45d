"""Networks that answer."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.deck import crops
from tests.model.toy import BIAS, CLASSES, SIDE, toy_graph, write_toy
from tuningfork.errors import BadModel, UnknownName
from tuningfork.images.frame import Preprocessing
from tuningfork.model.session import graph_path, load_model, model_names
from tuningfork.votes.fractions import expected_sums
from tuningfork.votes.tree import TREE


def test_answers_are_what_the_graph_says(tmp_path: Path) -> None:
    """The toy's softmax and fractions, worked out by hand, come out of the session."""
    model = load_model(write_toy(tmp_path))
    pixels = np.zeros((2, SIDE, SIDE, 3), np.uint8)
    pixels[1, :, :, 0] = 255
    answers = model.answer(pixels)
    weights = [math.exp(4), 1, 1, math.exp(BIAS)]
    assert answers.probabilities[1] == pytest.approx([one / sum(weights) for one in weights])
    assert answers.fractions[1] == pytest.approx(np.arange(1, 38) / 37 / 3)
    assert answers.fractions[0] == pytest.approx(np.zeros(37))
    assert answers.probabilities.dtype == answers.fractions.dtype == np.float32


def test_nobody_is_told_what_is_classified(tmp_path: Path) -> None:
    """ONNX Runtime keeps no journal for Microsoft, which it would send over the internet."""
    toy = write_toy(tmp_path / "toy")
    code = "import sys\nfrom tuningfork.model.session import load_model\nload_model(sys.argv[1])"
    environment = {one: os.environ[one] for one in os.environ if "TELEMETRY" not in one}
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        environment[name] = str(tmp_path / "home")
    subprocess.run([sys.executable, "-c", code, str(toy)], env=environment, check=True)
    assert not list(tmp_path.rglob("*onnxruntime*"))


def test_more_is_given_where_the_graph_has_it(tmp_path: Path) -> None:
    """Asked for more, a graph gives the embedding that it has, and None for what it lacks."""
    path = write_toy(tmp_path)
    pixels = np.full((2, SIDE, SIDE, 3), 255, np.uint8)
    old = load_model(path).answer(pixels, more=True)
    assert (old.heat, old.embedding, old.zhu5) == (None, None, None)
    graph = onnx.load_from_string(toy_graph())
    graph.graph.output.append(
        onnx.helper.make_tensor_value_info("embedding", onnx.TensorProto.FLOAT, ["n", 3])
    )
    graph.graph.node.append(onnx.helper.make_node("Identity", ["colour"], ["embedding"]))
    data = graph.SerializeToString()
    write_toy(tmp_path, sha256=hashlib.sha256(data).hexdigest())
    path.write_bytes(data)
    model = load_model(path)
    assert model.answer(pixels).embedding is None
    found = model.answer(pixels, more=True)
    assert found.heat is None
    assert found.embedding is not None
    assert found.embedding == pytest.approx(np.full((2, 3), 255))


def test_no_pictures_give_no_answers(tmp_path: Path) -> None:
    """An empty batch has an empty answer of the right shape."""
    answers = load_model(write_toy(tmp_path)).answer(np.zeros((0, SIDE, SIDE, 3), np.uint8))
    assert answers.probabilities.shape == (0, len(CLASSES))
    assert answers.fractions.shape == (0, 37)


@pytest.mark.parametrize(("shape", "dtype"), [((1, 8, 8, 3), "u1"), ((1, SIDE, SIDE, 3), "f4")])
def test_pixels_of_another_form_are_refused(
    tmp_path: Path, shape: tuple[int, ...], dtype: str
) -> None:
    """Pixels must be of the card's size, and bytes."""
    with pytest.raises(ValueError, match="preprocessing"):
        load_model(write_toy(tmp_path)).answer(np.zeros(shape, dtype))


def test_a_network_is_found_by_file_card_and_run_folder(tmp_path: Path) -> None:
    """An ONNX file, its card, and the folder of a run all name the same network."""
    path = write_toy(tmp_path)
    names = (path, str(path), path.with_suffix(".json"), tmp_path, str(tmp_path))
    assert {load_model(name).card.name for name in names} == {"toy"}


def test_a_file_that_is_not_the_cards_is_refused(tmp_path: Path) -> None:
    """A single changed byte breaks the bond between file and card."""
    path = write_toy(tmp_path)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(BadModel, match=r"model\.onnx: .*SHA-256"):
        load_model(path)


def test_a_file_without_its_card_is_refused(tmp_path: Path) -> None:
    """No card, no answers."""
    path = write_toy(tmp_path)
    path.with_suffix(".json").unlink()
    with pytest.raises(BadModel, match=r"model\.json"):
        load_model(path)


def test_a_run_without_a_network_is_refused(tmp_path: Path) -> None:
    """A folder that holds no exported network says what is missing."""
    with pytest.raises(BadModel, match=r"model\.onnx"):
        load_model(tmp_path)


def test_an_unknown_name_is_refused() -> None:
    """Neither a bundled name nor a path: the message says what may be given."""
    with pytest.raises(UnknownName, match=r"^colossal: no such network"):
        load_model("colossal")


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (b"", "no usable ONNX graph"),
        (b"garbage", "no usable ONNX graph"),
        (toy_graph()[:-100], "no usable ONNX graph"),
        (toy_graph().replace(b"fractions", b"tractions"), "lacks 'fractions'"),
        (toy_graph().replace(b"pixels", b"pixies"), "lacks 'pixels'"),
    ],
)
def test_graphs_of_another_form_are_refused(tmp_path: Path, graph: bytes, message: str) -> None:
    """What is no graph, or lacks an input or output, is refused even if the hash agrees."""
    path = write_toy(tmp_path, sha256=hashlib.sha256(graph).hexdigest())
    path.write_bytes(graph)
    with pytest.raises(BadModel, match=message):
        load_model(path)


def test_a_card_that_promises_another_size_is_refused(tmp_path: Path) -> None:
    """The card's crop must be what the graph reads, and its classes what it answers."""
    with pytest.raises(BadModel, match="'pixels'"):
        load_model(write_toy(tmp_path, preprocessing=Preprocessing(32, 20)))
    with pytest.raises(BadModel, match="'probabilities'"):
        load_model(write_toy(tmp_path, classes=("spiral", "elliptical")))


def test_a_graph_with_sizes_left_open_is_accepted(tmp_path: Path) -> None:
    """Where the graph names a size instead of stating it, the card decides."""
    graph = onnx.load_from_string(toy_graph())
    for one in (*graph.graph.input, *graph.graph.output):
        for place, size in enumerate(one.type.tensor_type.shape.dim):
            size.dim_param = f"{one.name}_{place}"
    data = graph.SerializeToString()
    path = write_toy(tmp_path, sha256=hashlib.sha256(data).hexdigest())
    path.write_bytes(data)
    assert load_model(path).answer(np.zeros((1, SIDE, SIDE, 3), np.uint8)).fractions.shape == (
        1,
        37,
    )


@pytest.mark.parametrize("name", model_names())
def test_every_bundled_network_answers_within_the_tree(name: str) -> None:
    """On the simulated deck bundled networks keep the sums of probabilities and of the tree."""
    model = load_model(name)
    answers = model.answer(crops(model.card.preprocessing, step=6))
    assert len(answers.fractions) == 40
    sums = answers.probabilities.sum(axis=1, dtype=np.float64)
    np.testing.assert_allclose(sums, 1, rtol=0, atol=1e-6)
    fractions = answers.fractions.astype(np.float64)
    spans = [TREE.span(one.number) for one in TREE.questions]
    sums = np.stack([fractions[:, span].sum(axis=1) for span in spans], axis=1)
    np.testing.assert_allclose(sums, expected_sums(fractions), rtol=0, atol=1e-6)
    assert model.card.name == name


def test_the_bundled_networks_are_small() -> None:
    """The full one fits in 25 MB, the swift one in 3 MB."""
    assert set(model_names()) == {"full", "swift"}
    assert graph_path("full").stat().st_size < 25e6
    assert graph_path("swift").stat().st_size < 3e6
