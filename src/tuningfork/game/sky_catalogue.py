"""Which galaxies of the real sky are played: bright ones of OpenNGC with a clear type.

The catalogue gives morphological types in Hubble's scheme, mostly from HyperLEDA; they are
simplified to our four classes. Types between them (S0, SAB, irregular) and disks that are neither
seen from above nor from their side are left out. Whether a spiral has no bar OpenNGC does not tell:
``sky.toml`` does.
"""

from __future__ import annotations

import json
import math
import sqlite3
import tomllib
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
     WHEN hubble GLOB 'S[abcd]*' AND name IN (SELECT value FROM json_each(?)) THEN 'spiral'
     WHEN hubble GLOB 'SB[abcd]*' AND minax >= 0.5 * majax
          AND name NOT IN (SELECT value FROM json_each(?)) THEN 'barred_spiral' END
"""
# The middle of SDSS's northern field, which it shows without gaps; sizes that fit a cutout.
_WANTED = f"""
SELECT name, ra, dec, majax, hubble, {_TRUTH} AS truth FROM objects
WHERE type = 'G' AND notngc = 0 AND truth IS NOT NULL AND bmag IS NOT NULL
  AND ra BETWEEN ? AND ? AND dec BETWEEN ? AND ? AND majax BETWEEN 0.8 AND 6
ORDER BY bmag, name
"""  # noqa: S608  (no part of it comes from anybody)
_FIELD = (120.0, 240.0, 2.0, 58.0)  # degrees: right ascension from and to, declination likewise


@dataclass(frozen=True)
class Catalogued:
    """One galaxy of the catalogue."""

    name: str
    ra: float
    """Degrees."""
    dec: float
    """Degrees."""
    frame_arcsec: float
    """Width of the cutout in seconds of arc."""
    hubble: str
    """The type as the catalogue has it."""
    truth: str
    """Our class."""


def catalogued() -> tuple[Catalogued, ...]:
    """Read the galaxies, ``EACH`` of each class or as many as there are, the brightest first."""
    path = files("pyongc") / "ongc.db"
    further = tomllib.loads((files("tuningfork.game") / "sky.toml").read_text(encoding="utf-8"))
    families = [json.dumps(further[name]) for name in ("unbarred", "doubted")]
    left: dict[str, int] = {}

    def some(rows: Iterator[tuple[str, float, float, float, str, str]]) -> Iterator[Catalogued]:
        for name, ra, dec, diameter, hubble, truth in rows:
            left[truth] = left.get(truth, EACH) - 1
            if left[truth] >= 0:
                frame = FRAME_R90 * R90_PER_DIAMETER * 60 * diameter
                yield Catalogued(name, math.degrees(ra), math.degrees(dec), frame, hubble, truth)

    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
        field = [math.radians(edge) for edge in _FIELD]
        return tuple(some(iter(database.execute(_WANTED, [*families, *field]))))
