"""The volunteers' votes as shares of the four classes."""

from __future__ import annotations

from collections.abc import Mapping

SHARES = {
    "elliptical": "Class1.1",
    "spiral": "Class3.2",
    "barred_spiral": "Class3.1",
    "edge_on_spiral": "Class2.1",
    "artifact": "Class1.3",
}
"""The column of each share. By the tree 3.1 and 3.2 sum to 2.2, 2.1 and 2.2 to 1.2, and 1.1, 1.2
and 1.3 to 1: so the five are all the volunteers, each counted once."""


def split(votes: Mapping[str, float]) -> Mapping[str, float]:
    """Part the volunteers of a galaxy among the four classes and "star or artifact".

    ``votes`` are weighted fractions under their columns' names. Shares are 0 to 1 and sum to 1,
    as far as the table's own sums hold. Empty for no votes.
    """
    return {name: votes[column] for name, column in SHARES.items()} if votes else {}
