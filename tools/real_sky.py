"""Find which galaxies of the sky can be played: ``python tools/real_sky.py EFIGI/labels.csv``.

Writes ``src/tuningfork/game/sky.toml``. EFIGI (Baillard et al. 2011) tells of 4,458 galaxies, by
their PGC numbers and in quarters, how long the bar is and how inclined the disk, and its Hubble
type T. OpenNGC tells which galaxies share their frame with a larger one. The rule that this is part
of stands in ``tuningfork.game.sky_catalogue``.
"""

from __future__ import annotations

import csv
import sqlite3
import sys
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import numpy as np

from tuningfork.files import replacing
from tuningfork.game.sky_catalogue import typed

TARGET = Path(__file__).resolve().parents[1] / "src/tuningfork/game/sky.toml"
LATEST_ELLIPTICAL = -4
"""T; from -3 on galaxies are lenticular (Baillard et al. 2011, table 1)."""
Seen = Mapping[str, float]


def read_experts(path: Path) -> Mapping[str, Seen]:
    """Read what the experts saw, under PGC numbers without the zeros in front."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["pgc"].removeprefix("PGC").lstrip("0"): {
                name: float(row[name]) for name in ("bar_length", "inclination", "t_type")
            }
            for row in csv.DictReader(file)
        }


def agrees(truth: str, seen: Seen) -> bool:
    """Whether the experts saw what the catalogue's type says; of a spiral, that it has no bar."""
    return {
        "elliptical": seen["t_type"] <= LATEST_ELLIPTICAL,
        "spiral": seen["bar_length"] == 0,
        "barred_spiral": seen["bar_length"] > 0,
        "edge_on_spiral": seen["inclination"] >= 0.75,
    }[truth]


def crowded() -> list[str]:
    """Name the galaxies in whose frame the middle of a larger galaxy lies."""
    with closing(sqlite3.connect(f"file:{files('pyongc') / 'ongc.db'}?mode=ro", uri=True)) as sky:
        wanted = (
            "SELECT ra, dec, majax FROM objects WHERE type LIKE 'G%' AND majax AND dec NOT NULL"
        )
        ra, dec, diameter = np.array(sky.execute(wanted).fetchall()).T
    ra, dec = np.degrees(ra), np.degrees(dec)
    found = []
    for one in typed():
        half = one.frame_arcsec / 7200
        east = np.abs((ra - one.ra) * np.cos(np.radians(one.dec)))
        inside = (east < half) & (np.abs(dec - one.dec) < half)
        if (diameter[inside] > one.diameter).any():
            found.append(one.name)
    return found


def said(experts: Mapping[str, Seen]) -> Mapping[str, Sequence[str]]:
    """Name the spirals without a bar, and of the other classes what was seen otherwise."""
    known = [(one, experts[one.pgc]) for one in typed() if one.pgc in experts]
    return {
        "unbarred": [
            one.name for one, seen in known if one.truth == "spiral" and agrees("spiral", seen)
        ],
        "doubted": [
            one.name for one, seen in known if one.truth != "spiral" and not agrees(one.truth, seen)
        ],
        "crowded": crowded(),
    }


def written(lists: Mapping[str, Sequence[str]]) -> str:
    """Write the file."""
    heads = {
        "unbarred": "Sa to Sd in OpenNGC, which says neither; the experts of EFIGI saw no bar.",
        "doubted": "Of another type in OpenNGC than the experts of EFIGI saw.",
        "crowded": "With a larger galaxy in the frame.",
    }
    parts = [
        "# What is known of the real sky's galaxies beside their type. Made by tools/real_sky.py."
    ]
    for name, head in heads.items():
        names = textwrap.fill(", ".join(f'"{one}"' for one in sorted(lists[name])), 95)
        parts.append(f"# {head}\n{name} = [\n{textwrap.indent(names, '    ')},\n]")
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Read, sort, write."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    with replacing(TARGET) as path:
        path.write_text(written(said(read_experts(Path(sys.argv[1])))), encoding="utf-8")


if __name__ == "__main__":
    main()
