"""Networks as opponents."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.game.conftest import draw_galaxy
from tuningfork.classify import Classifier
from tuningfork.errors import BadModel
from tuningfork.game.machine import Network, load_machine
from tuningfork.images.frame import Preprocessing
from tuningfork.images.framing import Reading
from tuningfork.model.session import BUNDLED, Answers, load_model, model_names
from tuningfork.votes.rules import CLASSES


def _classifier(classes: tuple[str, ...], heat: bool = True) -> Any:
    """Stand in for a loaded network that gives its classes 0.1, 0.2 and so on."""
    card = SimpleNamespace(
        name="tiny",
        classes=classes,
        columns=(),
        calibration=None,
        sha256="a" * 64,
        preprocessing=Preprocessing(frame_pixels=64, input_pixels=32),
    )

    def answer(pixels: Any, *, more: bool = False) -> Answers:
        assert pixels.shape == (1, 32, 32, 3)
        assert more
        places = np.arange(1, len(classes) + 1, dtype=np.float32)
        maps = np.broadcast_to(places[:, None, None], (len(classes), 3, 3))[np.newaxis]
        return Answers(
            (places[np.newaxis] / 10).astype(np.float32),
            np.empty((1, 0), np.float32),
            maps if heat else None,
        )

    return SimpleNamespace(model=SimpleNamespace(card=card, answer=answer))


def test_network_answers_in_the_games_order() -> None:
    """Whatever the network's order of classes, each keeps its own probability and heat."""
    shuffled = ("spiral", "edge_on_spiral", "elliptical", "barred_spiral")
    answer = Network(_classifier(shuffled)).answer(draw_galaxy("spiral", 1))
    assert answer.label == "barred_spiral"
    assert tuple(answer.probabilities) == CLASSES
    expected = {"spiral": 0.1, "edge_on_spiral": 0.2, "elliptical": 0.3, "barred_spiral": 0.4}
    assert answer.probabilities == pytest.approx(expected)
    assert answer.heat is not None
    heat = np.load(io.BytesIO(answer.heat))
    assert heat.shape == (4, 3, 3)
    assert heat[:, 0, 0] == pytest.approx([10 * expected[name] for name in CLASSES])


def test_network_without_heat_plays_too() -> None:
    """An older graph answers; there is no heat to show."""
    answer = Network(_classifier(CLASSES, heat=False)).answer(draw_galaxy("spiral", 1))
    assert answer.heat is None
    assert answer.label == CLASSES[-1]


def test_network_of_other_classes_is_refused() -> None:
    """A network that tells other classes apart cannot play, and the message says why."""
    with pytest.raises(BadModel, match=r"round, long.*Choose another with --model"):
        Network(_classifier(("round", "long")))


@pytest.mark.skipif(BUNDLED not in model_names(), reason="the bundled network is not trained yet")
def test_bundled_network_gives_answer_and_heat_in_one_run() -> None:
    """One run of the ONNX graph gives both; the probabilities are the classifier's own."""
    picture = draw_galaxy("edge_on_spiral", 3)
    machine = load_machine()
    runs = 0
    model = machine._model
    plain = model.answer

    def counting(*args: Any, **named: Any) -> Answers:
        nonlocal runs
        runs += 1
        return plain(*args, **named)

    model.answer = counting  # type: ignore[method-assign]
    answer = machine.answer(picture)
    assert runs == 1
    said = Classifier(load_model()).classify(picture, reading=Reading(center="frame", size="frame"))
    assert answer.probabilities == pytest.approx(dict(said.probabilities), abs=1e-6)
    assert answer.fractions == pytest.approx(dict(said.fractions), abs=1e-6)
    assert answer.heat is not None
