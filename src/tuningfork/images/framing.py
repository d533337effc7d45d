"""Framing: which part of a picture stands for a Galaxy Zoo frame.

The rule is written down, with what it is worth, in docs/fits.md.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tuningfork.errors import UnreadableImage
from tuningfork.images.frame import FRAME_R90, Pixels, Raster, Window

if TYPE_CHECKING:
    from tuningfork.images.locate import Galaxy

SOFTENING = 6.5
"""Lupton's Q that makes pictures like SDSS's (see the simulated sky, which was fitted to them)."""
CENTRED = 0.08
"""Of a frame's width: a galaxy nearer to the middle than this is left where it is."""
NORMAL = (0.74, 1.5)
"""Measured sizes, over that of a galaxy whose frame the picture is, that are left as they are."""

_LENGTH = re.compile(r"(?P<value>[0-9.eE+-]+)\s*(?P<unit>px|pix|pixels?|arcsec|asec|''|\"|″)?")


@dataclass(frozen=True)
class Size:
    """A galaxy's Petrosian R90."""

    value: float
    arcsec: bool
    """Seconds of arc if true, else pixels."""


@dataclass(frozen=True)
class Reading:
    """How pictures are read: what the options of ``tuningfork classify`` say.

    Raises ValueError, saying what is wanted, for text that is none of these; TypeError for no text.
    """

    center: str = "auto"
    """``auto`` looks for the galaxy, ``frame`` takes the picture's middle, ``X,Y`` is a position in
    pixels: of plain pictures from the top left corner, of FITS as FITS counts (the middle of the
    lower left pixel is 1,1)."""
    size: str = "auto"
    """Petrosian R90 of the galaxy: ``auto`` from the header or measured, ``frame`` for pictures
    that are Galaxy Zoo's frames or a share of them, a number in pixels, or such as ``12arcsec``."""
    frame_share: float | None = None
    """The shorter side of the pictures as a share of Galaxy Zoo's frame, where that is known; it
    then takes the place of a size that would be measured or read from a header."""
    hdus: tuple[str, ...] = ()
    """Names or numbers of a FITS file's units; none: the first image, or one for each band."""
    bands: tuple[str, ...] = ()
    """Names of FITS bands, or numbers from 1, for red, green and blue; or a single one."""
    stretch: float | None = None
    """Brightness that would be white if faint light's proportion held on (Lupton et al. 2004), in
    the FITS file's unit; None chooses it so that galaxies come out as bright as Galaxy Zoo's."""
    softening: float = SOFTENING
    """Lupton's Q: how strongly bright light is compressed."""

    def __post_init__(self) -> None:
        for name, text in (("center", self.center), ("size", self.size)):
            if not isinstance(text, str):
                raise TypeError(f"a {name} of {text!r}; give text: 'auto', '212,212' or '40px'")
        _ = self.point, self.length
        if self.frame_share is not None and not 0 < self.frame_share < math.inf:
            raise ValueError(f"frame_share is {self.frame_share}; give a number above 0")
        if len(self.bands) not in (0, 1, 3):
            raise ValueError(f"{len(self.bands)} bands; give three for red, green, blue, or one")
        if self.stretch is not None and not 0 < self.stretch < math.inf:
            raise ValueError(f"a stretch of {self.stretch}; give a number above 0")
        if not 0 < self.softening < math.inf:
            raise ValueError(f"a softening of {self.softening}; give a number above 0")

    @property
    def point(self) -> tuple[float, float] | None:
        """The position that ``center`` names; None for ``auto`` and ``frame``."""
        if self.center in ("auto", "frame"):
            return None
        parts = self.center.split(",")
        try:
            x, y = (float(part) for part in parts)
        except ValueError:
            raise ValueError(
                f"a center of '{self.center}'; give auto, frame, or X,Y in pixels"
            ) from None
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ValueError(f"a center of '{self.center}'; give finite numbers")
        return x, y

    @property
    def length(self) -> Size | None:
        """The length that ``size`` names; None for ``auto`` and ``frame``."""
        if self.size in ("auto", "frame"):
            return None
        found = _LENGTH.fullmatch(self.size.strip())
        try:
            value = float(found["value"]) if found else math.nan
        except ValueError:
            value = math.nan
        if found is None or not 0 < value < math.inf:
            raise ValueError(
                f"a size of '{self.size}'; give auto, frame, or the Petrosian R90 in pixels or as "
                "12arcsec"
            )
        return Size(value, found["unit"] is not None and not found["unit"].startswith("p"))


