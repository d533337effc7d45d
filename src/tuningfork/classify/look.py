"""Places on the sky in, answers out: one, or a catalogue of them that any kill leaves resumable."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np

from tuningfork.classify.classifier import classifications
from tuningfork.classify.stream import Row
from tuningfork.classify.writers import Cell, cells, column_names
from tuningfork.errors import BadTable, ServiceFailed, TuningForkError
from tuningfork.images.framing import Reading, Shown
from tuningfork.images.reading import read_picture
from tuningfork.model.card import Card
from tuningfork.model.session import Model
from tuningfork.sky import AUTO, View, locate, place_at, view
from tuningfork.web import Client
from tuningfork.web.manners import CircuitOpen

AHEAD = 4
"""Places that are asked for at a time; how many a second is the services' own setting."""
SKY_COLUMNS = ("name", "ra", "dec", "r90", "frame_arcsec", "survey", "url")
TEXT_COLUMNS = frozenset({"name", "survey", "url", "note"})
"""Of the sky's columns, those that hold text; the others hold numbers."""


@dataclass(frozen=True)
class Target:
    """What to look at: a name, or a position."""

    name: str = ""
    """Anything that :func:`tuningfork.sky.locate` reads; with a position just what it is called."""
    position: tuple[float, float] | None = None
    """Right ascension and declination, degrees."""
    r90: float | None = None
    """Petrosian R90 in seconds of arc, where it is known."""
    error: str = ""
    """Why this cannot be looked at, if that is known beforehand."""


@dataclass(frozen=True)
class Sight:
    """What came of looking."""

    target: Target
    view: View | None
    shown: Shown | None
    row: Row
    unasked: bool = False
    """Whether there is no answer because a service failed; a later look may give one."""


def look(
    model: Model,
    target: Target,
    *,
    survey: str = AUTO,
    center: str = "frame",
    client: Client | None = None,
) -> Sight:
    """Look at one place and classify what is there.

    ``center`` is ``frame`` for positions that are the galaxy's own, ``auto`` to look for it in the
    frame. Raises BadTable for a target with an error, UnknownName, NothingThere, ServiceFailed
    or UnreadableImage.
    """
    if target.error:
        raise BadTable(target.error)
    if target.position is None:
        place = locate(target.name, client=client)
    else:
        place = place_at(*target.position, target.name, target.r90)
    seen = view(place, r90=target.r90, survey=survey, client=client)
    picture = seen.cutout.picture
    shown = read_picture(picture.read(), picture.path, Reading(center=center, size="frame"))
    pixels = model.card.preprocessing.cut(shown.picture, shown.window)
    found = classifications(model.card, model.answer(pixels[np.newaxis]))[0]
    note = "; ".join(one for one in (seen.note, shown.note) if one)
    return Sight(target, seen, shown, Row(place.name, picture.path, found, "", note))


def look_at_all(
    model: Model,
    targets: Iterable[Target],
    *,
    survey: str = AUTO,
    center: str = "frame",
    client: Client | None = None,
) -> Iterator[Sight]:
    """Look at places, in their order; trouble with one becomes its row's error.

    Raises ServiceFailed where a service fails so often that it is left alone: the places not yet
    looked at are worth another try later.
    """

    def seen(target: Target) -> Sight:
        try:
            return look(model, target, survey=survey, center=center, client=client)
        except CircuitOpen:
            raise
        except TuningForkError as error:
            failed = isinstance(error, ServiceFailed)
            return Sight(target, None, None, Row(target.name, "", None, str(error)), failed)

    remaining = iter(targets)
    ahead: deque[Future[Sight]] = deque()
    pool = ThreadPoolExecutor(AHEAD, thread_name_prefix="look")
    try:
        while True:
            for target in islice(remaining, 2 * AHEAD - len(ahead)):
                ahead.append(pool.submit(seen, target))
            if not ahead:
                return
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def sight_columns(card: Card) -> tuple[str, ...]:
    """Name the columns of a table of sights: the sky's, the answers', note, error."""
    return (*SKY_COLUMNS, *_answer_columns(card), "note", "error")


def sight_cells(sight: Sight, card: Card) -> tuple[Cell, ...]:
    """Give a sight's values in the order of :func:`sight_columns`; None where there is none."""
    found = dict(zip(column_names(card), cells(sight.row, card), strict=True))
    answers = (found[name] for name in _answer_columns(card))
    sky: tuple[Cell, ...] = (sight.target.name or None, *(sight.target.position or (None, None)))
    sky = (*sky, sight.target.r90, None, None, None)
    if sight.view is not None:
        place, cutout = sight.view.place, sight.view.cutout
        position = (round(place.ra, 7), round(place.dec, 7))
        r90 = None if sight.view.r90 is None else round(sight.view.r90, 3)
        frame = round(cutout.frame_arcsec, 3)
        sky = (place.name, *position, r90, frame, cutout.survey, cutout.url)
    return (*sky, *answers, sight.row.note or None, sight.row.error or None)


def _answer_columns(card: Card) -> list[str]:
    """Name the columns of :func:`column_names` that say what the galaxy is."""
    return [name for name in column_names(card) if name not in {"id", "path", "note", "error"}]
