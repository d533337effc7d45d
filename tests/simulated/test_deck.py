"""The deck that ships with the package."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tuningfork.images.decode import decode
from tuningfork.images.simulated import DECK_COUNT, DECK_SEED, deck_folder, render
from tuningfork.images.simulated.camera import jpeg
from tuningfork.images.simulated.folder import QUALITY, picture_path
from tuningfork.votes.rules import CLASSES


@pytest.fixture(scope="module")
def pictures() -> list[Path]:
    """The deck's files."""
    return sorted(deck_folder().rglob("*.jpg"))


def test_deck_has_sixty_of_each_class(pictures: list[Path]) -> None:
    """The deck holds 240 galaxies, as many of each class, and its table agrees with its folders."""
    assert len(pictures) == DECK_COUNT == 240
    assert Counter(path.parent.name for path in pictures) == dict.fromkeys(CLASSES, 60)
    with (deck_folder() / "truth.csv").open(newline="") as file:
        told = {row["id"]: row["class"] for row in csv.DictReader(file)}
    assert told == {path.stem: path.parent.name for path in pictures}


def test_deck_is_small_and_whole(pictures: list[Path]) -> None:
    """Every picture is a readable JPEG of 424 pixels, and all weigh 4 MB at the most."""
    for path in pictures:
        with Image.open(path) as picture:
            assert picture.format == "JPEG"
        assert decode(path.read_bytes(), path.name).shape == (424, 424, 3)
    assert sum(path.stat().st_size for path in deck_folder().rglob("*")) <= 4_000_000


@pytest.mark.parametrize("index", [0, 81, 162, 239])
def test_deck_can_be_drawn_anew(index: int, tmp_path: Path) -> None:
    """The deck's pictures are those that its seed gives, but for another processor's rounding."""
    path = deck_folder() / picture_path(DECK_SEED, index)
    again = jpeg(render(DECK_SEED, index).pixels, QUALITY)
    kept, drawn = (decode(data, path.name).astype(int) for data in (path.read_bytes(), again))
    assert np.abs(kept - drawn).mean() < 0.1
