"""One galaxy at a time."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tuningfork
from tests.classify.conftest import plain
from tests.images.pictures import encoded, scene
from tests.model.toy import BIAS
from tuningfork.classify import Classifier
from tuningfork.errors import UnreadableImage
from tuningfork.model.session import Model
from tuningfork.votes.tree import TREE


def test_one_line_classifies(toy: Path) -> None:
    """load().classify() names the class, its probability and the 37 fractions."""
    found = tuningfork.load(toy).classify(plain((255, 0, 0)))
    weights = {
        "elliptical": math.exp(4), "spiral": 1, "barred_spiral": 1, "edge_on_spiral": math.exp(BIAS)
    }  # fmt: skip
    assert found.label == "elliptical"
    assert found.probabilities == pytest.approx(
        {name: one / sum(weights.values()) for name, one in weights.items()}
    )
    assert found.confidence == found.probabilities["elliptical"]
    assert tuple(found.fractions) == TREE.columns
    assert found.fractions["Class11.6"] == pytest.approx(1 / 3)


def test_every_way_to_give_a_picture_gives_the_same_answer(tmp_path: Path, model: Model) -> None:
    """Path, text, bytes, Pillow image and arrays of any type are one picture."""
    array, data = scene(40, 60), encoded(scene(40, 60))
    path = tmp_path / "galaxy.png"
    path.write_bytes(data)
    sources: list[Any] = [
        path, str(path), data, Image.open(io.BytesIO(data)), array,
        array.astype(np.int64), array / 255.0, array.astype(np.uint16) * 257,
    ]  # fmt: skip
    classifier = Classifier(model)
    answers = [classifier.classify(one) for one in sources]
    assert all(one.probabilities == pytest.approx(answers[0].probabilities) for one in answers)


def test_the_frame_share_changes_what_is_seen(model: Model) -> None:
    """At half the share the network sees twice as much of the picture."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[16:48, 16:48, 0] = 255  # the central half
    seen = [Classifier(model).classify(picture, share).fractions["Class11.6"] for share in (1, 0.5)]
    assert seen == pytest.approx([1 / 3, 1 / 12], rel=0.1)


def test_an_unreadable_picture_is_refused(tmp_path: Path, model: Model) -> None:
    """A missing file, a folder and broken bytes are refused by name."""
    sources: tuple[Any, ...] = (tmp_path / "absent.png", tmp_path, b"broken", np.zeros(5))
    for source in sources:
        with pytest.raises(UnreadableImage):
            Classifier(model).classify(source)
