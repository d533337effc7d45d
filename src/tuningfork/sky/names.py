"""Names to positions: OpenNGC without the internet, then Sesame."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from tuningfork.errors import ServiceFailed, UnknownName
from tuningfork.web import Answer, Client, shared_client
from tuningfork.web.trouble import Passing

R90_PER_DIAMETER = 0.5
"""Petrosian R90 as a share of the isophotal diameter D25 that OpenNGC gives. See docs/sky.md."""

_SESAME_POSITION = re.compile(r"^%J\s+([0-9.+-]+)\s+([0-9.+-]+)", re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """Where something is on the sky, and how large, as far as known."""

    name: str
    ra: float
    """Degrees, ICRS."""
    dec: float
    """Degrees, ICRS."""
    r90: float | None
    """Petrosian R90 in seconds of arc; None: not known."""
    source: str
    """Who told."""
    kind: str = ""
    """What it is, such as ``Galaxy``; empty: not known."""


def locate(text: str, *, client: Client | None = None) -> Place:
    """Find the position that a text names.

    Reads a position (``202.47 47.2`` in degrees, ``13:29:52.7 +47:11:43``), a name of OpenNGC
    (NGC, IC, Messier, PGC, UGC and others, common names), a name that holds a position (``SDSS
    J132952.7+471143``), all without the internet; any other name is asked of CDS's Sesame.

    Raises UnknownName if nobody knows it, ServiceFailed if Sesame cannot be asked.
    """
    text = " ".join(text.split())
    if not text:
        raise UnknownName("the name is empty; give a name such as M51, or a position")
    return _position(text) or _from_openngc(text) or _from_name(text) or _sesame(text, client)


def place_at(ra: float, dec: float, name: str = "", r90: float | None = None) -> Place:
    """Give the place at a position in degrees, with what OpenNGC knows of a galaxy there.

    ``r90`` is the galaxy's Petrosian R90 in seconds of arc, where that is known. Raises
    UnknownName if the position is not on the sky.
    """
    if not (0 <= ra <= 360 and -90 <= dec <= 90):
        raise UnknownName(
            f"{ra:g} {dec:g}: no place on the sky; give right ascension 0 to 360 and declination "
            "-90 to 90, in degrees"
        )
    place = Place(name or f"{ra:.5f}{dec:+.5f}", ra, dec, r90, "as given")
    return place if r90 is not None else _recognised(place)


def _recognised(place: Place) -> Place:
    """Take kind and size from OpenNGC's galaxy at the position, if there is one.

    There is one where the nearest lies within a tenth of its diameter; the position stays.
    """
    from pyongc import ongc

    sky = f"{_clock(place.ra / 15)} {'-' if place.dec < 0 else '+'}{_clock(abs(place.dec))}"
    for found, away in ongc.nearby(sky, separation=3):
        size = _r90_of(found)
        if size is not None and 3600 * float(away) <= 0.2 * size / R90_PER_DIAMETER / 2:
            source = f"as given, OpenNGC's {found.name}"
            return replace(place, r90=size, source=source, kind=found.type)
        break
    return place


def _clock(value: float) -> str:
    """Write hours or degrees with minutes and seconds: 13:29:52.70."""
    hundredths = round(value * 360_000)
    minutes, seconds = divmod(hundredths, 6000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds / 100:05.2f}"


def _r90_of(found: Any) -> float | None:  # noqa: ANN401  (pyongc is untyped)
    """Estimate R90 in seconds of arc from OpenNGC's diameter in minutes, of galaxies alone."""
    diameter = found.dimensions[0] if "Galaxy" in found.type else None
    return None if not diameter else R90_PER_DIAMETER * 60 * float(diameter)


def _position(text: str) -> Place | None:
    parts = text.replace(",", " ").split()
    try:
        ra, dec = (float(part) for part in parts)
    except ValueError:
        return _sexagesimal(text)
    return place_at(ra, dec)


def _sexagesimal(text: str) -> Place | None:
    """Read hours, minutes and seconds, and degrees, minutes and seconds."""
    if not re.fullmatch(r"[0-9hdms°′″'\":.,+\-−\s]+", text) or not re.search(r"[:hd\s]", text):
        return None
    from astropy import units
    from astropy.coordinates import SkyCoord

    try:
        found = SkyCoord(
            text.replace("−", "-").replace(",", " "), unit=(units.hourangle, units.deg)
        )
    except (ValueError, TypeError):
        return None
    return place_at(float(found.ra.deg), float(found.dec.deg), text)


def _from_openngc(text: str) -> Place | None:
    from pyongc import ongc

    found = ongc.get(text.upper()) if _catalogued(text) else _commonly(text)
    if found is None or found.rad_coords is None:
        return None
    ra, dec = (math.degrees(float(one)) for one in found.rad_coords)
    return Place(text, ra % 360, dec, _r90_of(found), f"OpenNGC ({found.name})", found.type)


def _catalogued(text: str) -> bool:
    from pyongc import ongc

    return any(re.match(pattern, text.upper()) for pattern in ongc.PATTERNS.values())


def _commonly(text: str) -> Any:  # noqa: ANN401  (pyongc is untyped)
    """Find the only object of a common name, such as ``Whirlpool Galaxy``."""
    from pyongc import ongc

    wanted = text.casefold()
    for found in ongc.listObjects(cname=text):
        names = found.identifiers[3] or []
        if wanted in (name.casefold() for name in names):
            return found
    return None


def _from_name(text: str) -> Place | None:
    """Read the position that survey names such as ``SDSS J132952.7+471143`` hold."""
    from astropy.coordinates import jparser

    if jparser.search(text) is None:
        return None
    found = jparser.to_skycoord(text)
    return place_at(float(found.ra.deg), float(found.dec.deg), text)


def _sesame(text: str, client: Client | None) -> Place:
    """Ask Simbad, NED and VizieR, in this order, as astropy does, but with our patience."""
    asked = client or shared_client()
    try:
        answer = asked.get("sesame", f"/SNV?{quote(text)}", check=_is_sesame)
    except ServiceFailed as error:
        raise ServiceFailed(
            f"{text}: not in OpenNGC, and {error}; or give the position in degrees"
        ) from error
    match = _SESAME_POSITION.search(answer.body.decode("utf-8", "replace"))
    if match is None:
        raise UnknownName(
            f"{text}: neither OpenNGC nor Sesame (Simbad, NED, VizieR) knows this name; check its "
            "spelling, or give the position in degrees"
        )
    return Place(text, float(match[1]), float(match[2]), None, "Sesame")


def _is_sesame(answer: Answer) -> None:
    """Raise Passing for anything but Sesame's own answer, whose lines begin with # and %."""
    if not answer.body.lstrip().startswith(b"#"):
        raise Passing("Sesame answered something else than a position; try again later")
