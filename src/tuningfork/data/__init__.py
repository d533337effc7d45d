"""Sets of galaxies: reading them, what is known of each, and splitting them."""

from tuningfork.data.galaxies import Galaxy, GalaxySet, Known
from tuningfork.data.held_out import each_once, held_out, validates
from tuningfork.data.reading import read_set
from tuningfork.data.splits import canonical, read_same_galaxy, split_of
from tuningfork.votes.problems import Problem

__all__ = [
    "Galaxy",
    "GalaxySet",
    "Known",
    "Problem",
    "canonical",
    "each_once",
    "held_out",
    "read_same_galaxy",
    "read_set",
    "split_of",
    "validates",
]
