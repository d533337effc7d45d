"""Any number of pictures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.classify.conftest import COLOURS, plain
from tests.images.pictures import scene
from tests.model.toy import SIDE
from tuningfork.classify import Classifier, classify_pictures
from tuningfork.classify.views import answer_views
from tuningfork.errors import UnreadableImage
from tuningfork.images.sources import Picture, find_pictures
from tuningfork.model.session import Answers, Model


def test_rows_keep_the_order_and_name_what_failed(mixed: Path, model: Model) -> None:
    """Each picture has its row; an unreadable one has an error, its neighbours have answers."""
    first, bad, last = classify_pictures(model, find_pictures([mixed]))
    assert [first.id, bad.id, last.id] == ["1", "2", "3"]
    assert first.classification is not None
    assert first.classification.label == "elliptical"
    assert last.classification is not None
    assert last.classification.label == "spiral"
    assert bad.classification is None
    assert bad.error.startswith(f"{mixed / '2.png'}: ")


@pytest.mark.parametrize("batch", [1, 3, 7, 64])
def test_batches_change_no_answer(model: Model, batch: int) -> None:
    """The stream gives, in order, what single pictures give, at any size of batch."""
    labels = list(COLOURS) * 7
    pictures = [
        Picture(str(place), "", partial(plain, COLOURS[label]))
        for place, label in enumerate(labels)
    ]
    rows = list(classify_pictures(model, pictures, batch=batch))
    assert [row.id for row in rows] == [str(place) for place in range(21)]
    for row, label in zip(rows, labels, strict=True):
        alone = Classifier(model).classify(plain(COLOURS[label]))
        assert row.classification is not None
        assert row.classification.label == label
        assert row.classification.probabilities == pytest.approx(alone.probabilities)


def test_memory_is_bounded(model: Model) -> None:
    """No more than three batches are asked for by two threads before their rows are taken."""
    asked = 0

    def endless() -> Iterator[Picture]:
        nonlocal asked
        while True:
            asked += 1
            yield Picture(str(asked), "", lambda: plain((9, 9, 9)))

    rows = classify_pictures(model, endless(), batch=4, threads=2)
    for _ in range(10):
        next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert asked <= 10 + 3 * 4


def test_stopping_early_leaves_no_thread(model: Model, mixed: Path) -> None:
    """A stream that is given up ends its threads."""
    rows = classify_pictures(model, find_pictures([mixed] * 20))
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert not [one for one in threading.enumerate() if one.name.startswith("classify")]


def test_only_unreadable_pictures_give_only_errors(model: Model) -> None:
    """A stream without one good picture still has every row."""

    def read() -> bytes:
        raise UnreadableImage("gone")

    rows = list(classify_pictures(model, [Picture(str(place), "", read) for place in range(40)]))
    assert [row.error for row in rows] == ["gone"] * 40


def test_no_pictures_give_no_rows(model: Model) -> None:
    """An empty stream ends at once."""
    assert list(classify_pictures(model, [])) == []


def test_eight_views_are_the_symmetries_of_the_square() -> None:
    """The views are all different, and together they have no direction left."""
    seen: list[NDArray[np.uint8]] = []

    class Recorder:
        def answer(self, pixels: NDArray[np.uint8]) -> Answers:
            seen.append(pixels)
            corner = pixels[:, 0, 0, :1].astype(np.float32)
            return Answers(corner, corner)

    pixels = scene(SIDE, SIDE)[np.newaxis]
    pixels[0, 2, 5] = 255
    answers = answer_views(Recorder(), pixels, 8)  # type: ignore[arg-type]
    assert len({one.tobytes() for one in seen}) == 8
    total = np.sum([one.astype(int) for one in seen], axis=0)[0]
    np.testing.assert_array_equal(total, np.rot90(total))
    np.testing.assert_array_equal(total, total[:, ::-1])
    corners = pixels[0, [0, 0, -1, -1], [0, -1, 0, -1], 0]
    assert answers.probabilities[0, 0] == pytest.approx(corners.mean())


def test_another_number_of_views_is_refused(model: Model) -> None:
    """Only 1 and 8 views are meaningful."""
    with pytest.raises(ValueError, match="views"):
        answer_views(model, np.zeros((1, SIDE, SIDE, 3), np.uint8), 3)
