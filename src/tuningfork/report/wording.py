"""Numbers and names as pages and cards write them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from tuningfork.evaluate.curves import Curve
from tuningfork.evaluate.intervals import Interval
from tuningfork.report.ink import INKS, amount, galaxy_count
from tuningfork.report.volunteers import crowd_range, crowd_size
from tuningfork.votes.label_rule import class_words

MARKS = {
    "o": "M8 2a4 4 0 1 0 .01 0z",
    "s": "M4 2h8v8h-8z",
    "^": "M8 1l5 9h-10z",
    "D": "M8 0l5 6-5 6-5-6z",
    "v": "M8 11l5-9h-10z",
    "P": "M6 1h4v3h3v4h-3v3h-4v-3h-3v-4h3z",
    "X": "M3 3l3-2 2 3 2-3 3 2-3 3 3 3-3 2-2-3-2 3-3-2 3-3z",
}
"""Marks of the figures as SVG paths in a box of 16 × 12."""


def environment() -> Environment:
    """Make Jinja with the words and formats that pages and cards share."""
    found = Environment(
        loader=PackageLoader("tuningfork.report"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["words"] = class_words
    found.globals.update(
        crowd=crowd_size,
        crowd_interval=crowd_range,
        p_value=p_value,
        areas=areas,
        amount=amount,
        galaxy_count=galaxy_count,
        bounds=lambda pair: "" if pair is None else f"({span(pair)})",
        fraction=lambda share: "–" if share is None else f"{share:.3f}",
        inks=[{"colour": one.colour, "path": MARKS[one.mark]} for one in INKS],
    )
    return found


def span(bounds: Interval) -> str:
    """Write an interval."""
    return f"{bounds[0]:.3f} to {bounds[1]:.3f}"


def areas(lines: Sequence[Curve]) -> str:
    """Write the areas of curves, class by class."""
    return ", ".join(f"{class_words(one.name)} {one.area:.3f}" for one in lines)


def p_value(value: float | None) -> str:
    """Write a probability, small ones with their power of ten; nothing where there is none."""
    if value is None:
        return ""
    if value >= 0.001:
        return f"{value:.3f}"
    if value == 0:
        return "less than 10⁻³⁰⁰"
    power = math.floor(math.log10(value))
    raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value / 10**power:.1f} · 10{raised}"
