"""Galaxy10's HDF5 file as a set that ``tuningfork labels``, ``train`` and ``evaluate`` read."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tuningfork.errors import BadData
from tuningfork.files import replacing

BLOCK = 1 << 25
"""Bytes of pictures that are held at a time."""
FURTHER = ("ra", "dec", "redshift", "pxscale")
"""Columns of the labels table, where the file has them."""


def unpack_galaxy10(
    path: Path,
    folder: Path,
    part: str,
    classes: Sequence[Mapping[str, str]],
    step: Callable[[int, int], None] = lambda _done, _all: None,
) -> dict[str, int]:
    """Write ``images.zip`` and ``labels.csv`` into the folder; gives galaxies by class.

    ``path`` is the HDF5 file with uint8 ``images`` of shape (n, side, side, 3) and ``ans``, each
    0 to 9; it is read in blocks. Pictures become JPEG of quality 95 without chroma subsampling.
    ``possible`` in the table says which of the four classes a Galaxy10 class allows, ``class``
    the only one where there is no other.

    Raises BadData if the file is not in this form.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            images, answers = _checked(path, file, len(classes))
            further = {
                name: np.asarray(file[name])
                for name in FURTHER
                if name in file and file[name].shape == answers.shape
            }
            ids = [f"galaxy10_{part}_{row:05d}" for row in range(len(answers))]
            with replacing(folder / "images.zip") as target:
                _write_pictures(target, images, ids, step)
    except (OSError, KeyError) as error:
        raise BadData(
            f"{path}: not a whole Galaxy10 file ({error}); remove it and fetch it again"
        ) from error
    _write_labels(folder / "labels.csv", ids, answers, classes, further)
    counted = Counter(int(one) for one in answers)
    return {one["name"]: counted[place] for place, one in enumerate(classes)}


def _checked(path: Path, file: Any, classes: int) -> tuple[Any, NDArray[np.int64]]:  # noqa: ANN401
    """Give the pictures, not yet read, and the answers. Raises BadData, KeyError."""
    images, answers = file["images"], np.asarray(file["ans"]).astype(np.int64)
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        raise BadData(f"{path}: images are {images.dtype} of shape {images.shape}; fetch it again")
    if answers.shape != images.shape[:1]:
        raise BadData(
            f"{path}: {images.shape[0]:,} pictures but {answers.size:,} answers; fetch it again"
        )
    if answers.size == 0 or answers.min() < 0 or answers.max() >= classes:
        raise BadData(f"{path}: its answers are not 0 to {classes - 1}; fetch it again")
    return images, answers


def _write_pictures(
    target: Path,
    images: Any,  # noqa: ANN401  (h5py is untyped)
    ids: Sequence[str],
    step: Callable[[int, int], None],
) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        done = 0
        for block in _blocks(images):
            for pixels in block:
                archive.writestr(f"images/{ids[done]}.jpg", _jpeg(pixels))
                done += 1
            step(done, len(ids))


def _blocks(images: Any) -> Iterator[NDArray[np.uint8]]:  # noqa: ANN401
    """Give pictures in blocks that follow the file's own chunks, so that none is read twice."""
    each = int(np.prod(images.shape[1:]))
    count = max(1, BLOCK // each)
    chunk = images.chunks[0] if images.chunks else 1
    if chunk < count:
        count -= count % chunk
    for start in range(0, images.shape[0], count):
        yield images[start : start + count]


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=95, subsampling=0)
    return data.getvalue()


def _write_labels(
    path: Path,
    ids: Sequence[str],
    answers: NDArray[np.int64],
    classes: Sequence[Mapping[str, str]],
    further: Mapping[str, NDArray[Any]],
) -> None:
    with replacing(path) as target, target.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("id", "class", "possible", "galaxy10", "galaxy10_class", *further))
        for row, answer in enumerate(answers.tolist()):
            one = classes[answer]
            values = (further[name][row] for name in further)
            possible = one["possible"]
            only = "" if "|" in possible else possible
            table.writerow((ids[row], only, possible, one["name"], answer, *values))
