"""Galleries: the galaxies to look at, each with what the network saw and where it looked."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tuningfork.errors import UnreadableImage
from tuningfork.evaluate import Comparison
from tuningfork.evaluate.evaluation import Answered
from tuningfork.explain import heat_map, overlay, shown_crop
from tuningfork.images.framing import with_share
from tuningfork.images.reading import read_picture
from tuningfork.model import Model

SIDE = 192
"""Pixels of a picture's side on the page."""
MOST = 12
"""Galaxies in a gallery."""
FEW = 6
"""Galaxies in a gallery of where two part."""
QUALITY = 82


@dataclass(frozen=True)
class Shown:
    """One galaxy of a gallery."""

    id: str
    truth: str
    answer: str
    confidence: float
    """Of the answer, 0 to 1."""
    of_truth: float
    """The probability of the true class."""
    picture: str
    """What the network sees of it, as a data address (JPEG)."""
    heat: str
    """The same with what speaks for the answer laid over it."""
    theirs: str = ""
    """What another's table answers, where the gallery is of it."""


@dataclass(frozen=True)
class Gallery:
    """Galaxies under one heading."""

    title: str
    note: str
    galaxies: tuple[Shown, ...]


def choose(labelled: Sequence[Answered], classes: Sequence[str]) -> dict[str, list[Answered]]:
    """Choose the surest right (as many of each class), the surest wrong and the least sure."""
    sure = sorted(labelled, key=lambda one: (-one.found.confidence, one.id))
    right = [one for one in sure if one.found.label == one.known.label]
    each = max(1, MOST // len(classes))
    surest = [one for name in classes for one in _of_class(right, name)[:each]]
    wrong = [one for one in sure if one.found.label != one.known.label]
    # Of a few galaxies the least sure would be the surest too.
    unsure = sure[::-1][: min(MOST, -(-len(sure) // 3))]
    return {"right": surest[:MOST], "wrong": wrong[:MOST], "unsure": unsure}


def galleries(
    model: Model, labelled: Sequence[Answered], classes: Sequence[str], frame_share: float
) -> tuple[Gallery, ...]:
    """Draw the three galleries; one that would hold no picture is left out."""
    chosen = choose(labelled, classes)
    headings = (
        ("right", "Surest and right", "The surest right answers of each class."),
        ("wrong", "Surest and wrong", "What it is wrong about with the greatest confidence."),
        ("unsure", "Least sure", "Where the classes lie nearest to each other."),
    )
    return _filled(
        Gallery(title, note, tuple(shown(model, chosen[key], frame_share)))
        for key, title, note in headings
    )


def parted(
    model: Model,
    labelled: Sequence[Answered],
    comparison: Comparison,
    theirs: Mapping[str, str],
    frame_share: float,
) -> tuple[Gallery, ...]:
    """Draw where only one of the two is right, the surest of ours first.

    ``theirs`` is what the other answers, by id.
    """
    drawn = []
    for title, ids in (
        ("Right only here", comparison.only_here),
        ("Right only there", comparison.only_there),
    ):
        own = sorted(
            (one for one in labelled if one.id in frozenset(ids)),
            key=lambda one: (-one.found.confidence, one.id),
        )
        pictures = shown(model, own[:FEW], frame_share)
        drawn.append(
            Gallery(title, "", tuple(replace(one, theirs=theirs[one.id]) for one in pictures))
        )
    return _filled(drawn)


def shown(model: Model, galaxies: Iterable[Answered], frame_share: float) -> Iterable[Shown]:
    """Draw each galaxy as it was read for its answer; one that has gone since is left out."""
    preprocessing = model.card.preprocessing
    reading = with_share(None, frame_share)
    for one in galaxies:
        picture = one.galaxy.picture
        try:
            read = read_picture(picture.read(), picture.path, reading)
        except UnreadableImage:
            continue
        seen = preprocessing.cut(read.picture, read.window)
        wide = shown_crop(read.picture, preprocessing, read.window)
        heat = heat_map(model, seen, one.found.label)
        truth = str(one.known.label)
        yield Shown(
            one.id,
            truth,
            one.found.label,
            one.found.confidence,
            one.found.probabilities[truth],
            jpeg_address(wide),
            jpeg_address(overlay(wide, heat)),
        )


def jpeg_address(pixels: NDArray[np.uint8]) -> str:
    """Give a picture as a data address, SIDE pixels wide."""
    image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()


def _filled(drawn: Iterable[Gallery]) -> tuple[Gallery, ...]:
    return tuple(one for one in drawn if one.galaxies)


def _of_class(galaxies: Iterable[Answered], name: str) -> list[Answered]:
    return [one for one in galaxies if one.known.label == name]