@dataclass(frozen=True)
class Known:
    """What is known of a picture besides its pixels."""

    where: str
    """Its name in messages."""
    point: tuple[float, float] | None = None
    """The position that was asked for, in pixels from the top left corner."""
    arcsec: float | None = None
    """Seconds of arc a pixel."""
    size: tuple[float, str] | None = None
    """R90 in pixels, and where that is from."""


def with_share(reading: Reading | None, frame_share: float | None) -> Reading:
    """Add to ``reading`` what part of a frame pictures show. Raises ValueError unless above 0."""
    reading = reading or Reading()
    return reading if frame_share is None else replace(reading, frame_share=frame_share)


@dataclass(frozen=True)
class Shown:
    """A picture, where a Galaxy Zoo frame lies in it, and what was decided on the way."""

    picture: Raster
    window: Window
    note: str

    @property
    def pixels(self) -> Pixels:
        """The picture as an array."""
        return np.asarray(self.picture)


@dataclass(frozen=True)
class Framed:
    """Where the frame lies, and a sentence about it."""

    window: Window
    note: str


def framed(
    shape: tuple[int, int],
    galaxy: Galaxy | None,
    reading: Reading,
    known: Known,
) -> Framed:
    """Decide which square of a picture of ``shape`` (height, width) stands for a frame.

    ``galaxy`` is what was found in it, or None. Raises UnreadableImage for a position outside the
    picture, and for a size in seconds of arc where the scale is not known.
    """
    height, width = shape
    whole = min(shape) / (reading.frame_share or 1.0)
    frame, size_note = _frame_width(whole, galaxy, reading, known)
    middle = (width / 2, height / 2)
    point = known.point
    if point is not None:
        if not (0 <= point[0] <= width and 0 <= point[1] <= height):
            raise UnreadableImage(
                f"{known.where}: the center {reading.center} lies outside its {width}×{height} "
                "pixels; give a position inside"
            )
        return Framed(Window(*point, frame), _joined(f"centred on {reading.center}", size_note))
    if reading.center == "frame":
        return Framed(Window(*middle, frame), size_note)
    if galaxy is None:
        return Framed(Window(*middle, frame), _joined("no galaxy stands out", size_note))
    across, down = galaxy.x - middle[0], galaxy.y - middle[1]
    if math.hypot(across, down) <= CENTRED * frame:
        return Framed(Window(*middle, frame), size_note)
    note = f"galaxy found {_direction(across, down)} the middle, and centred"
    return Framed(Window(galaxy.x, galaxy.y, frame), _joined(note, size_note))


def _frame_width(
    whole: float, galaxy: Galaxy | None, reading: Reading, known: Known
) -> tuple[float, str]:
    """Give the width of a frame in the picture's pixels, and how it was found."""
    asked = reading.length
    if asked is not None:
        if asked.arcsec and known.arcsec is None:
            raise UnreadableImage(
                f"{known.where}: has no WCS, so seconds of arc say nothing of its pixels; give "
                "--size in pixels"
            )
        r90 = asked.value / (known.arcsec or 1.0) if asked.arcsec else asked.value
        return FRAME_R90 * r90, f"R90 {_length(r90, known)} as asked"
    if reading.size == "frame" or reading.frame_share is not None:
        return whole, ""
    if known.size is not None:
        r90, source = known.size
        return FRAME_R90 * r90, f"R90 {_length(r90, known)} from {source}"
    if galaxy is None:
        return whole, ""
    measured = FRAME_R90 * galaxy.r90
    if NORMAL[0] <= measured / whole <= NORMAL[1]:
        return whole, ""
    return measured, f"R90 {_length(galaxy.r90, known)} as measured"


def _length(r90: float, known: Known) -> str:
    pixels = f"{r90:.3g} px"
    return pixels if known.arcsec is None else f"{r90 * known.arcsec:.3g}″ ({pixels})"


def _direction(across: float, down: float) -> str:
    sides = []
    if round(across):
        sides.append(f"{abs(across):.0f} px {'right' if across > 0 else 'left'}")
    if round(down):
        sides.append(f"{abs(down):.0f} px {'below' if down > 0 else 'above'}")
    if len(sides) == 1 and round(across):
        return f"{sides[0]} of"
    if len(sides) == 2:
        return f"{sides[0]} of and {sides[1]}"
    return sides[0] if sides else "beside"


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
