"""An honest test of heat maps: taking away or bringing in the hottest pixels first.

Deletion and insertion curves after Petsiuk et al. 2018 (RISE, section 4.3). Deletion turns pixels,
the hottest first, into empty sky; a good map makes the class's probability fall early, so its area
is small. Insertion starts from the blurred picture and brings pixels back, the hottest first; a
good map makes the probability rise early, so its area is large. Areas are means of the probability
over the share of pixels changed, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.explain.occlusion import blurred
from tuningfork.images.frame import Pixels
from tuningfork.model.session import Model

STEPS = 28
"""Changes from none to all pixels."""
GAUSSIAN = 0.15
"""Standard deviation of the centre-Gaussian baseline, as a share of the crop's side."""
FINEST = 16
"""Cells along each side of the random baseline: as fine as maps of covered patches."""

Heat = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Curves:
    """The class's probability as pixels change, each of shape (STEPS + 1,)."""

    deletion: NDArray[np.float64]
    insertion: NDArray[np.float64]

    @property
    def deletion_area(self) -> float:
        """Mean probability while pixels go: smaller is better."""
        return float(np.trapezoid(self.deletion, dx=1 / STEPS))

    @property
    def insertion_area(self) -> float:
        """Mean probability while pixels come: larger is better."""
        return float(np.trapezoid(self.insertion, dx=1 / STEPS))


def curves(model: Model, pixels: Pixels, place: int, maps: Sequence[Heat]) -> list[Curves]:
    """Draw both curves for each of several maps of one picture.

    ``pixels`` is one crop, uint8 of shape (side, side, 3); ``place`` the class's in the card; maps
    are of shape (side, side). Empty sky is the median colour of the crop's edge.
    """
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    sky = np.broadcast_to(np.median(edge, axis=0).astype(np.uint8), pixels.shape)
    soft = np.rint(blurred(pixels)).astype(np.uint8)
    found = []
    for heat in maps:
        gone = _probabilities(model, _stages(pixels, sky, heat), place)
        back = _probabilities(model, _stages(soft, pixels, heat), place)
        found.append(Curves(gone, back))
    return found


def centre_gaussian(side: int) -> Heat:
    """Give the map of one who only knows that galaxies stand in the middle."""
    line = (np.arange(side, dtype=np.float32) + 0.5) / side - 0.5
    across = np.exp(-0.5 * (line / GAUSSIAN) ** 2)
    heat: Heat = across[:, np.newaxis] * across
    return heat


def random_map(side: int, rng: np.random.Generator) -> Heat:
    """Give the map of one who knows nothing: cells of random heat, as coarse as a real map."""
    from PIL import Image

    cells = rng.random((FINEST, FINEST), dtype=np.float32)
    enlarged = Image.fromarray(cells).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(enlarged).clip(0, 1)


def _stages(before: Pixels, after: Pixels, heat: Heat) -> Pixels:
    """Change pixels from ``before`` to ``after``, the hottest first; (STEPS + 1, side, side, 3)."""
    # Ties, as where a map is 0, are broken by the place in a scattered but fixed order.
    scatter = np.random.default_rng(0).permutation(heat.size)
    order = np.lexsort((scatter, -heat.ravel()))
    rank = np.empty(heat.size, np.intp)
    rank[order] = np.arange(heat.size)
    upto = np.rint(np.linspace(0, heat.size, STEPS + 1)).astype(np.intp)
    changed = (rank[np.newaxis] < upto[:, np.newaxis]).reshape(-1, *heat.shape, 1)
    stages: Pixels = np.where(changed, after, before)
    return stages


def _probabilities(model: Model, pixels: Pixels, place: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = model.answer(pixels).probabilities[:, place].astype(np.float64)
    return found
