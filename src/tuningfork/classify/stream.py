"""Any number of pictures in bounded memory: threads decode ahead while the network answers."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from tuningfork.classify.classifier import Classification, classifications
from tuningfork.classify.views import answer_views
from tuningfork.errors import ServiceFailed, TuningForkError
from tuningfork.images.frame import Preprocessing
from tuningfork.images.framing import Reading, with_share
from tuningfork.images.reading import read_picture
from tuningfork.images.sources import Picture
from tuningfork.model.calibration import COVERAGE
from tuningfork.model.session import Model

DECODERS = min(4, os.cpu_count() or 1)
"""Threads that read and decode; a small network answers faster than four can decode."""


@dataclass(frozen=True)
class Row:
    """What came of one picture: a classification, or an error that says why there is none."""

    id: str
    path: str
    classification: Classification | None
    error: str
    note: str = ""
    """How the picture was read, where that was not plain: a FITS file, a galaxy off the middle."""


@dataclass(frozen=True)
class _Prepared:
    picture: Picture
    pixels: NDArray[np.uint8] | None
    error: str = ""
    note: str = ""


def classify_pictures(
    model: Model,
    pictures: Iterable[Picture],
    *,
    frame_share: float | None = None,
    reading: Reading | None = None,
    views: int = 1,
    coverage: float = COVERAGE,
    prior: Mapping[str, float] | None = None,
    batch: int = 16,
    decoders: int = DECODERS,
) -> Iterator[Row]:
    """Classify pictures, one row for each, in their order.

    ``frame_share`` is the pictures' width as a share of Galaxy Zoo's frame (see
    :class:`tuningfork.images.frame.Preprocessing`), where that is known; ``reading`` says how they
    are read and where the galaxy is looked for; ``views`` how many turned and mirrored views
    the answers are averaged over (1 or 8); ``coverage`` and ``prior`` are as in
    :func:`tuningfork.classify.classifier.classifications`. No more than three batches of pictures
    are held at a time, which ``decoders`` threads read and decode. A picture that cannot be read
    gives a row with an error; the others go on. Raises ServiceFailed where a service that holds
    pictures does not answer: that says nothing of them.
    """
    reading = with_share(reading, frame_share)
    preprocessing = model.card.preprocessing

    def answered(pixels: NDArray[np.uint8]) -> list[Classification]:
        answers = answer_views(model, pixels, views)
        return classifications(model.card, answers, coverage=coverage, prior=prior)

    remaining = iter(pictures)
    ahead: deque[Future[_Prepared]] = deque()
    pool = ThreadPoolExecutor(decoders, thread_name_prefix="decode")
    try:
        while True:
            for picture in islice(remaining, 3 * batch - len(ahead)):
                ahead.append(pool.submit(_prepare, picture, preprocessing, reading))
            if not ahead:
                return
            prepared = [ahead.popleft().result() for _ in range(min(batch, len(ahead)))]
            yield from _rows(prepared, answered)
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare(picture: Picture, preprocessing: Preprocessing, reading: Reading) -> _Prepared:
    try:
        shown = read_picture(picture.read(), picture.path, reading)
        return _Prepared(picture, preprocessing.cut(shown.picture, shown.window), note=shown.note)
    except ServiceFailed:
        raise
    except TuningForkError as error:
        return _Prepared(picture, None, str(error))
    except MemoryError:
        return _Prepared(
            picture, None, f"{picture.path}: too large for the memory; make it smaller"
        )


def _rows(
    prepared: list[_Prepared], answered: Callable[[NDArray[np.uint8]], list[Classification]]
) -> Iterator[Row]:
    readable = [one.pixels for one in prepared if one.pixels is not None]
    found: Iterator[Classification] = iter(())
    if readable:
        found = iter(answered(np.stack(readable)))
    for one in prepared:
        classification = None if one.pixels is None else next(found)
        yield Row(one.picture.id, one.picture.path, classification, one.error, one.note)
