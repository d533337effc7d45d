"""Making a deck of a folder."""

from __future__ import annotations

from pathlib import Path

from tuningfork.data import read_set
from tuningfork.errors import BadData
from tuningfork.game.deck import Deck, DeckGalaxy
from tuningfork.images.simulated import deck_folder
from tuningfork.votes.rules import CLASSES, load_rule


def open_deck(folder: Path | None = None) -> Deck:
    """Read a folder of class folders; without one, the simulated deck of the package.

    Galaxies without one of the four classes are left out and counted. Raises BadData if
    none is left.
    """
    if folder is None:
        path, simulated = deck_folder(), True
    else:
        path, simulated = folder, False
    found = read_set(path, load_rule("reference"))
    galaxies = tuple(
        DeckGalaxy(galaxy.id, galaxy.known.label, galaxy.picture.read)
        for galaxy in found.galaxies
        if galaxy.known.label in CLASSES
    )
    if not galaxies:
        raise BadData(
            f"{path} holds no galaxy whose class is known, so there is nothing to guess. "
            f"Give a folder with folders of pictures named {', '.join(CLASSES)}."
        )
    left_out = len(found.galaxies) - len(galaxies) + len(found.problems)
    return Deck(found.name, simulated, galaxies, left_out)
