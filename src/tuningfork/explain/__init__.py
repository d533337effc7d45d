"""Why: how an answer follows from what the volunteers would say."""

from tuningfork.explain.walk import Step, walk

__all__ = ["Step", "walk"]
