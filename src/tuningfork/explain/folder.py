"""Heat maps of many pictures, drawn into a folder as the pictures are classified."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tuningfork.classify import Classification, Row
from tuningfork.errors import BadData, BadModel
from tuningfork.explain.heat import METHODS, heat_map
from tuningfork.explain.overlay import overlay, shown_crop
from tuningfork.files import replacing
from tuningfork.images.frame import Pixels
from tuningfork.images.framing import Reading
from tuningfork.images.reading import read_picture
from tuningfork.images.sources import Picture
from tuningfork.model.calibration import NO_GALAXY, UNSURE
from tuningfork.model.session import Model

Classify = Callable[[Iterable[Picture]], Iterable[Row]]

LONGEST_NAME = 100
"""Bytes of a picture's id that its map's name keeps: file systems allow 255, some of them taken
by a temporary name."""
CAPTION = 30
"""Pixels of the line below the pictures."""


def explain_pictures(
    model: Model,
    pictures: Iterable[Picture],
    classify: Classify,
    folder: Path,
    *,
    reading: Reading,
    method: str = "occlusion",
) -> Iterator[Row]:
    """Draw a heat map for each row that ``classify`` gives of ``pictures``, and pass it on.

    Maps are of the row's class, by ``method`` (see :func:`heat_map`), PNG files named after the
    pictures' ids, or by another name that the row's note tells: what the network sees, and beside
    it the same with the map over it. A picture that could not be read gets none. Raises BadData if
    the folder cannot be written, BadModel if the network's graph does not allow the method.
    """
    _check(model, folder, method)
    ahead: deque[Picture] = deque()

    def remembered() -> Iterator[Picture]:
        for picture in pictures:
            ahead.append(picture)
            yield picture

    taken: set[str] = set()
    for row in classify(remembered()):
        picture = ahead.popleft()
        if row.classification is not None:
            name = _name(row.id, taken)
            label = row.classification.label
            drawn = explained_picture(model, picture, label, reading=reading, method=method)
            _write(_captioned(drawn, *captions(row.classification)), folder / f"{name}.png")
            note = row.note if name == row.id else _joined(row.note, f"heat map in {name}.png")
            yield replace(row, note=note)
        else:
            yield row


def explained_picture(
    model: Model, picture: Picture, label: str, *, reading: Reading, method: str
) -> Pixels:
    """Give crop and overlay side by side, uint8 of shape (side, 2 side, 3)."""
    shown = read_picture(picture.read(), picture.path, reading)
    preprocessing = model.card.preprocessing
    pixels = preprocessing.cut(shown.picture, shown.window)
    crop = shown_crop(shown.picture, preprocessing, shown.window)
    return np.hstack([crop, overlay(crop, heat_map(model, pixels, label, method=method))])


def captions(found: Classification) -> tuple[str, str]:
    """What stands below the crop and below the overlay."""
    if found.verdict == NO_GALAXY:
        return NO_GALAXY, f"what speaks for {found.label}"
    unsure = ", unsure" if found.verdict == UNSURE else ""
    return f"{found.label} {found.confidence:.0%}{unsure}", "what speaks for it"


def _check(model: Model, folder: Path, method: str) -> None:
    if method not in METHODS:
        raise BadModel(f"'{method}' is no way to a heat map; choose one of {', '.join(METHODS)}")
    side = model.card.preprocessing.input_pixels
    black = np.zeros((1, side, side, 3), np.uint8)
    if method != "occlusion" and model.answer(black, more=True).heat is None:
        raise BadModel(
            f"the network {model.card.name} gives no class activation; take --heat occlusion, or "
            "export the network again"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadData(
            f"{folder}: {error.strerror or error}; name another folder for the heat maps"
        ) from error


def _name(id_: str, taken: set[str]) -> str:
    """Give a file's name of its own for a picture's id."""
    cut = re.sub(r"[^\w.-]+", "_", id_).encode()[:LONGEST_NAME].decode(errors="ignore")
    plain = cut.lstrip(".") or "picture"
    name, number = plain, 1
    while name in taken:
        number += 1
        name = f"{plain}-{number}"
    taken.add(name)
    return name


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _captioned(pixels: Pixels, left: str, right: str) -> Image.Image:
    height, width = pixels.shape[:2]
    image = Image.new("RGB", (width, height + CAPTION), "black")
    image.paste(Image.fromarray(pixels), (0, 0))
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(16)
    draw.text((8, height + 6), left, fill="white", font=font)
    draw.text((width // 2 + 8, height + 6), right, fill="white", font=font)
    return image


def _write(image: Image.Image, path: Path) -> None:
    try:
        with replacing(path) as temporary:
            image.save(temporary)
    except OSError as error:
        raise BadData(f"{path}: {error.strerror or error}; write the maps elsewhere") from error
