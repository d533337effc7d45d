"""What it costs to go from light to a picture: the same galaxies as JPEG and as FITS.

    python benchmarks/fits_forms.py ../shared/data/kaggle
    python benchmarks/fits_forms.py ../shared/data/kaggle --held-out --json fits.json

Pictures of SDSS are turned back into light (Lupton et al. 2004, equation 2, undone), in nanomaggies
of i, r and g with noise and a WCS, written as FITS and read as ``tuningfork classify`` does. The
galaxies are those of a set whose class is known; with ``--held-out`` those of them that the network
never learned from.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray
from typer import echo

from tuningfork.data import read_set
from tuningfork.data.held_out import held_out
from tuningfork.images.decode import decode
from tuningfork.images.reading import read_picture
from tuningfork.model.session import Model, load_model
from tuningfork.votes.rules import load_rule

Light = NDArray[np.float32]
"""Shape (3, height, width): i, r, g in nanomaggies, the lowest row first."""

SOFTENING, STRETCH = 6.5, 0.7  # of SDSS's pictures, as the simulated sky found them
FACTORS = (1.0, 1.18, 1.75)  # by which i, r and g were multiplied for display
NOISE = 0.012  # nanomaggies a pixel
PIXEL = 0.396  # seconds of arc
SKY, GAIN = 1.0, 400.0  # of the counts: nanomaggies below the galaxy, counts each


def light_of(picture: NDArray[np.uint8]) -> Light:
    """Turn a picture of SDSS's back into light, its sky's noise below 0 as before it was cut."""
    shown = picture[::-1].astype(np.float64) / 255
    mean = np.maximum(shown.mean(axis=2), 1e-6)
    intensity = STRETCH * np.sinh(SOFTENING * mean) / SOFTENING
    planes = np.moveaxis(shown * (intensity / mean)[:, :, np.newaxis], -1, 0)
    noise = np.random.default_rng(5).normal(0, NOISE, planes.shape)
    factors = np.array(FACTORS)[:, np.newaxis, np.newaxis]
    light: Light = ((planes + noise) / factors).astype(np.float32)
    return light


def file_of(array: NDArray[np.float32] | NDArray[np.int16], **cards: str | float) -> bytes:
    """Give a file whose only image is the array, with a WCS by a CD matrix."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.cd = np.diag([-PIXEL / 3600, PIXEL / 3600])
    wcs.wcs.crval, wcs.wcs.crpix = [202.47, 47.2], [array.shape[-1] / 2, array.shape[-2] / 2]
    header = wcs.to_header()
    header.update(cards)
    file = io.BytesIO()
    fits.PrimaryHDU(array, header).writeto(file)
    return file.getvalue()


def counts_of(light: Light) -> bytes:
    """One band as a detector gives it: whole numbers on a bright sky."""
    return file_of(np.rint((light[1] + SKY) * GAIN).astype(np.int16), FILTER="r")


FORMS: Mapping[str, Callable[[Light], bytes]] = {
    "i, r, g in nanomaggies": lambda light: file_of(light, BUNIT="nanomaggy", BANDS="irg"),
    "the same, gzipped": lambda light: gzip.compress(
        file_of(light, BUNIT="nanomaggy", BANDS="irg"), 1
    ),
    "three bands of unknown name and unit": lambda light: file_of(light * np.float32(80)),
    "one band": lambda light: file_of(light[1], FILTER="r"),
    "one band in counts on a bright sky": counts_of,
}


def measure(model: Model, folder: Path, count: int, *, fresh: bool) -> dict[str, float]:
    """Give the accuracy of each form; the first is the JPEG."""
    galaxies = read_set(folder, load_rule(model.card.rule))
    if fresh:
        galaxies = held_out(galaxies, model.card.held_out)
    known = [one for one in galaxies.galaxies if one.known.label is not None][:count]
    right = dict.fromkeys(("JPEG", *FORMS), 0)
    for one in known:
        data = one.picture.read()
        light = light_of(decode(data, one.id))
        files = {"JPEG": data, **{name: form(light) for name, form in FORMS.items()}}
        shown = [read_picture(found, one.id) for found in files.values()]
        crops = [model.card.preprocessing.cut(each.pixels, each.window) for each in shown]
        answers = model.answer(np.stack(crops)).probabilities.argmax(axis=1)
        for name, answer in zip(files, answers, strict=True):
            right[name] += int(model.card.classes[answer] == one.known.label)
    echo(f"{folder}: {len(known)} galaxies")
    return {name: count / len(known) for name, count in right.items()}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path, help="a set of SDSS's pictures of whole frames")
    parser.add_argument("--model", help="as in tuningfork classify")
    parser.add_argument("--count", type=int, default=1000, help="at most so many galaxies")
    parser.add_argument("--held-out", action="store_true", help="only galaxies not learned from")
    parser.add_argument("--json", type=Path, help="write the figures here")
    wishes = parser.parse_args()
    shares = measure(load_model(wishes.model), wishes.set, wishes.count, fresh=wishes.held_out)
    for name, share in shares.items():
        echo(f"{name:<40}{share:.3f}")
    if wishes.json is not None:
        wishes.json.write_text(json.dumps(shares, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
