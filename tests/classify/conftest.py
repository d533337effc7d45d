"""A small network, and a folder of pictures good and bad."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.images.pictures import encoded
from tests.model.toy import write_toy
from tuningfork.model.session import Model, load_model

COLOURS = {"elliptical": (250, 20, 20), "spiral": (20, 250, 20), "barred_spiral": (20, 20, 250)}
"""What the toy network takes for a galaxy of each class; black is edge-on to it."""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """Give the folder of a toy network."""
    return write_toy(tmp_path / "toy").parent


@pytest.fixture
def model(toy: Path) -> Model:
    """Load the toy network."""
    return load_model(toy)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Make a folder with three pictures, one of them unreadable between the others."""
    folder = tmp_path / "galaxies"
    folder.mkdir()
    (folder / "1.png").write_bytes(plain(COLOURS["elliptical"]))
    (folder / "2.png").write_bytes(plain(COLOURS["spiral"])[:60])
    (folder / "3.png").write_bytes(plain(COLOURS["spiral"]))
    return folder


def plain(colour: tuple[int, int, int], side: int = 40) -> bytes:
    """Give a picture of one colour."""
    return encoded(np.full((side, side, 3), colour, np.uint8))
