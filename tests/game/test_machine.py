"""Networks as opponents."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from tuningfork.errors import BadModel
from tuningfork.game.machine import Network
from tuningfork.votes.rules import CLASSES


@dataclass
class _Classifier:
    """Stands in for a loaded network."""

    classes: tuple[str, ...]

    @property
    def model(self) -> Any:
        return SimpleNamespace(
            card=SimpleNamespace(name="tiny", classes=self.classes, sha256="a" * 64)
        )

    def classify(self, _picture: bytes) -> Any:
        given = {name: 0.1 * place for place, name in enumerate(self.classes, start=1)}
        return SimpleNamespace(label=self.classes[-1], probabilities=given)


def test_network_answers_in_the_games_order() -> None:
    """Whatever the network's order of classes, each keeps its own probability."""
    shuffled = ("spiral", "edge_on_spiral", "elliptical", "barred_spiral")
    answer = Network(_Classifier(shuffled)).answer(b"picture")  # type: ignore[arg-type]
    assert answer.label == "barred_spiral"
    assert tuple(answer.probabilities) == CLASSES
    assert answer.probabilities == pytest.approx(
        {"spiral": 0.1, "edge_on_spiral": 0.2, "elliptical": 0.3, "barred_spiral": 0.4}
    )


def test_network_of_other_classes_is_refused() -> None:
    """A network that tells other classes apart cannot play, and the message says why."""
    with pytest.raises(BadModel, match=r"round, long.*Choose another with --model"):
        Network(_Classifier(("round", "long")))  # type: ignore[arg-type]
