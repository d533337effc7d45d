"""Any number of pictures in bounded memory: threads decode and answer batches ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
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
from tuningfork.model.session import Model, cores


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
    threads: int | None = None,
) -> Iterator[Row]:
    """Classify pictures, one row for each, in their order.

    ``frame_share`` is the pictures' width as a share of Galaxy Zoo's frame (see
    :class:`tuningfork.images.frame.Preprocessing`), where that is known; ``reading`` says how they
    are read and where the galaxy is looked for; ``views`` how many turned and mirrored views
    the answers are averaged over (1 or 8); ``coverage`` and ``prior`` are as in
    :func:`tuningfork.classify.classifier.classifications`. ``threads`` read, decode and answer, by
    default one for each core, for which a model that uses one core an answer serves best; more
    are for pictures that are waited for. A batch for each core and one more are held at a time.
    A picture that cannot be read gives a row with an error; the others go on. Raises ServiceFailed
    where a service that holds pictures does not answer: that says nothing of them.
    """
    reading = with_share(reading, frame_share)
    preprocessing = model.card.preprocessing

    def answered(waited: list[Future[_Prepared]]) -> list[Row]:
        prepared = [one.result() for one in waited]
        readable = [one.pixels for one in prepared if one.pixels is not None]
        found: list[Classification] = []
        if readable:
            answers = answer_views(model, np.stack(readable), views)
            found = classifications(model.card, answers, coverage=coverage, prior=prior)
        return _rows(prepared, found)

    remaining = iter(pictures)
    ahead: deque[Future[list[Row]]] = deque()
    threads = threads or cores()
    most = min(threads, cores()) + 1
    pool = ThreadPoolExecutor(threads, thread_name_prefix="classify")
    try:
        while True:
            while len(ahead) < most:
                some = list(islice(remaining, batch))
                if not some:
                    break
                # An answer waits for its pictures, which stand before it in the pool's queue.
                waited = [pool.submit(_prepare, one, preprocessing, reading) for one in some]
                ahead.append(pool.submit(answered, waited))
            if not ahead:
                return
            yield from ahead.popleft().result()
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


def _rows(prepared: list[_Prepared], found: list[Classification]) -> list[Row]:
    remaining = iter(found)
    rows = []
    for one in prepared:
        classification = None if one.pixels is None else next(remaining)
        rows.append(Row(one.picture.id, one.picture.path, classification, one.error, one.note))
    return rows
