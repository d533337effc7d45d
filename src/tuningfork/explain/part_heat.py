"""Heat on known parts: how much of a map falls on a simulated galaxy's bar or arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.images.frame import Preprocessing
from tuningfork.images.simulated.parts import Parts


@dataclass(frozen=True)
class PartHeat:
    """One part of one galaxy within the network's crop; shares are 0 to 1."""

    heat: float
    """Share of the map's heat on the part."""
    area: float
    """Share of the crop's area that the part takes."""
    light: float
    """Share of the galaxy's light within the crop that comes from the part's pixels."""
    hottest: bool
    """Whether the hottest place lies on the part."""


def part_heat(
    heat: NDArray[np.float32], parts: Parts, name: str, preprocessing: Preprocessing
) -> PartHeat | None:
    """Measure a map of shape (side, side) against one part of the whole 424-pixel picture.

    None where the galaxy lacks the part, or it is smaller than a pixel of the map, or the map is
    cold everywhere.
    """
    if name not in parts.masks:
        return None
    mask = on_crop(parts.masks[name].astype(np.float32), preprocessing) >= 0.5
    total = float(heat.sum())
    if not mask.any() or total <= 0:
        return None
    light = on_crop(parts.light, preprocessing)
    return PartHeat(
        heat=float(heat[mask].sum()) / total,
        area=float(mask.mean()),
        light=float(light[mask].sum() / light.sum()),
        hottest=bool(mask.ravel()[heat.argmax()]),
    )


def on_crop(plane: NDArray[np.float32], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Bring a plane of the whole frame to the network's crop, as pictures are brought there."""
    from PIL import Image

    side = preprocessing.frame_pixels
    small = np.asarray(
        Image.fromarray(plane).resize((side, side), Image.Resampling.BILINEAR), np.float32
    )
    first = (side - preprocessing.input_pixels) // 2
    last = first + preprocessing.input_pixels
    return small[first:last, first:last]
