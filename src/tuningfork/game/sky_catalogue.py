"""Which galaxies of the real sky are played: bright ones of OpenNGC with a clear type.

The rule, in two steps. First OpenNGC's type in Hubble's scheme (mostly HyperLEDA's), simplified:

* elliptical: E, at least 0.4 times as wide as long;
* edge-on spiral: Sa to Sd, SBa to SBd or SAB, less than a quarter as wide as long;
* spiral: Sa to Sd, barred spiral: SBa to SBd, both at least half as wide as long.

Types between them (S0, SAB, irregular) and disks that are neither seen from above nor from their
side are left out. Second the experts of EFIGI (Baillard et al. 2011), who looked at many of these:
whatever they saw otherwise is left out, and as OpenNGC's "Sb" says neither bar nor none (NGC 1300
has it), a spiral is played only if they saw it and saw no bar. Nor is a galaxy played that has a
larger one in its frame. ``sky.toml`` holds who is concerned.
"""

from __future__ import annotations

import math
import re
import sqlite3
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files

from tuningfork.sky.names import R90_PER_DIAMETER

EACH = 60
"""Galaxies of each class, the brightest."""
FRAME_R90 = 8.48
"""Width of a Galaxy Zoo frame in Petrosian R90 (Willett et al. 2013)."""

_TRUTH = """
CASE WHEN hubble = 'E' AND minax >= 0.4 * majax THEN 'elliptical'
     WHEN (hubble GLOB 'S[abcd]*' OR hubble GLOB 'SB[abcd]*' OR hubble GLOB 'SAB*')
          AND minax < 0.25 * majax THEN 'edge_on_spiral'
     WHEN hubble GLOB 'S[abcd]*' AND minax >= 0.5 * majax THEN 'spiral'
     WHEN hubble GLOB 'SB[abcd]*' AND minax >= 0.5 * majax THEN 'barred_spiral' END
"""
# The middle of SDSS's northern field, which it shows without gaps; sizes that fit a cutout; no
# parts of a pair ("NGC5591 NED02").
_WANTED = f"""
SELECT name, identifiers, ra, dec, majax, hubble, {_TRUTH} AS truth FROM objects
WHERE type = 'G' AND notngc = 0 AND name NOT LIKE '% %' AND truth IS NOT NULL AND bmag IS NOT NULL
  AND ra BETWEEN ? AND ? AND dec BETWEEN ? AND ? AND majax BETWEEN 0.8 AND 6
ORDER BY bmag, name
"""  # noqa: S608  (no part of it comes from anybody)
_FIELD = (120.0, 240.0, 2.0, 58.0)  # degrees: right ascension from and to, declination likewise


@dataclass(frozen=True)
class Catalogued:
    """One galaxy of the catalogue."""

    name: str
    pgc: str
    """Its number in the catalogue of principal galaxies; empty where OpenNGC gives none."""
    ra: float
    """Degrees."""
    dec: float
    """Degrees."""
    diameter: float
    """D25 in minutes of arc."""
    hubble: str
    """The type as the catalogue has it."""
    truth: str
    """Our class."""

    @property
    def frame_arcsec(self) -> float:
        """Width of the cutout in seconds of arc."""
        return FRAME_R90 * R90_PER_DIAMETER * 60 * self.diameter


def typed() -> Iterator[Catalogued]:
    """Read every galaxy whose type makes a class, the brightest first."""
    path = files("pyongc") / "ongc.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
        field = [math.radians(edge) for edge in _FIELD]
        for name, others, ra, dec, diameter, hubble, truth in database.execute(_WANTED, field):
            number = re.search(r"\bPGC 0*(\d+)", others or "")
            place = (math.degrees(ra), math.degrees(dec))
            yield Catalogued(name, number[1] if number else "", *place, diameter, hubble, truth)


def catalogued() -> tuple[Catalogued, ...]:
    """Read the galaxies, ``EACH`` of each class or as many as there are, the brightest first."""
    said = tomllib.loads((files("tuningfork.game") / "sky.toml").read_text(encoding="utf-8"))
    unbarred, out = frozenset(said["unbarred"]), {*said["doubted"], *said["crowded"]}
    count: Counter[str] = Counter()
    found = []
    for one in typed():
        sure = one.truth != "spiral" or one.name in unbarred
        if sure and one.name not in out and count[one.truth] < EACH:
            count[one.truth] += 1
            found.append(one)
    return tuple(found)
