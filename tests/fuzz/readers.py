"""Every reader that gets to see a file of each kind."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from tuningfork.classify.catalogue import open_catalogue
from tuningfork.data.counts import count_labels
from tuningfork.errors import TuningForkError
from tuningfork.images.frame import Preprocessing
from tuningfork.images.lookup import Lookup
from tuningfork.images.reading import read_picture
from tuningfork.images.sources import find_pictures
from tuningfork.votes.rules import load_rule
from tuningfork.votes.tables import read_votes

PREPROCESSING = Preprocessing(frame_pixels=195, input_pixels=96)


def read(kind: str, data: bytes, folder: Path) -> None:
    """Read a file with all readers of its kind; a refusal by one of the family is no failure."""
    if kind in {"jpg", "png", "fits"}:
        _read_picture(data)
        return
    path = folder / f"file.{kind}"
    path.write_bytes(data)
    if kind == "csv":
        with suppress(TuningForkError):
            catalogue = open_catalogue(path)
            for part in catalogue.parts(5):
                part.table.validate(full=True)
    else:
        with suppress(TuningForkError):
            for picture in find_pictures([path]):
                with suppress(TuningForkError):
                    _read_picture(picture.read())
        with suppress(TuningForkError):
            Lookup(path).by_id("1").read()
    with suppress(TuningForkError):
        read_votes(path)
    with suppress(TuningForkError):
        count_labels(path, load_rule("reference"))


def _read_picture(data: bytes) -> None:
    with suppress(TuningForkError):
        shown = read_picture(data, "x")
        pixels = PREPROCESSING.cut(shown.pixels, shown.window)
        assert pixels.shape == (96, 96, 3)
