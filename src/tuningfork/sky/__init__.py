"""The real sky: names to positions, positions to pictures."""

from tuningfork.sky.cutouts import AUTO, FRAME_PIXELS, SURVEYS, Cutout, cutout
from tuningfork.sky.names import Place, locate, place_at
from tuningfork.sky.views import View, view

__all__ = [
    "AUTO",
    "FRAME_PIXELS",
    "SURVEYS",
    "Cutout",
    "Place",
    "View",
    "cutout",
    "locate",
    "place_at",
    "view",
]
