"""What a network says of many pictures at once, as arrays: the material of every fit here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuningfork.cores import cores
from tuningfork.errors import BadData, BadModel, UnreadableImage
from tuningfork.images.decode import opened
from tuningfork.images.sources import Picture
from tuningfork.model.session import Model

BATCH = 64
_LEAST = 1e-30
"""A probability that 32 bits round to 0."""


@dataclass(frozen=True)
class Seen:
    """Answers to n pictures, those that could be read, in their order."""

    rows: NDArray[np.intp]
    """Which of the pictures: places in what was given."""
    logits: NDArray[np.float64]
    """(n, classes), but for a number that is the same for a picture's classes."""
    embedding: NDArray[np.float64]
    """(n, channels)."""


@dataclass(frozen=True)
class Watch:
    """Who is told how the work goes on, from any thread."""

    step: Callable[[], None] = lambda: None
    """After each picture."""
    unread: Callable[[UnreadableImage], None] = lambda error: None
    """Of each that cannot be read."""


SILENT = Watch()


def see(
    model: Model,
    pictures: Sequence[Picture],
    *,
    frame_share: float = 1.0,
    watch: Watch = SILENT,
) -> Seen:
    """Decode pictures and let the network answer; those that cannot be read are left out.

    Raises BadData if none can be read, BadModel if the network gives no embedding.
    """
    crop = model.card.preprocessing

    def prepared(picture: Picture) -> NDArray[np.uint8] | None:
        try:
            return crop.apply(opened(picture.read(), picture.path), frame_share)
        except UnreadableImage as error:
            watch.unread(error)
            return None

    parts, rows = [], []
    with ThreadPoolExecutor(cores()) as pool:
        for start in range(0, len(pictures), BATCH):
            pixels = list(pool.map(prepared, pictures[start : start + BATCH]))
            readable = [one for one in pixels if one is not None]
            rows += [start + place for place, one in enumerate(pixels) if one is not None]
            if readable:
                parts.append(_answered(model, np.stack(readable)))
            for _ in pixels:
                watch.step()
    if not parts:
        raise BadData(
            f"{pictures[0].path if pictures else 'a set'}: no picture can be read; check the set"
        )
    return _joined(parts, rows)


def see_pixels(model: Model, pixels: NDArray[np.uint8]) -> Seen:
    """Let the network answer for whole pictures, uint8 (n, side, side, 3)."""
    crop = model.card.preprocessing
    parts = [
        _answered(model, np.stack([crop.apply(one) for one in pixels[start : start + BATCH]]))
        for start in range(0, len(pixels), BATCH)
    ]
    return _joined(parts, list(range(len(pixels))))


def _answered(model: Model, pixels: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
    answers = model.answer(pixels, more=True)
    if answers.embedding is None:
        raise BadModel(
            f"the network {model.card.name} gives no embedding, which tells strangers from "
            "galaxies; export it again"
        )
    logits = np.log(np.maximum(answers.probabilities, _LEAST, dtype=np.float64))
    return logits, answers.embedding


def _joined(parts: list[tuple[NDArray[Any], ...]], rows: list[int]) -> Seen:
    logits, embedding = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Seen(
        rows=np.array(rows, np.intp),
        logits=logits.astype(np.float64),
        embedding=embedding.astype(np.float64),
    )
