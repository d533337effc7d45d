"""Which galaxies of sets count, found by their ids: those that were held out, and each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tuningfork.data.galaxies import GalaxySet
from tuningfork.data.splits import canonical, split_of
from tuningfork.errors import BadData


def held_out(
    galaxies: GalaxySet, split: Mapping[str, float], same: Mapping[str, str] | None = None
) -> GalaxySet:
    """Keep only the galaxies that a network never learned from, whatever set they lay in.

    ``split`` is the card's ``held_out``; ``same`` maps ids of the same galaxy as in training (see
    :func:`tuningfork.data.read_same_galaxy`): without it a galaxy that was learned from under
    another id may be kept. Raises BadData if the card names no split, or none is left.
    """
    share = float(split.get("share", 0))
    if not 0 < share < 1:
        raise BadData(
            f"{galaxies.folder}: the network's card does not say which galaxies it was kept from; "
            "leave --held-out away, or choose a network with held_out in its card"
        )
    shares = {"train": 1 - share, "validation": share}
    seed = int(split.get("seed", 0))
    kept = tuple(
        one
        for one in galaxies.galaxies
        if split_of(canonical(one.id, same or {}), shares, seed) == "validation"
    )
    if not kept:
        raise BadData(
            f"{galaxies.folder}: none of its {len(galaxies.galaxies)} galaxies was held out; "
            "give a larger set, or leave --held-out away"
        )
    return replace(galaxies, galaxies=kept)


def each_once(sets: Sequence[GalaxySet], same: Mapping[str, str]) -> list[GalaxySet]:
    """Leave a galaxy out of a set where an earlier one holds it, under its own id or another."""
    seen: set[str] = set()
    found = []
    for galaxies in sets:
        new = tuple(one for one in galaxies.galaxies if canonical(one.id, same) not in seen)
        seen |= {canonical(one.id, same) for one in new}
        found.append(replace(galaxies, galaxies=new))
    return found
