"""Positions to pictures: cutouts of SDSS and of the Legacy Surveys.

SDSS's colour pictures (gri) are what Galaxy Zoo showed and the network learned from. The Legacy
Surveys (grz) cover more of the sky, deeper and in other colours, so they come second.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from PIL import Image

from tuningfork.errors import NothingThere, UnknownName, UnreadableImage
from tuningfork.images.blank import blank_kind, is_text
from tuningfork.images.decode import decode
from tuningfork.images.sources import Picture
from tuningfork.web import Answer, Client, shared_client
from tuningfork.web.trouble import Passing

FRAME_PIXELS = 424
"""Side of Galaxy Zoo's pictures."""
AUTO = "auto"
SURVEYS = ("sdss", "legacy")
"""In the order in which they are asked."""
COARSEST = 60.0
"""Seconds of arc a pixel, the coarsest scale that SkyServer draws."""
SMALLEST_FRAME, LARGEST_FRAME = 2.0, 2048 * COARSEST
"""Seconds of arc."""


@dataclass(frozen=True)
class _Field:
    ra: float
    dec: float
    frame_arcsec: float
    pixels: int


@dataclass(frozen=True)
class Cutout:
    """A square picture of a piece of the sky."""

    ra: float
    """Right ascension of its middle, degrees (ICRS)."""
    dec: float
    """Declination of its middle, degrees (ICRS)."""
    frame_arcsec: float
    """Width in seconds of arc."""
    pixels: int
    """Width in pixels."""
    survey: str
    """``sdss`` or ``legacy``."""
    url: str
    """Where it came from."""
    data: bytes
    """A JPEG file's bytes."""
    note: str = ""
    """Why another survey was not taken, if one was asked before."""

    @property
    def picture(self) -> Picture:
        """The cutout as anything that reads pictures takes it."""
        name = f"{self.ra:.5f}{self.dec:+.5f}"
        return Picture(name, self.url, lambda: self.data)


def cutout(
    ra: float,
    dec: float,
    frame_arcsec: float,
    *,
    survey: str = AUTO,
    pixels: int = FRAME_PIXELS,
    client: Client | None = None,
) -> Cutout:
    """Fetch the piece of sky ``frame_arcsec`` wide around a position, from disk if it was here.

    ``ra`` and ``dec`` are degrees (ICRS); a Galaxy Zoo frame is 8.48 petroR90 wide. ``survey`` is
    ``sdss``, ``legacy``, or ``auto`` for SDSS and, where that shows nothing, the Legacy Surveys; a
    service in trouble is no reason to take another, so that a position always gives the same
    picture. ``pixels`` is the width of the picture, 64 to 2048, and more if the frame is wider than
    60″ for each. Takes at most some seconds where the service lives, and gives up at once where it
    failed repeatedly within the last minute.

    Raises NothingThere where the survey shows no sky (off its footprint), ServiceFailed where it
    cannot be asked, ValueError for a position or size that cannot be.
    """
    pixels = max(pixels, math.ceil(frame_arcsec / COARSEST)) if frame_arcsec < math.inf else pixels
    _check(ra, dec, frame_arcsec, pixels)
    if survey != AUTO and survey not in SURVEYS:
        raise UnknownName(f"{survey}: no such survey; choose from {AUTO}, {', '.join(SURVEYS)}")
    asked = SURVEYS if survey == AUTO else (survey,)
    field = _Field(ra, dec, frame_arcsec, pixels)
    notes: list[str] = []
    for name in asked[:-1]:
        try:
            return _from(name, client or shared_client(), field)
        except NothingThere as error:
            notes.append(str(error).partition(",")[0])
    return replace(_from(asked[-1], client or shared_client(), field), note="; ".join(notes))


def _from(survey: str, client: Client, field: _Field) -> Cutout:
    path, params = _REQUESTS[survey](field)
    title = client.settings.service(survey).title
    answer = client.get(survey, path, params, check=partial(_is_picture, title))
    where = f"{title} at {field.ra:.5f} {field.dec:+.5f}"
    trouble = blank_kind(decode(answer.body, where))
    if trouble:
        raise NothingThere(
            f"{where}: {trouble}, so the position is off the survey's footprint or the service "
            "is in trouble; check the position or try another --survey"
        )
    return Cutout(
        field.ra,
        field.dec,
        field.frame_arcsec,
        field.pixels,
        survey=survey,
        url=answer.url,
        data=answer.body,
    )


def _sdss(field: _Field) -> tuple[str, Mapping[str, str | float]]:
    return "/ImgCutout/getjpeg", {
        "ra": f"{field.ra:.6f}",
        "dec": f"{field.dec:.6f}",
        "scale": f"{field.frame_arcsec / field.pixels:.6f}",
        "width": field.pixels,
        "height": field.pixels,
        "opt": "",
    }


def _legacy(field: _Field) -> tuple[str, Mapping[str, str | float]]:
    return "/cutout.jpg", {
        "ra": f"{field.ra:.6f}",
        "dec": f"{field.dec:.6f}",
        "layer": "ls-dr10",
        "pixscale": f"{field.frame_arcsec / field.pixels:.6f}",
        "size": field.pixels,
    }


_REQUESTS = {"sdss": _sdss, "legacy": _legacy}


def _is_picture(title: str, answer: Answer) -> None:
    """Raise Passing unless the answer is a whole picture."""
    if not answer.body:
        raise Passing(f"{title} gave an empty answer; try again later")
    if is_text(answer.body):
        words = " ".join(answer.body[:80].decode("utf-8", "replace").split())
        raise Passing(f"{title} gave text in place of a picture ({words!r}); try again later")
    try:
        with Image.open(io.BytesIO(answer.body)) as image:
            image.load()
    except Exception as error:  # on damaged files Pillow's readers raise nearly anything
        raise Passing(f"{title} gave a damaged picture ({error}); try again later") from error


def _check(ra: float, dec: float, frame_arcsec: float, pixels: int) -> None:
    if not (math.isfinite(ra) and 0 <= ra <= 360 and math.isfinite(dec) and abs(dec) <= 90):
        raise UnreadableImage(
            f"position {ra} {dec}: no place on the sky; give right ascension 0 to 360 and "
            "declination -90 to 90, in degrees"
        )
    if not SMALLEST_FRAME <= frame_arcsec <= LARGEST_FRAME:
        raise UnreadableImage(
            f"a frame {frame_arcsec:g}″ wide: give {SMALLEST_FRAME:g} to {LARGEST_FRAME:,.0f}"
        )
    if not 64 <= pixels <= 2048:
        raise ValueError(f"{pixels} pixels: the surveys give 64 to 2048")
