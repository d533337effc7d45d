"""Any number of pictures in bounded memory: threads decode and answer batches ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tuningfork.classify.classifier import Classification, classifications
from tuningfork.classify.views import answer_views
from tuningfork.cores import cores
from tuningfork.errors import ServiceFailed, TuningForkError
from tuningfork.images.framing import Reading, with_share
from tuningfork.images.reading import read_picture
from tuningfork.images.sources import Picture
from tuningfork.model.calibration import COVERAGE
from tuningfork.model.session import Model


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
class Asked:
    """What is asked of a network about pictures; see :func:`classify_pictures`."""

    reading: Reading = field(default_factory=Reading)
    views: int = 1
    coverage: float = COVERAGE
    prior: Mapping[str, float] | None = None


class Beside(Protocol):
    """Answers batches beside this process's threads, as they would."""

    def answer(self, pictures: Sequence[Picture], model: Model) -> list[Row] | None:
        """Answer with the same network, or not at all; from any thread."""
        ...


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
    beside: Beside | None = None,
) -> Iterator[Row]:
    """Classify pictures, one row for each, in their order.

    ``frame_share`` is the pictures' width as a share of Galaxy Zoo's frame (see
    :class:`tuningfork.images.frame.Preprocessing`), where that is known; ``reading`` says how they
    are read and where the galaxy is looked for; ``views`` how many turned and mirrored views
    the answers are averaged over (1 or 8); ``coverage`` and ``prior`` are as in
    :func:`tuningfork.classify.classifier.classifications`. ``threads`` read, decode and answer, by
    default one for each core, for which a model that uses one core an answer serves best; more
    are for pictures that are waited for. ``beside`` is offered each batch first, and answers it if
    it can. A batch for each core and one more are held at a time.
    A picture that cannot be read gives a row with an error; the others go on. Raises ServiceFailed
    where a service that holds pictures does not answer: that says nothing of them.
    """
    asked = Asked(with_share(reading, frame_share), views, coverage, prior)
    threads = threads or cores()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="classify")

    def submitted(some: list[Picture]) -> Future[list[Row]]:
        if beside is not None:
            return pool.submit(_beside_or_here, beside, model, some, asked)
        # An answer waits for its pictures, which stand before it in the pool's queue.
        waited = [pool.submit(_prepare, model, one, asked) for one in some]
        return pool.submit(lambda: _answered(model, [one.result() for one in waited], asked))

    remaining = iter(pictures)
    ahead: deque[Future[list[Row]]] = deque()
    most = min(threads, cores()) + 1
    try:
        while True:
            while len(ahead) < most and (some := list(islice(remaining, batch))):
                ahead.append(submitted(some))
            if not ahead:
                return
            yield from ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def classify_batch(model: Model, pictures: Sequence[Picture], asked: Asked) -> list[Row]:
    """Classify pictures one after another, in this thread. See :func:`classify_pictures`."""
    return _answered(model, [_prepare(model, one, asked) for one in pictures], asked)


def _beside_or_here(
    beside: Beside, model: Model, pictures: Sequence[Picture], asked: Asked
) -> list[Row]:
    rows = beside.answer(pictures, model)
    return classify_batch(model, pictures, asked) if rows is None else rows


def _prepare(model: Model, picture: Picture, asked: Asked) -> _Prepared:
    try:
        shown = read_picture(picture.read(), picture.path, asked.reading)
        pixels = model.card.preprocessing.cut(shown.picture, shown.window)
        return _Prepared(picture, pixels, note=shown.note)
    except ServiceFailed:
        raise
    except TuningForkError as error:
        return _Prepared(picture, None, str(error))
    except MemoryError:
        return _Prepared(
            picture, None, f"{picture.path}: too large for the memory; make it smaller"
        )


def _answered(model: Model, prepared: list[_Prepared], asked: Asked) -> list[Row]:
    readable = [one.pixels for one in prepared if one.pixels is not None]
    found: Iterator[Classification] = iter(())
    if readable:
        answers = answer_views(model, np.stack(readable), asked.views)
        found = iter(
            classifications(model.card, answers, coverage=asked.coverage, prior=asked.prior)
        )
    rows = []
    for one in prepared:
        classification = None if one.pixels is None else next(found)
        rows.append(Row(one.picture.id, one.picture.path, classification, one.error, one.note))
    return rows
