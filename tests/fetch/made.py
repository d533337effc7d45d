"""Data sets as their sources give them, a few galaxies long."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import h5py
import numpy as np

from tests.data.made import jpeg
from tuningfork.votes.tree import TREE

ANSWERS = {
    1: ("smooth_or_features", ("smooth", "features_or_disk", "star_or_artifact")),
    2: ("edgeon", ("yes", "no")),
    3: ("bar", ("bar", "no_bar")),
    4: ("spiral", ("spiral", "no_spiral")),
    5: ("bulge_prominence", ("no_bulge", "just_noticeable", "obvious", "dominant")),
    6: ("odd", ("yes", "no")),
    7: ("rounded", ("completely_round", "in_between", "cigar_shaped")),
    8: (
        "odd_feature",
        ("ring", "lens_or_arc", "disturbed", "irregular", "other", "merger", "dust_lane"),
    ),
    9: ("bulge_shape", ("rounded", "boxy", "no_bulge")),
    10: ("arms_winding", ("tight", "medium", "loose")),
    11: ("arms_number", ("1", "2", "3", "4", "more_than_4", "cant_tell")),
}
"""Of Hart et al.'s columns: the questions' names and their answers'."""
KINDS = ("count", "weight", "fraction", "weighted_fraction", "debiased", "flag")
OBJID = 588017703996096500
"""SDSS's ids have 18 digits: as a double the last of them would be lost."""


def answer_columns(kind: str) -> list[str]:
    """Give Hart et al.'s 37 columns of a kind, in the tree's order."""
    names, number = [], 1
    for question, (name, answers) in ANSWERS.items():
        for answer in answers:
            # Answers are numbered through; 35 is missing and dust lane got 38.
            shown = 38 if answer == "dust_lane" else number
            names.append(f"t{question:02}_{name}_a{shown:02}_{answer}_{kind}")
            if answer != "dust_lane":
                number += 2 if number == 34 else 1
    return names


def hart(rows: int, class_column: str = "gz2_class") -> bytes:
    """Hart et al.'s table, packed; each question's fractions are the same for every answer."""
    header = [
        "dr7objid",
        "ra",
        "dec",
        "rastring",
        "decstring",
        "sample",
        class_column,
        "total_classifications",
        "total_votes",
    ]
    columns = [
        name
        for place in range(len(TREE.columns))
        for name in [answer_columns(kind)[place] for kind in KINDS]
    ]
    even = [1 / len(answers) for _, answers in ANSWERS.values() for _ in answers]
    lines = [",".join(header + columns)]
    for row in range(rows):
        cells = [
            str(OBJID + row),
            f"{row / 7:.4f}",
            "0.5",
            "00:00:00.00",
            "+00:30:00.0",
            "original",
            "Sc2m",
            "44",
            "192",
        ]
        for share in even:
            cells += ["10", "9.5", f"{share:.6f}", f"{share:.6f}", f"{share:.6f}", "0"]
        lines.append(",".join(cells))
    return gzip.compress("\n".join(lines).encode() + b"\n")


def mapping(rows: int) -> bytes:
    """Galaxy Zoo 2's list: picture 100 + n shows object n; one object has two samples' pictures."""
    lines = ["objid,sample,asset_id"]
    lines += [f"{OBJID},stripe82,999"]
    lines += [f"{OBJID + row},original,{100 + row}" for row in range(rows)]
    return "\n".join(lines).encode() + b"\n"


def images(ids: list[int], junk: int = 0) -> bytes:
    """A zip of pictures, with what macOS leaves beside them."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for seed, id_ in enumerate(ids):
            archive.writestr(f"images/{id_}.jpg", jpeg(seed))
        for id_ in ids[:junk]:
            archive.writestr(f"__MACOSX/images/._{id_}.jpg", b"\0\5\26\7")
    return data.getvalue()


def galaxy10(path: Path, counts: tuple[int, ...], side: int = 16, **layout: object) -> bytes:
    """An HDF5 file in Galaxy10's form; the class is written into each picture's red channel."""
    answers = np.repeat(np.arange(10, dtype=np.uint8), counts)
    pixels = np.zeros((len(answers), side, side, 3), np.uint8)
    pixels[:, :, :, 0] = 20 * answers[:, np.newaxis, np.newaxis]
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=pixels, **layout)
        file["ans"] = answers
        for name in ("ra", "dec", "redshift", "pxscale"):
            file[name] = np.arange(len(answers), dtype=np.float64)
    return path.read_bytes()
