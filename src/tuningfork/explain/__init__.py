"""Why: where a network looks, and how an answer follows from what the volunteers would say."""

from tuningfork.explain.follow import Following, follow, following_sentence
from tuningfork.explain.heat import activation_maps, heat_map
from tuningfork.explain.overlay import overlay, shown_crop
from tuningfork.explain.verdict import verdict_sentence
from tuningfork.explain.walk import Step, walk

__all__ = [
    "Following",
    "Step",
    "activation_maps",
    "follow",
    "following_sentence",
    "heat_map",
    "overlay",
    "shown_crop",
    "verdict_sentence",
    "walk",
]
