"""Making a deck of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tuningfork.data import read_set
from tuningfork.data.galaxies import Known
from tuningfork.errors import BadData, UnreadableImage
from tuningfork.game.deck import Deck, DeckGalaxy
from tuningfork.images.decode import decode
from tuningfork.images.simulated import deck_folder
from tuningfork.votes.rules import CLASSES, load_rule
from tuningfork.votes.tree import TREE


def open_deck(folder: Path | None = None) -> Deck:
    """Read a folder of class folders; without one, the simulated deck of the package.

    Galaxies without one of the four classes are left out. Raises BadData if none is left, or
    if none of the pictures can be read.
    """
    path = deck_folder() if folder is None else folder
    found = read_set(path, load_rule("reference"))
    galaxies = tuple(
        DeckGalaxy(galaxy.id, galaxy.known.label, galaxy.picture.read, _votes(galaxy.known))
        for galaxy in found.galaxies
        if galaxy.known.label in CLASSES
    )
    if not galaxies:
        raise BadData(
            f"{path}: no galaxy whose class is known, so there is nothing to guess; "
            f"give a folder with folders of pictures named {', '.join(CLASSES)}"
        )
    if not any(_is_readable(galaxy) for galaxy in galaxies):
        raise BadData(f"{path}: none of the {len(galaxies)} pictures can be read; give another")
    remarks = [problem.sentence for problem in found.problems]
    without = len(found.galaxies) - len(galaxies)
    if without:
        remarks.append(f"{path}: {without:,} galaxies of none of the four classes (left out)")
    return Deck(found.name, folder is None, galaxies, tuple(remarks))


def _votes(known: Known) -> Mapping[str, float]:
    """The votes as given, else as debiased; none where the table misses some of them."""
    for votes in (known.raw, known.votes):
        if votes is not None and np.isfinite(votes).all():
            return dict(zip(TREE.columns, votes.tolist(), strict=True))
    return {}


def _is_readable(galaxy: DeckGalaxy) -> bool:
    try:
        decode(galaxy.read(), galaxy.id)
    except (OSError, UnreadableImage):
        return False
    return True
