"""One galaxy at a time, from whatever holds its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tuningfork.images.decode import decode, eight_bits, pixels_of
from tuningfork.images.sources import read_file, readable
from tuningfork.model.card import Card
from tuningfork.model.session import Answers, Model, load_model

Source = str | Path | bytes | bytearray | memoryview | Image.Image | NDArray[Any]
"""A file's path, a file's bytes, a Pillow image, or an array (see images.decode.eight_bits)."""


@dataclass(frozen=True)
class Classification:
    """What a network says of one galaxy."""

    label: str
    """The most probable class."""
    probabilities: Mapping[str, float]
    """Class → probability, 0 to 1; they sum to 1."""
    fractions: Mapping[str, float]
    """``Class1.1`` … ``Class11.6`` → weighted vote fraction, 0 to 1, that volunteers would give;
    empty from a network that tells only classes."""

    @property
    def confidence(self) -> float:
        """The probability of the most probable class."""
        return self.probabilities[self.label]


class Classifier:
    """Tells what galaxies are. Safe to use from several threads."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def classify(self, image: Source, frame_share: float = 1.0) -> Classification:
        """Classify the galaxy at the centre of a picture.

        ``image`` is a file's path or bytes, a Pillow image, or an array of shape (height, width)
        or (height, width, 3). ``frame_share`` is the picture's width (its shorter side) as a share
        of Galaxy Zoo's 424-pixel frame, 8.48 petroR90: 0.5 for a picture of the central half.
        Raises UnreadableImage, and ValueError for a share that is not above 0.
        """
        pixels = self.model.card.preprocessing.apply(_pixels(image), frame_share)
        return classifications(self.model.card, self.model.answer(pixels[np.newaxis]))[0]


def load(model: str | Path | None = None, *, threads: int | None = None) -> Classifier:
    """Load a classifier: the bundled network, another by name, or one from a file or run folder.

    ``threads`` is how many processor cores one answer may use, by default all. Raises UnknownName
    or BadModel.
    """
    return Classifier(load_model(model, threads=threads))


def classifications(card: Card, answers: Answers) -> list[Classification]:
    """Name what a network's answers say."""
    return [
        Classification(
            card.classes[place],
            dict(zip(card.classes, probabilities, strict=True)),
            dict(zip(card.columns, fractions, strict=True)),
        )
        for place, probabilities, fractions in zip(
            answers.probabilities.argmax(axis=1).tolist(),
            answers.probabilities.tolist(),
            answers.fractions.tolist(),
            strict=True,
        )
    ]


def _pixels(image: Source) -> NDArray[np.uint8]:
    match image:
        case str() | Path():
            return decode(read_file(Path(image)), readable(str(image)))
        case bytes() | bytearray() | memoryview():
            return decode(bytes(image), "the picture")
        case Image.Image():
            return pixels_of(image, "the picture")
        case _:
            return eight_bits(np.asarray(image), "the picture")
