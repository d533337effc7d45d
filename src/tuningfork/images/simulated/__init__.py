"""A sky of galaxies drawn by the computer, so that the class of each is known."""

from tuningfork.images.simulated.deck import DECK_COUNT, DECK_SEED, deck_folder
from tuningfork.images.simulated.folder import simulate_folder
from tuningfork.images.simulated.parts import Parts
from tuningfork.images.simulated.scene import SimulatedGalaxy, label_of, parts_of, render

__all__ = [
    "DECK_COUNT",
    "DECK_SEED",
    "Parts",
    "SimulatedGalaxy",
    "deck_folder",
    "label_of",
    "parts_of",
    "render",
    "simulate_folder",
]
