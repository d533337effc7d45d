"""The real sky: names to positions, positions to pictures."""

from tuningfork.sky.cutouts import FRAME_PIXELS, SURVEYS, Cutout, cutout
from tuningfork.sky.names import Place, locate

__all__ = ["FRAME_PIXELS", "SURVEYS", "Cutout", "Place", "cutout", "locate"]
