"""The deck of simulated galaxies that ships with the package, for a game without the internet.

``tuningfork simulate --count 240 --seed 1845`` makes it anew. No network may be trained on this
seed, or its score on the deck says nothing.
"""

from __future__ import annotations

from pathlib import Path

DECK_SEED = 1845
"""The year in which Lord Rosse first saw a galaxy's arms."""
DECK_COUNT = 240


def deck_folder() -> Path:
    """Tell where the deck lies: class folders of 424-pixel JPEG files, and ``truth.csv``."""
    return Path(__file__).parent / "deck"
