"""A sky of galaxies drawn by the computer, so that the class of each is known."""

from tuningfork.images.simulated.deck import DECK_COUNT, DECK_SEED, deck_folder
from tuningfork.images.simulated.folder import simulate_folder
from tuningfork.images.simulated.scene import SimulatedGalaxy, render

__all__ = [
    "DECK_COUNT",
    "DECK_SEED",
    "SimulatedGalaxy",
    "deck_folder",
    "render",
    "simulate_folder",
]
