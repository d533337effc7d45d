"""A folder of simulated galaxies: class folders of JPEG files, and the truth in a table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from tuningfork.errors import BadData
from tuningfork.files import replacing
from tuningfork.images.simulated.camera import jpeg
from tuningfork.images.simulated.scene import Truth, label_of, render, truth_of

TRUTH = "truth.csv"
QUALITY = 75
"""JPEG quality: that of Galaxy Zoo's own pictures, by their quantisation tables."""
_IDS = 2**32


def simulate_folder(output: Path, *, count: int, seed: int) -> Iterator[bool]:
    """Fill ``output`` with ``count`` galaxies of ``seed``; yields once for each.

    Yields True where the picture was drawn, False where an earlier run had left it: an interrupted
    run is taken up by the same call, and a longer run of the same seed adds to a shorter one.
    The table of truth is written last. Raises BadData where ``output`` holds anything else, or
    cannot be written.
    """
    if not 1 <= count <= _IDS or seed < 0:
        raise BadData(
            f"{count} galaxies of seed {seed} cannot be drawn: give a count from 1 to {_IDS} and a "
            "seed of 0 or more."
        )
    pictures = [picture_path(seed, index) for index in range(count)]
    _check_empty_but_for(output, set(pictures))
    truths: list[Truth] = []
    try:
        for index, picture in enumerate(pictures):
            drawn = not (output / picture).exists()
            truths.append(_draw(seed, index, output / picture) if drawn else truth_of(seed, index))
            yield drawn
        _write_truth(output / TRUTH, pictures, truths)
    except OSError as error:
        raise BadData(
            f"The galaxies cannot be written to {output}: {error.strerror}. Mend that and run the "
            "same command again; what is drawn is kept."
        ) from error


def picture_path(seed: int, index: int) -> Path:
    """Where a galaxy's picture lies in its folder; its id tells nothing of its class."""
    return Path(label_of(seed, index)) / f"{galaxy_id(seed, index)}.jpg"


def galaxy_id(seed: int, index: int) -> str:
    """Eight hexadecimal digits, different for each ``index`` below 2^32 of one seed.

    The final step of MurmurHash3 (Appleby 2011), which maps the 32-bit integers one to one.
    """
    number = (index + seed * 0x9E3779B9) % _IDS
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        number = (number ^ (number >> shift)) * factor % _IDS
    return f"{number ^ (number >> 16):08x}"


def _check_empty_but_for(output: Path, pictures: set[Path]) -> None:
    """Refuse a folder with files that this run would not make; hidden files don't count."""
    if output.exists() and not output.is_dir():
        raise BadData(f"{output} is a file: name a folder for the simulated galaxies.")
    for path in sorted(output.rglob("*")) if output.is_dir() else ():
        inside = path.relative_to(output)
        if path.is_dir() or path.name.startswith(".") or inside in {*pictures, Path(TRUTH)}:
            continue
        raise BadData(
            f"{output} already holds {inside}, which this command would not make: choose an empty "
            "folder, or the count and seed with which that one was begun."
        )


def _draw(seed: int, index: int, path: Path) -> Truth:
    galaxy = render(seed, index)
    with replacing(path) as temporary:
        temporary.write_bytes(jpeg(galaxy.pixels, QUALITY))
    return galaxy.parameters


def _write_truth(path: Path, pictures: list[Path], truths: list[Truth]) -> None:
    rows = [
        {
            "id": picture.stem,
            "class": picture.parent.name,
            **{
                name: round(value, 4) if isinstance(value, float) else value
                for name, value in truth.items()
            },
        }
        for picture, truth in zip(pictures, truths, strict=True)
    ]
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)
