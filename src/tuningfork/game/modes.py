"""The ways to play: what ends a round, and whether it is scored and ranked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True)
class Mode:
    """One way to play."""

    name: str
    length: int | None = None
    """How many galaxies a round has; None: as many as the player gets to."""
    misses: int | None = None
    """The round ends with this miss of the person's."""
    seconds: int | None = None
    """The round ends so long after its first galaxy was shown."""
    scored: bool = True
    """Whether points are counted and shown."""
    ranked: bool = False
    """Whether its rounds stand on the board of the day."""

    @property
    def grows(self) -> bool:
        """Whether a round gets further galaxies while it goes on."""
        return self.length is None


def _read() -> Mapping[str, Mode]:
    text = (resources.files("tuningfork.game") / "modes.toml").read_text(encoding="utf-8")
    modes = (Mode(**one) for one in tomllib.loads(text)["mode"])
    return MappingProxyType({mode.name: mode for mode in modes})


MODES = _read()
"""Every mode under its name, in the order of display."""
