"""Sound files of each kind, small, to be damaged."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from tests.images.pictures import encoded, scene
from tuningfork.votes.tree import TREE

NOISE = np.random.default_rng(0).integers(0, 256, (64, 48, 3)).astype(np.uint8)
GREY = (NOISE[:, :, 0].astype(np.uint16) * 200).astype(np.uint16)


def _jpegs() -> list[bytes]:
    exif = Image.Exif()
    exif[274] = 6
    return [
        encoded(scene(40, 56), "JPEG"),
        encoded(NOISE, "JPEG", progressive=True),
        encoded(NOISE, "JPEG", "CMYK"),
        encoded(NOISE, "JPEG", "L", optimize=True),
        encoded(scene(48, 48), "JPEG", exif=exif.tobytes(), subsampling=2, restart_marker_rows=1),
    ]


def _pngs() -> list[bytes]:
    return [
        encoded(scene(40, 56)),
        encoded(NOISE, mode="P"),
        encoded(NOISE, mode="LA"),
        encoded(scene(40, 40), mode="RGBA"),
        encoded(GREY),
        encoded(scene(40, 40), mode="1"),
    ]


def _fits() -> list[bytes]:
    from astropy.io import fits
    from astropy.wcs import WCS

    plane = np.random.default_rng(1).normal(0, 1, (40, 48)).astype(np.float32)
    plane[20, 24] = 500
    plane[3, 4] = np.nan
    sky = WCS(naxis=2)
    sky.wcs.ctype, sky.wcs.cdelt = ["RA---TAN", "DEC--TAN"], [-1e-4, 1e-4]
    header = sky.to_header()
    scaled = fits.PrimaryHDU(np.nan_to_num(plane[:32, :32]))
    scaled.scale("int16", bscale=0.01, bzero=1.0)
    table = fits.BinTableHDU.from_columns([fits.Column("ra", "D", array=np.arange(4.0))])
    made = [
        [fits.PrimaryHDU(plane, header)],
        [fits.PrimaryHDU(np.stack([plane] * 3), header)],
        [fits.PrimaryHDU(), *(fits.ImageHDU(plane, name=band) for band in "gri")],
        [fits.PrimaryHDU(), fits.CompImageHDU(np.nan_to_num(plane), compression_type="RICE_1")],
        [fits.PrimaryHDU(), fits.CompImageHDU(np.nan_to_num(plane), compression_type="GZIP_2")],
        [scaled, table],
    ]
    files = []
    for units in made:
        file = io.BytesIO()
        fits.HDUList(units).writeto(file, output_verify="silentfix")
        files.append(file.getvalue())
    return [*files, gzip.compress(files[0])]


def _tables() -> list[bytes]:
    votes = ",".join(["0.5"] * len(TREE.columns))
    ids = [str(100_008 + place) for place in range(12)]
    return [
        "\n".join(
            [f"GalaxyID,{','.join(TREE.columns)}", *(f"{one},{votes}" for one in ids)]
        ).encode(),
        "\r\n".join(["id;name;ra", *(f'{one};"a;""b""\n{one}";1,5' for one in ids)]).encode(),
        "\n".join(["id,path,class", *(f"{one},{one}.jpg,spiral" for one in ids)]).encode("utf-16"),
        "\n".join(["id,possible", *(f"{one},spiral|elliptical" for one in ids)]).encode(),
    ]  # fmt: skip


def _zips() -> list[bytes]:
    files = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            archive.writestr("a/1.jpg", _jpegs()[0])
            archive.writestr("a/2.png", bytes(3000))
            archive.writestr("votes.csv", _tables()[0])
        files.append(file.getvalue())
    return files


KINDS: dict[str, Callable[[], list[bytes]]] = {
    "jpg": _jpegs,
    "png": _pngs,
    "fits": _fits,
    "csv": _tables,
    "zip": _zips,
}
"""Makers of sound files by the ending of their names."""


@cache
def seeds(kind: str) -> list[bytes]:
    """Give the sound files of a kind."""
    return KINDS[kind]()
