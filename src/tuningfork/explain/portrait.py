"""One galaxy on one sheet: the picture, where the network looks, its classes and the votes."""

from __future__ import annotations

from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from tuningfork.errors import BadData
from tuningfork.explain.drawing import BLUE, DIM, INK, PALE, Explained
from tuningfork.explain.verdict import verdict_sentence
from tuningfork.explain.walk import walk
from tuningfork.files import replacing
from tuningfork.model.calibration import SURE
from tuningfork.votes.label_rule import class_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 12.0, 5.4
"""Inches."""
SIDE = 3.7
ROW = 0.235


def draw_portrait(explained: Explained, path: Path, *, title: str, note: str = "") -> None:
    """Draw the sheet as PNG. ``note`` says where the picture is from. Raises BadData."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    if path.suffix.lower() != ".png":
        raise BadData(f"{path}: unknown kind of picture; end it in .png")
    style: Any = {"font.size": 9.5}
    with mpl.rc_context(style):
        figure = Figure(figsize=(WIDTH, HEIGHT), facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(HEIGHT, 0)
        axes.set_axis_off()
        top = 0.95
        axes.text(0.3, 0.42, title, fontsize=15, weight="bold", color=INK, va="center")
        found = explained.found
        said = f"{class_words(found.label)}, {found.confidence:.0%}"
        if found.doubt is not None and found.doubt.verdict != SURE:
            said = verdict_sentence(found.doubt)
        axes.text(0.3, 0.74, said, fontsize=11.5, color=BLUE, va="center", weight="bold")
        for place, (pixels, caption) in enumerate(
            ((explained.crop, "what the network sees"), (explained.overlaid, "where it looks"))
        ):
            left = 0.3 + place * (SIDE + 0.15)
            axes.imshow(pixels, extent=(left, left + SIDE, top + SIDE, top), aspect="auto")
            axes.text(left, top + SIDE + 0.16, caption, color=DIM, va="center")
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(HEIGHT, 0)
        _draw_answers(axes, explained, 0.3 + 2 * (SIDE + 0.15) + 0.1, top)
        axes.text(0.3, HEIGHT - 0.22, note, fontsize=8, color=DIM, va="center", wrap=True)
        try:
            with replacing(path) as temporary:
                figure.savefig(temporary, dpi=120, metadata={"Software": "Tuning Fork"})
        except OSError as error:
            raise BadData(f"{path}: {error.strerror or error}; write it elsewhere") from error


def _draw_answers(axes: Axes, explained: Explained, left: float, top: float) -> None:
    y = top + ROW / 2
    found = explained.found
    for name, share in sorted(found.probabilities.items(), key=lambda one: -one[1]):
        _draw_bar(axes, left, y, class_words(name), share, taken=name == found.label)
        y += ROW
    steps = walk(found.fractions) if found.fractions else ()
    for step in steps:
        y += 0.12
        if y > top + SIDE:
            break
        axes.text(left, y, shorten(step.question.text, 70), color=DIM, va="center", fontsize=7.5)
        y += ROW
        answers = sorted(
            zip(step.question.answers, step.shares, strict=True), key=lambda one: -one[1]
        )
        for answer, share in answers[:2]:
            _draw_bar(axes, left, y, answer.text, share, taken=answer is step.taken)
            y += ROW


def _draw_bar(axes: Axes, left: float, y: float, name: str, share: float, *, taken: bool) -> None:
    weight = "bold" if taken else "normal"
    axes.text(left, y, name, color=INK, va="center", weight=weight)
    axes.text(left + 2.1, y, f"{share:.0%}", ha="right", color=INK, va="center", weight=weight)
    axes.barh(y, share * 1.35, left=left + 2.2, height=ROW * 0.6, color=BLUE if taken else PALE)
