"""The decision tree as a drawing, with the way that most volunteers would go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuningfork.classify import Classification
from tuningfork.errors import BadData
from tuningfork.explain.follow import Following, following_sentence
from tuningfork.explain.layout import (
    CARD_WIDTH,
    GUTTER,
    LEFT,
    LINE,
    LOWER,
    PADDING,
    ROW,
    TOP,
    Card,
    Layout,
    layout,
    route,
)
from tuningfork.explain.verdict import title_of
from tuningfork.explain.walk import walk
from tuningfork.files import replacing
from tuningfork.images.frame import Pixels
from tuningfork.model.calibration import UNSURE
from tuningfork.votes.label_rule import class_words
from tuningfork.votes.tree import TREE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".svg", ".png", ".pdf")
BLUE, PALE, INK, DIM, FAINT = "#0072B2", "#c9d8e2", "#1a1a1a", "#6b6b6b", "#d5d5d5"
"""The way taken stands out by width and weight as well as by colour."""


@dataclass(frozen=True, eq=False)
class Explained:
    """One galaxy and everything that its drawing says."""

    found: Classification
    following: Following | None
    """None for a network whose rule is not at hand."""
    crop: Pixels
    """What the network sees, for people, uint8 (side, side, 3)."""
    overlaid: Pixels
    """The same with the heat map over it."""


def check_drawing(path: Path) -> None:
    """Raise BadData if no drawing can be written there."""
    if path.suffix.lower() not in SUFFIXES:
        raise BadData(f"{path}: unknown kind of drawing; end it in {', '.join(SUFFIXES)}")
    if path.is_dir():
        raise BadData(f"{path}: is a folder; name a file in it")


def draw_tree(explained: Explained, path: Path) -> None:
    """Draw the tree into a file whose ending says its kind. Raises BadData."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    check_drawing(path)
    placed = layout()
    style: Any = {
        "font.size": 8.5,
        "svg.fonttype": "none",
        "svg.hashsalt": "tuningfork",
        "image.composite_image": False,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(placed.width, placed.height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, placed.width)
        axes.set_ylim(placed.height, 0)
        axes.set_axis_off()
        taken = {step.taken.key for step in walk(explained.found.fractions)}
        _draw_lines(axes, placed, taken)
        for card in placed.cards.values():
            _draw_card(axes, card, explained.found.fractions, taken)
        _draw_answer(axes, explained, placed.height)
        if explained.following is not None:
            _draw_following(axes, explained.following, explained.found.label, placed)
        try:
            with replacing(path) as temporary:
                figure.savefig(
                    temporary, dpi=110, metadata=_metadata(path, title_of(explained.found))
                )
        except OSError as error:
            raise BadData(f"{path}: {error.strerror or error}; write it elsewhere") from error


def _draw_lines(axes: Axes, placed: Layout, taken: set[tuple[int, int]]) -> None:
    """Draw each way once, those taken last and over the others."""
    ways: dict[tuple[int, int], tuple[list[tuple[float, float]], bool]] = {}
    for answer in TREE.answers:
        if answer.leads_to is None:
            continue
        way = (answer.question, answer.leads_to)
        if way not in ways or answer.key in taken:
            ways[way] = (route(placed, answer.key, answer.leads_to), answer.key in taken)
    for corners, is_taken in sorted(ways.values(), key=lambda one: one[1]):
        colour, width = (BLUE, 2.4) if is_taken else (FAINT, 1.0)
        axes.plot(*zip(*corners, strict=True), color=colour, linewidth=width)
        axes.annotate(
            "",
            corners[-1],
            corners[-2],
            arrowprops={
                "arrowstyle": "-|>",
                "color": colour,
                "linewidth": width,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )


def _draw_card(
    axes: Axes, card: Card, fractions: Mapping[str, float], taken: set[tuple[int, int]]
) -> None:
    from matplotlib.patches import FancyBboxPatch

    question = TREE.question(card.number)
    weighted = [fractions[column] for column in question.columns]
    asked = sum(weighted)
    reached = any(answer.key in taken for answer in question.answers)
    ink = INK if reached else DIM
    axes.add_patch(
        FancyBboxPatch(
            (card.x, card.y),
            CARD_WIDTH,
            card.height,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor="white",
            edgecolor=BLUE if reached else FAINT,
            linewidth=1.8 if reached else 1.0,
        )
    )
    y = card.y + PADDING + LINE / 2
    for line in card.lines:
        weight = "bold" if reached else "normal"
        axes.text(card.x + PADDING, y, line, va="center", color=ink, weight=weight)
        y += LINE
    axes.text(card.x + PADDING, y, f"{asked:.0%} asked", va="center", color=ink, size=7.5)
    for answer, share in zip(question.answers, weighted, strict=True):
        _draw_share(
            axes,
            (card.x + PADDING, card.answer_y(answer.number)),
            answer.text,
            share / asked if asked > 0 else 0.0,
            taken=answer.key in taken,
            ink=ink,
        )


def _draw_share(
    axes: Axes,
    place: tuple[float, float],
    text: str,
    share: float,
    *,
    taken: bool,
    ink: str = INK,
) -> None:
    """Draw one line: a name, its share as a number and as a bar."""
    x, y = place
    weight = "bold" if taken else "normal"
    axes.text(
        x,
        y,
        f"{'▸ ' if taken else ''}{text}",
        va="center",
        color=BLUE if taken else ink,
        weight=weight,
    )
    axes.text(x + 1.62, y, f"{share:.0%}", va="center", ha="right", color=ink, weight=weight)
    axes.barh(y, share * 0.9, left=x + 1.68, height=ROW * 0.55, color=BLUE if taken else PALE)


def _draw_answer(axes: Axes, explained: Explained, height: float) -> None:
    """Draw class, probabilities and the two pictures, left of the tree."""
    x, y = 0.3, TOP + 0.05
    found = explained.found
    axes.text(x, y, title_of(found), size=15, weight="bold", va="center")
    if found.verdict == UNSURE:
        y += 0.26
        axes.text(x, y, UNSURE, color=DIM, va="center")
    y += 0.38
    for one, share in sorted(found.probabilities.items(), key=lambda pair: -pair[1]):
        _draw_share(axes, (x, y), class_words(one), share, taken=one == found.label)
        y += ROW
    side = min(LEFT - GUTTER - 0.3, (height - y - 0.9) / 2)
    captions = ("what the network sees", f"what speaks for “{class_words(found.label)}”")
    for pixels, caption in zip((explained.crop, explained.overlaid), captions, strict=True):
        y += 0.12
        axes.imshow(pixels, extent=(x, x + side, y + side, y), aspect="auto", zorder=2)
        y += side + 0.13
        axes.text(x, y, caption, va="center", color=DIM)
        y += 0.13
    # Pictures set limits of their own.
    axes.set_xlim(0, axes.figure.get_figwidth())  # type: ignore[union-attr]
    axes.set_ylim(height, 0)


def _draw_following(axes: Axes, following: Following, answer: str, placed: Layout) -> None:
    """Draw how the class follows by the rule, right of the lower cards."""
    import textwrap

    x = placed.cards[LOWER[-1]].right + GUTTER
    y = placed.cards[LOWER[-1]].y + PADDING
    axes.text(x, y, "How the class follows", weight="bold", size=10, va="center")
    y += 0.28
    for one in following.judged:
        met = one.name == following.label
        axes.text(
            x,
            y,
            f"{'▸ ' if met else ''}{class_words(one.name)}",
            va="center",
            weight="bold" if met else "normal",
            color=BLUE if met else INK,
        )
        for place, check in enumerate(one.checks):
            sign, mark = ("≥", "✓") if check.met else ("<", "✗")
            axes.text(
                x + 1.35 + place * 2.6,
                y,
                f"{mark} {check.answer.column} {check.answer.text}: {check.fraction:.2f} {sign} "
                f"{check.condition.minimum:g}",
                va="center",
                color=INK if check.met else DIM,
            )
        y += ROW * 1.1
    y += 0.08
    for line in textwrap.wrap(following_sentence(following, answer), 92):
        axes.text(x, y, line, va="center")
        y += LINE


def _metadata(path: Path, called: str) -> dict[str, str | None]:
    """Name the drawing, and leave out its day, so that the same galaxy gives the same file."""
    title = f"The volunteers' decision tree for a galaxy: {called}"
    dates = {".svg": "Date", ".pdf": "CreationDate"}
    kind = path.suffix.lower()
    return {"Title": title} | ({dates[kind]: None} if kind in dates else {})
