"""Pictures decoded once, at the recipe's scale, in one memory-mapped file."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from tuningfork.errors import BadData, UnreadableImage
from tuningfork.files import replacing
from tuningfork.images.decode import opened
from tuningfork.images.frame import Preprocessing
from tuningfork.model.card import sha256_of
from tuningfork.train.galaxies import Galaxies
from tuningfork.train.recipe import Recipe

ABANDONED = 3600
"""Seconds without a write after which a half-written file is nobody's."""


@dataclass(frozen=True)
class Store:
    """The pictures of a run, row by row beside its galaxies."""

    pixels: NDArray[np.uint8]
    """(n, stored, stored, 3), mapped from disk."""
    readable: NDArray[np.bool_]
    """False where a picture could not be read; its pixels are black."""
    checksums: dict[str, str]
    """SHA-256 over each source's pictures in order."""
    refusals: dict[int, str]
    """Why each unreadable picture was refused, by its row."""


def open_store(galaxies: Galaxies, recipe: Recipe, folder: Path, progress: Progress) -> Store:
    """Decode every picture, or find them decoded by an earlier run on the same bytes.

    The file's name is a hash of the pictures' bytes, their frame shares and the recipe's scale, so
    a changed picture or recipe never meets a stale file; a damaged file is made anew. Raises
    BadData if no picture is readable.
    """
    _clear_abandoned(folder)
    hashes = _hashes(galaxies, progress)
    shares = [recipe.source(name).frame_share for name in galaxies.source_names]
    scale = (recipe.pictures.frame_pixels, recipe.pictures.stored_pixels)
    key = hashlib.sha256(repr((scale, [shares[s] for s in galaxies.source])).encode())
    key.update(b"".join(hashes))
    path = folder / f"pictures-{key.hexdigest()[:24]}.npy"
    record = path.with_suffix(".json")
    shape = (len(galaxies), scale[1], scale[1], 3)
    kept = _kept(path, record, shape)
    if kept is None:
        refusals = _decode_all(galaxies, recipe, path, shape, progress)
        content = {"sha256": sha256_of(path), "refusals": refusals}
        with replacing(record) as temporary:
            temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
        kept = _mapped(path), refusals
    pixels, refusals = kept
    readable = np.ones(len(galaxies), dtype=np.bool_)
    readable[list(refusals)] = False
    if not readable.any():
        raise BadData(
            f"no picture can be read; the first: {next(iter(refusals.values()))}; "
            "check the data sets"
        )
    return Store(pixels, readable, _per_source(galaxies, hashes), refusals)


def _kept(
    path: Path, record: Path, shape: tuple[int, ...]
) -> tuple[NDArray[np.uint8], dict[int, str]] | None:
    """What an earlier run decoded; None if there is nothing, or it is damaged."""
    try:
        content = json.loads(record.read_bytes())
        refusals = {int(row): str(reason) for row, reason in content["refusals"].items()}
        pixels = _mapped(path)
        whole = content["sha256"] == sha256_of(path)
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
        return None
    whole &= pixels.shape == shape and pixels.dtype == np.uint8
    return (pixels, refusals) if whole and all(0 <= row < shape[0] for row in refusals) else None


def _mapped(path: Path) -> NDArray[np.uint8]:
    # np.load would try whatever else a damaged file looks like.
    return np.lib.format.open_memmap(path, mode="r")


def _clear_abandoned(folder: Path) -> None:
    """Remove what runs left that were killed while they decoded: nobody else ever would."""
    for one in folder.glob(".pictures-*"):
        with suppress(FileNotFoundError):
            if time.time() - one.stat().st_mtime > ABANDONED:
                one.unlink()


def _hashes(galaxies: Galaxies, progress: Progress) -> list[bytes]:
    task = progress.add_task("Reading pictures", total=len(galaxies))
    digests = []
    for entry in galaxies.entries:
        try:
            digests.append(hashlib.sha256(entry.picture.read()).digest())
        except UnreadableImage:
            digests.append(bytes(32))
        progress.advance(task)
    progress.remove_task(task)
    return digests


def _per_source(galaxies: Galaxies, hashes: list[bytes]) -> dict[str, str]:
    totals = [hashlib.sha256() for _ in galaxies.source_names]
    for place, digest in zip(galaxies.source, hashes, strict=True):
        totals[place].update(digest)
    names = galaxies.source_names
    return {name: total.hexdigest() for name, total in zip(names, totals, strict=True)}


def _decode_all(
    galaxies: Galaxies, recipe: Recipe, path: Path, shape: tuple[int, ...], progress: Progress
) -> dict[int, str]:
    """Write every picture, black where it is unreadable; returns why, by row."""
    refusals: dict[int, str] = {}
    black = bytes(math.prod(shape[1:]))
    form = {"descr": "|u1", "fortran_order": False, "shape": shape}
    task = progress.add_task("Decoding pictures", total=len(galaxies))
    with replacing(path) as temporary, _named(path):
        # Before minutes of decoding, not after.
        if shutil.disk_usage(path.parent).free < math.prod(shape):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path.parent))
        # Written, not mapped: where the disk fills up, writing into a map kills the process.
        with temporary.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, form)
            for row, result in enumerate(_decoded(galaxies, recipe)):
                if isinstance(result, UnreadableImage):
                    refusals[row] = str(result)
                    file.write(black)
                else:
                    file.write(result.tobytes())
                progress.advance(task)
    progress.remove_task(task)
    return refusals


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say which file an error of the disk is about: writing into an open one does not."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def _decoded(galaxies: Galaxies, recipe: Recipe) -> Iterator[NDArray[np.uint8] | UnreadableImage]:
    cut = Preprocessing(recipe.pictures.frame_pixels, recipe.pictures.stored_pixels)
    shares = [recipe.source(name).frame_share for name in galaxies.source_names]

    def one(row: int) -> NDArray[np.uint8] | UnreadableImage:
        picture = galaxies.entries[row].picture
        try:
            return cut.apply(opened(picture.read(), picture.path), shares[galaxies.source[row]])
        except UnreadableImage as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        for start in range(0, len(galaxies), 256):
            yield from pool.map(one, range(start, min(start + 256, len(galaxies))))
