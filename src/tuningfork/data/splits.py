"""Splits by a galaxy's id alone, and pairs of ids that are one galaxy."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path

from tuningfork.errors import BadTable
from tuningfork.votes.columns import open_table, whole_id

MOST_COPIES = 4
"""Ids that one galaxy may have on the mean of a table of pairs."""


def split_of(id: str, shares: Mapping[str, float], seed: int = 0) -> str:  # noqa: A002 - the word
    """The part of a split that a galaxy belongs to, by a hash of its id.

    ``shares`` are the parts' shares, which sum to 1: ``{"train": 0.8, "validation": 0.2}``.
    Neither the order of rows nor further rows move a galaxy; another seed gives another split.

    Raises ValueError if the shares are negative or do not sum to 1.
    """
    if min(shares.values(), default=-1) < 0 or not math.isclose(sum(shares.values()), 1):
        raise ValueError(f"shares of a split must be positive and sum to 1, not {dict(shares)}")
    digest = hashlib.sha256(f"{seed}:{id}".encode()).digest()
    place = int.from_bytes(digest[:8]) / 2**64
    upto = 0.0
    for name, share in shares.items():
        upto += share
        if place < upto:
            return name
    # The shares' sum may fall short of 1 by a rounding.
    return [name for name, share in shares.items() if share > 0][-1]


def read_same_galaxy(path: str | Path) -> dict[str, str]:
    """Ids of a table's first column, each with the second column's id of the same picture.

    Take ``pairs.get(id, id)`` for the ids of the first column's set before splitting or
    excluding, and a pair stays on one side. A column without a name, such as a data frame's index,
    does not count. Raises BadTable if the table lacks two columns, holds no pair, or its second
    column repeats itself as ids do not.
    """
    file = open_table(Path(path))
    named = [name for name in file.header if name]
    if len(named) < 2:
        raise BadTable(f"{path}: pairs need two columns of ids; give both")
    first, second = named[:2]
    table = file.read([first, second])
    found = {
        whole_id(one): whole_id(other)
        for one, other in zip(table.text[first], table.text[second], strict=True)
        if one and other
    }
    if not found:
        raise BadTable(f"{path}: holds no pair of ids; give a table with one in each row")
    if len(set(found.values())) * MOST_COPIES < len(found):
        raise BadTable(
            f"{path}: its column {second!r} repeats itself too often to hold ids; give a "
            "table whose first two columns are ids of the same galaxy"
        )
    return found


def canonical(name: str, same: Mapping[str, str]) -> str:
    """The one id that stands for all ids of the same galaxy: where their chain of pairs ends."""
    chain = [name]
    while chain[-1] in same:
        following = same[chain[-1]]
        if following in chain:
            return min(chain[chain.index(following) :])
        chain.append(following)
    return chain[-1]
