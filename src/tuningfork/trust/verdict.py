"""Colour or shape, in one paragraph with its numbers."""

from __future__ import annotations

from tuningfork.trust.changes import UNCHANGED
from tuningfork.trust.probe import Probe, Probed

MUCH = 2.0
"""One loss decides where it is this many times the other."""
LEAST = 0.02
"""A loss of accuracy below this decides nothing."""
FEWEST = 20
"""Of fewer galaxies one answer more or less would turn the verdict."""


def verdict(probe: Probe) -> str:
    """Say what a network goes by: ``shape``, ``colour``, ``both``, ``neither`` or ``unknown``.

    Unknown where there are fewer than FEWEST galaxies, or of one class alone. Else it compares
    what accuracy loses where colour is gone (the worse of grey and another galaxy's colour) with
    what it loses where shape is gone (azimuthal mean).
    """
    if probe.count < FEWEST or sum(count > 0 for count in probe.support.values()) < 2:
        return "unknown"
    colour, shape = losses(probe)
    if max(colour, shape) < LEAST:
        return "neither"
    if shape >= MUCH * colour:
        return "shape"
    if colour >= MUCH * shape:
        return "colour"
    return "both"


def losses(probe: Probe) -> tuple[float, float]:
    """Give the accuracy lost without the own colour, and without shape."""
    before = probe.of(UNCHANGED)[0].accuracy
    colourless = [probe.of(name)[0].accuracy for name in ("grey", "another galaxy's colour")]
    return before - min(colourless), before - probe.of("azimuthal mean")[0].accuracy


def galaxies(probe: Probe) -> str:
    """How many galaxies there are, and of which set."""
    return f"{probe.count:,} {'galaxy' if probe.count == 1 else 'galaxies'} ({probe.data})"


def paragraph(probe: Probe) -> str:
    """Answer "colour or shape?" with this probe's numbers."""
    before = probe.of(UNCHANGED)[0]
    grey, lent = probe.of("grey")[0], probe.of("another galaxy's colour")[0]
    round_, halved = probe.of("azimuthal mean")[0], probe.of("half resolution")[0]
    alone = (
        ""
        if probe.colour_alone is None
        else f" Colour by itself (a logistic regression on the galaxies' mean colours) reaches "
        f"{probe.colour_alone:.1%}, always answering the commonest class {probe.largest_share:.1%}."
    )
    return (
        f"{_ANSWERS[verdict(probe)]} Of {galaxies(probe)} the network "
        f"{probe.model} (recipe {probe.recipe}) tells {before.accuracy:.1%} right; "
        f"{grey.accuracy:.1%} in grey, {lent.accuracy:.1%} in another galaxy's colour, between "
        f"{_range(probe, 'channels swapped')} with channels swapped and between "
        f"{_range(probe, 'hue rotated')} with hues rotated. Where colours and profile stay but "
        f"bars, arms and outlines are averaged away around the centre, {round_.accuracy:.1%} are "
        f"left: it answers {_favourite(round_)}.{alone}{_conflict(probe)} Turned by any angle it "
        f"keeps {_least_same(probe, 'rotated')} of its answers or more, moved by up to 32 pixels "
        f"of the frame {_least_same(probe, 'shifted')}; at half the resolution it is right in "
        f"{halved.accuracy:.1%}."
    )


_ANSWERS = {
    "shape": "Shape.",
    "colour": "Colour.",
    "both": "Both.",
    "neither": "Neither by itself.",
    "unknown": f"Not to be told: that takes at least {FEWEST} galaxies, of two classes or more.",
}


def _range(probe: Probe, name: str) -> str:
    shares = [one.accuracy for one in probe.of(name)]
    return f"{min(shares):.1%} and {max(shares):.1%}"


def _favourite(one: Probed) -> str:
    name, count = max(one.answers.items(), key=lambda pair: pair[1])
    return f"{name} for {count / sum(one.answers.values()):.0%} of them"


def _least_same(probe: Probe, name: str) -> str:
    return f"{min(one.same for one in probe.of(name)):.1%}"


def _conflict(probe: Probe) -> str:
    found = probe.conflict
    if not found.count:
        return ""
    return (
        f" Of the {found.count:,} galaxies that wear the colour of another class, its answer is "
        f"the shape's class for {found.shape / found.count:.1%} and the colour's for "
        f"{found.colour / found.count:.1%}."
    )
