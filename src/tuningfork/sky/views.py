"""A place on the sky as Galaxy Zoo would have shown it: the galaxy fills its share of the frame."""

from __future__ import annotations

from dataclasses import dataclass

from tuningfork.images.decode import decode
from tuningfork.images.frame import FRAME_R90
from tuningfork.images.plain import galaxy_in
from tuningfork.sky.cutouts import AUTO, LARGEST_FRAME, SMALLEST_FRAME, Cutout, cutout
from tuningfork.sky.names import Place
from tuningfork.web import Client

FIRST_LOOK = 120.0
"""Seconds of arc: the frame in which a galaxy of unknown size is measured first."""
LOOKS = 4
"""How often the frame is changed for a galaxy that turns out to be larger or smaller."""


NEAR = 1.2
"""Factor between a frame and the measured galaxy's own at which it is kept."""


@dataclass(frozen=True)
class View:
    """A galaxy in its frame."""

    place: Place
    cutout: Cutout
    r90: float | None
    """Petrosian R90 in seconds of arc that the frame was made for; None: nothing to measure."""
    note: str
    """Where size and survey come from."""


def view(
    place: Place, *, r90: float | None = None, survey: str = AUTO, client: Client | None = None
) -> View:
    """Fetch the frame of 8.48 Petrosian R90 around a place.

    The size is ``r90`` (seconds of arc) or else the place's own; where neither is known the galaxy
    is measured in a first look of FIRST_LOOK, and in another one where that shows too much or too
    little of it. Raises as :func:`tuningfork.sky.cutout` does.
    """
    known = r90 or place.r90
    if known is not None:
        frame = min(max(FRAME_R90 * known, SMALLEST_FRAME), LARGEST_FRAME)
        source = "as asked" if r90 else f"from {place.source.removeprefix('as given, ')}"
        found = cutout(place.ra, place.dec, frame, survey=survey, client=client)
        return View(place, found, known, _joined(f"R90 {known:.3g}″ {source}", found.note))
    return _measured(place, survey, client)


def _measured(place: Place, survey: str, client: Client | None) -> View:
    frame = FIRST_LOOK
    for _ in range(LOOKS):
        found = cutout(place.ra, place.dec, frame, survey=survey, client=client)
        r90 = _r90_in(found)
        if r90 is None:
            note = f"nothing to measure, so {frame:.0f}″ are shown"
            return View(place, found, None, _joined(note, found.note))
        wanted = min(max(FRAME_R90 * r90, SMALLEST_FRAME), LARGEST_FRAME)
        if max(wanted / frame, frame / wanted) <= NEAR:
            break
        frame = wanted
    return View(place, found, r90, _joined(f"R90 {r90:.3g}″ as measured", found.note))


def _r90_in(found: Cutout) -> float | None:
    """Measure the galaxy in the middle of a cutout, in seconds of arc."""
    pixels = decode(found.data, found.url)
    middle = found.pixels / 2
    galaxy = galaxy_in(pixels, (middle, middle))
    if galaxy is None:
        return None
    return galaxy.r90 * found.frame_arcsec / found.pixels


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
