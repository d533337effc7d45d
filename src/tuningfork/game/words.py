"""What classes, modes and choices are called on the pages, in the reader's language.

Every text is lazy: it becomes words when a page is written. Nouns stand here as they are used in
sentences, because languages decline and order them differently.
"""

from __future__ import annotations

from datetime import date

from flask import Flask, render_template
from flask_babel import format_date
from markupsafe import Markup

from tuningfork.game.languages import language, lazy_pgettext
from tuningfork.game.languages import lazy_gettext as _
from tuningfork.game.strengths import strengths
from tuningfork.votes.tree import TREE

NAMES = {
    "elliptical": _("Elliptical"),
    "spiral": _("Spiral"),
    "barred_spiral": _("Barred spiral"),
    "edge_on_spiral": _("Edge-on spiral"),
}
ARTICLES = {
    "elliptical": _("an elliptical"),
    "spiral": _("a spiral"),
    "barred_spiral": _("a barred spiral"),
    "edge_on_spiral": _("an edge-on spiral"),
}
"""What somebody takes a galaxy for."""
SIGNS = {
    "elliptical": _("smooth, round to oval"),
    "spiral": _("a disk, no bar"),
    "barred_spiral": _("a bar through the centre"),
    "edge_on_spiral": _("a disk seen from its side"),
}
REVEALS = {
    "elliptical": _("It is an elliptical."),
    "spiral": _("It is a spiral."),
    "barred_spiral": _("It is a barred spiral."),
    "edge_on_spiral": _("It is an edge-on spiral."),
}
SEEN = {
    "elliptical": lazy_pgettext("what volunteers saw", "a smooth glow without a disk"),
    "spiral": lazy_pgettext("what volunteers saw", "a disk without a bar"),
    "barred_spiral": lazy_pgettext("what volunteers saw", "a bar"),
    "edge_on_spiral": lazy_pgettext("what volunteers saw", "a disk from its side"),
}
DRAWN = {
    "elliptical": _("It was drawn as a smooth glow without a disk"),
    "spiral": _("It was drawn as a disk without a bar"),
    "barred_spiral": _("It was drawn with a bar"),
    "edge_on_spiral": _("It was drawn as a disk seen from its side"),
}
GUIDE = {
    "elliptical": (
        _("A smooth glow, brightest in the middle, round to oval, that fades without an edge."),
        _("No disk, no arms, no dust. Often yellow to red, but colour alone can mislead."),
    ),
    "spiral": (
        _("A disk seen more or less from above, often with arms around a bright core."),
        _("No straight bar in the middle. The arms may be faint, and some disks show none."),
    ),
    "barred_spiral": (
        _("A disk with a straight bar of stars through its core; arms start at the bar's ends."),
        _("Short bars are the hardest to see: look for a core that is longer than it is wide."),
    ),
    "edge_on_spiral": (
        _("A disk seen from its side: a thin line, often with a bulge in the middle."),
        _("A dark lane of dust may run along it. An elliptical is never so thin."),
    ),
}
"""Two lines for each class."""
ARTIFACT = _("Star or artifact")

MODES = {
    "ten": _("Round of ten"),
    "daily": _("Daily challenge"),
    "streak": _("Streak"),
    "timed": _("Against the clock"),
    "practice": _("Practice"),
    "room": _("Classroom"),
}
RULES = {
    "ten": _("ten galaxies, you against the machine"),
    "daily": _("the same ten for everyone today"),
    "streak": _("until your third miss"),
    "timed": _("as many as you can in a minute"),
    "practice": _("explained, without a score"),
}
STRENGTHS = {
    "full": _("The network as it is"),
    "blurred": _(
        "The network, short-sighted: it sees only %(sight)s\u00a0×\u00a0%(sight)s\u00a0pixels"
    ),
    "swift": _("A smaller, faster network"),
}
DIFFICULTIES = {
    "": _("Any"),
    "easy": _("Easy: everyone was sure"),
    "medium": _("In between"),
    "hard": _("Hard: opinions differed"),
}

QUESTIONS = {question.number: _(question.text) for question in TREE.questions}
ANSWERS = {answer.column: lazy_pgettext("tree", answer.text) for answer in TREE.answers}
"""The volunteers' tree; its texts are taken into the catalogues from ``votes/tree.py``."""


def strength_name(name: str) -> str:
    """Name a strength; the rounds of the first edition have none and were played at full."""
    sight = {one.name: one.sight for one in strengths()}.get(name)
    return str(STRENGTHS[name or "full"]) % {"sight": sight}


def date_words(day: date) -> str:
    """Write a date in the reader's language."""
    return str(format_date(day, "long"))


def install(app: Flask) -> None:
    """Give the templates and their macros these words."""
    sheets: dict[str, Markup] = {}

    def guide_sheet() -> Markup:
        """Write the field guide of a language once, for all pages that have it."""
        spoken = language()
        if spoken not in sheets:
            sheets[spoken] = Markup(render_template("guide_sheet.html"))  # noqa: S704  (our own)
        return sheets[spoken]

    app.jinja_env.globals.update(
        guide_sheet=guide_sheet,
        names=NAMES,
        articles=ARTICLES,
        signs=SIGNS,
        reveals=REVEALS,
        guide_lines=GUIDE,
        artifact=ARTIFACT,
        mode_names=MODES,
        mode_rules=RULES,
        strength_name=strength_name,
        date_words=date_words,
        difficulty_names=DIFFICULTIES,
        questions=QUESTIONS,
        tree_answers=ANSWERS,
    )
