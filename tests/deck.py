"""Pictures of the simulated deck, as networks see them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuningfork.images.decode import decode
from tuningfork.images.frame import Preprocessing
from tuningfork.images.simulated import deck_folder


def crops(cut: Preprocessing, label: str = "*", step: int = 1) -> NDArray[np.uint8]:
    """Every ``step``-th picture of a class or of all, uint8 (n, input_pixels, input_pixels, 3)."""
    paths = sorted(deck_folder().glob(f"{label}/*.jpg"))[::step]
    return np.stack([cut.apply(decode(path.read_bytes(), str(path))) for path in paths])
