"""Small sets of galaxies made for tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image


def jpeg(seed: int = 0) -> bytes:
    """A small picture of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG")
    return data.getvalue()


def pictures(folder: Path, ids: Iterable[str], suffix: str = ".jpg") -> Path:
    """A folder with one picture for each id."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, id_ in enumerate(ids):
        (folder / f"{id_}{suffix}").write_bytes(jpeg(seed))
    return folder


def zipped(path: Path, ids: Iterable[str], inside: str = "", *, streamed: bool = False) -> Path:
    """A zip with one picture for each id; ``streamed`` as if written to a pipe."""
    with path.open("wb") as file:
        target = _Pipe(file) if streamed else file
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for seed, id_ in enumerate(ids):
                archive.writestr(f"{inside}{id_}.jpg", jpeg(seed))
    return path


class _Pipe(io.RawIOBase):
    """A file that cannot go back, so that sizes are written after each member."""

    def __init__(self, file: io.BufferedWriter) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: object) -> int:
        return self._file.write(data)  # type: ignore[arg-type]
