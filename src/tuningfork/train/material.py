"""What a run works on, handed from hand to hand: recipe, galaxies, pixels and outputs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tuningfork.train.galaxies import Galaxies
from tuningfork.train.networks import Outputs
from tuningfork.train.recipe import Recipe
from tuningfork.train.team import Team


@dataclass(frozen=True)
class Material:
    """Everything that stays the same while a network trains."""

    recipe: Recipe
    galaxies: Galaxies
    pixels: NDArray[np.uint8]
    """(rows, stored, stored, 3), mapped from disk."""
    places: NDArray[np.intp]
    """(n,): each galaxy's row of ``pixels``, which also holds what could not be read."""
    outputs: Outputs
    team: Team = field(default_factory=Team)
    """The processes that train together, and the device that this one computes on."""

    def pictures(self, rows: NDArray[np.intp]) -> Tensor:
        """The stored pictures of these galaxies, uint8 (rows, stored, stored, 3)."""
        return torch.from_numpy(self.pixels[self.places[rows]]).to(self.team.device)

    def normalised(self, pictures: Tensor) -> Tensor:
        """Pictures in 0..255, float32 (n, 3, side, side), as the network reads them."""
        settings = self.recipe.pictures
        scaled = (pictures - settings.mean) / settings.scale
        return scaled.contiguous(memory_format=torch.channels_last)
