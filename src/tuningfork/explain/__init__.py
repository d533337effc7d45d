"""Why: where a network looks, and how an answer follows from what the volunteers would say."""

from tuningfork.explain.heat import activation_maps, heat_map
from tuningfork.explain.overlay import overlay, shown_crop
from tuningfork.explain.walk import Step, walk

__all__ = ["Step", "activation_maps", "heat_map", "overlay", "shown_crop", "walk"]
