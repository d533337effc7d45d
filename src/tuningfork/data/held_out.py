"""Which galaxies of sets count, found by their ids: those that were held out, and each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tuningfork.data.galaxies import GalaxySet
from tuningfork.data.splits import canonical, split_of
from tuningfork.errors import BadData


def validates(id: str, split: Mapping[str, float]) -> bool:  # noqa: A002 - the word
    """Whether a split keeps a galaxy from learning, by its (canonical) id.

    ``split`` is a card's ``held_out``: the ``share`` of galaxies kept, the hash's ``seed`` and, for
    cross-validation, the ``fold``: which of the parts of that size is kept, 0 the first.
    """
    before, share, after = _parts(split)
    shares = {"train": before, "validation": share, "train too": after}
    return split_of(id, shares, int(split.get("seed", 0))) == "validation"


def kept_too(split: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether every galaxy that ``split`` keeps from learning was kept by ``other`` as well."""
    (before, _, after), (others_before, _, others_after) = _parts(split), _parts(other)
    same = split.get("seed", 0) == other.get("seed", 0)
    return same and others_before - 1e-9 <= before and others_after - 1e-9 <= after


def _parts(split: Mapping[str, float]) -> tuple[float, float, float]:
    """The shares of galaxies before those that are kept from learning, of these, and after."""
    share = float(split["share"])
    after = share * int(split.get("fold", 0))
    # Of a share such as 1/3 the last fold's end may miss 0 by a rounding.
    return max(1 - share - after, 0.0), share, after


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
    kept = tuple(
        one for one in galaxies.galaxies if validates(canonical(one.id, same or {}), split)
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
