"""One galaxy at a time, from whatever holds its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tuningfork.errors import BadModel
from tuningfork.images.decode import coloured, eight_bits
from tuningfork.images.framing import Reading, Shown, with_share
from tuningfork.images.reading import read_picture, read_pixels
from tuningfork.images.sources import read_file, readable
from tuningfork.model.calibration import COVERAGE, Doubt, check_coverage, doubts
from tuningfork.model.card import Card
from tuningfork.model.session import Answers, Model, load_model

Source = str | Path | bytes | bytearray | memoryview | Image.Image | NDArray[Any]
"""A file's path, a file's bytes, a Pillow image, or an array (see images.decode.eight_bits)."""
NOT_CALIBRATED = "the network {name} is not calibrated; run tuningfork calibrate on it first"


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

    doubt: Doubt | None = None
    """Which classes are left at the coverage asked for, and whether there is a galaxy at all;
    None from a network that nobody has calibrated."""
    note: str = ""
    """How the picture was read, where that was not plain: a FITS file, a galaxy off the middle."""

    @property
    def confidence(self) -> float:
        """The probability of the most probable class."""
        return self.probabilities[self.label]

    @property
    def verdict(self) -> str | None:
        """That of ``doubt``: sure, unsure or no galaxy here; None without one."""
        return None if self.doubt is None else self.doubt.verdict


class Classifier:
    """Tells what galaxies are. Safe to use from several threads."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def classify(
        self,
        image: Source,
        frame_share: float | None = None,
        *,
        reading: Reading | None = None,
        coverage: float = COVERAGE,
        prior: Mapping[str, float] | None = None,
    ) -> Classification:
        """Classify the galaxy in a picture.

        ``image`` is the path or bytes of a picture or FITS file, a Pillow image, or an array of
        shape (height, width) or (height, width, 3). ``frame_share`` is the picture's width (its
        shorter side) as a share of Galaxy Zoo's 424-pixel frame, 8.48 petroR90, where that is
        known: 0.5 for a picture of the central half. ``reading`` says where the galaxy is, how
        large, and what of a FITS file to take. ``coverage`` and ``prior`` are as in
        :func:`classifications`. Raises UnreadableImage, and ValueError for a share that is not
        above 0.
        """
        shown = shown_in(image, with_share(reading, frame_share))
        pixels = self.model.card.preprocessing.cut(shown.picture, shown.window)
        answers = self.model.answer(pixels[np.newaxis])
        found = classifications(self.model.card, answers, coverage=coverage, prior=prior)[0]
        return replace(found, note=shown.note)


def load(model: str | Path | None = None, *, threads: int | None = None) -> Classifier:
    """Load a classifier: the bundled network, another by name, or one from a file or run folder.

    ``threads`` is how many processor cores one answer may use, by default all. Raises UnknownName
    or BadModel.
    """
    return Classifier(load_model(model, threads=threads))


@lru_cache(maxsize=4)
def loaded(model: str | Path | None) -> Model:
    """The network, loaded once a process; on one core an answer, for many are given at once."""
    return load_model(model, threads=1)


def classifications(
    card: Card,
    answers: Answers,
    *,
    coverage: float = COVERAGE,
    prior: Mapping[str, float] | None = None,
) -> list[Classification]:
    """Name what a network's answers say, and how far to believe them.

    ``coverage``, above 0 and below 1, is how often the classes that are left shall hold the truth.
    ``prior``, class → share, is the mix of classes among the pictures, where it is not that of the
    card's calibration: it moves the probabilities (Saerens et al. 2002). Raises BadModel for a
    prior where the card has no calibration, ValueError for a wrong coverage or prior.
    """
    check_coverage(coverage)
    own = card.calibration
    if own is None and prior is not None:
        raise BadModel(NOT_CALIBRATED.format(name=card.name))
    stated = answers.probabilities
    if own is not None and prior is not None:
        stated = own.reweighed(stated, prior).astype(np.float32)
    found: list[Doubt | None] = [None] * len(stated)
    if own is not None and answers.strangeness is not None:
        strange = answers.strangeness
        found = [*doubts(own, answers.probabilities, strange, coverage, stated)]
    return [
        Classification(
            card.classes[place],
            dict(zip(card.classes, probabilities, strict=True)),
            dict(zip(card.columns, fractions, strict=True)),
            doubt,
        )
        for place, probabilities, fractions, doubt in zip(
            stated.argmax(axis=1).tolist(),
            stated.tolist(),
            answers.fractions.tolist(),
            found,
            strict=True,
        )
    ]


def shown_in(image: Source, reading: Reading) -> Shown:
    """Read whatever holds a picture. Raises UnreadableImage."""
    match image:
        case str() | Path():
            return read_picture(read_file(Path(image)), readable(str(image)), reading)
        case bytes() | bytearray() | memoryview():
            return read_picture(bytes(image), "the picture", reading)
        case Image.Image():
            return read_pixels(coloured(image, "the picture"), "the picture", reading)
        case _:
            array = eight_bits(np.asarray(image), "the picture")
            return read_pixels(array, "the picture", reading)
