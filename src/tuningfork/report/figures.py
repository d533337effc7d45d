"""Figures as SVG, each a data address that a page can hold."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tuningfork.evaluate.calibration import ReliabilityBin
from tuningfork.evaluate.curves import Curve
from tuningfork.evaluate.questions import AnswerScore
from tuningfork.evaluate.volunteers import Crowds, QuestionCrowd
from tuningfork.report.ink import QUIET, ink
from tuningfork.report.volunteers import SHORT
from tuningfork.votes.label_rule import class_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 4.6, 3.7
"""Inches: on a phone's page the letters are still 10 pixels high."""
SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.titlesize": 9,
    "lines.linewidth": 1.6,
    "grid.color": "#d8d8d8",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.fonttype": "path",
    "svg.hashsalt": "tuningfork",
}
TEN = 10
"""Volunteers that Zoobot is as good as (Walmsley et al. 2022)."""


def learning_curve(
    history: Sequence[Mapping[str, Any]], title: str, training: str, validation: str
) -> str:
    """Draw two of a training run's figures against the epoch, with its rounds marked."""
    with _axes(WIDTH, 3.2) as (axis, finish):
        for place, (key, name) in enumerate(((training, "training"), (validation, "validation"))):
            points = [(one["epoch"], one[key]) for one in history if one.get(key) is not None]
            if points:
                own = ink(place)
                epochs, values = zip(*points, strict=True)
                axis.plot(
                    epochs, values, own.dash, color=own.colour, marker=own.mark, ms=3, label=name
                )
        _mark_rounds(axis, history)
        axis.set(xlabel="Epoch", ylabel=title)
        axis.grid(axis="y")
        axis.legend()
        return finish()


def curves(lines: Sequence[Curve], *, x: str, y: str, classes: Sequence[str], chance: bool) -> str:
    """Draw ROC or precision-recall curves, a line for each class."""
    with _axes() as (axis, finish):
        if chance:
            axis.plot([0, 1], [0, 1], color=QUIET, lw=0.8, ls=(0, (2, 3)))
        for line in lines:
            own = ink(classes.index(line.name))
            label = f"{class_words(line.name)} ({line.area:.3f})"
            axis.plot(line.x, line.y, color=own.colour, ls=own.dash, label=label)
        _unit(axis, x, y)
        axis.legend(loc="lower right" if chance else "lower left")
        return finish()


def reliability_diagram(bins: Sequence[ReliabilityBin]) -> str:
    """Draw how often answers are right against how sure they are, with counts below."""
    with _axes() as (axis, finish):
        axis.plot([0, 1], [0, 1], color=QUIET, lw=0.8, ls=(0, (2, 3)))
        most = max(one.count for one in bins)
        for one in bins:
            share = 0.18 * one.count / most
            axis.bar(one.low, share, one.high - one.low, align="edge", color="#d3dde6", lw=0)
        sure = [one.confidence for one in bins]
        right = [one.accuracy for one in bins]
        below = [max(0.0, one.accuracy - one.interval[0]) for one in bins]
        above = [max(0.0, one.interval[1] - one.accuracy) for one in bins]
        axis.errorbar(
            sure, right, yerr=[below, above], color=ink(1).colour, marker="o", ms=4, capsize=2
        )
        _unit(axis, "Probability of the answer", "Share of right answers")
        axis.set_xlim(max(0.0, min(one.low for one in bins) - 0.05), 1.02)
        return finish()


def answer_calibration(scores: Sequence[AnswerScore]) -> str:
    """Draw votes against predictions for the answers of one question."""
    with _axes(3.1, 2.9) as (axis, finish):
        axis.plot([0, 1], [0, 1], color=QUIET, lw=0.8, ls=(0, (2, 3)))
        for place, one in enumerate(scores):
            own = ink(place)
            axis.plot(
                [each.predicted for each in one.bins],
                [each.voted for each in one.bins],
                color=own.colour,
                ls=own.dash,
                marker=own.mark,
                ms=4,
                lw=1.2,
            )
        _unit(axis, "Predicted", "Voted")
        return finish()


def crowd_sizes(crowds: Crowds) -> str:
    """Draw the crowd that the network matches at each question, on a logarithmic scale."""
    told = [one for one in crowds.questions if one.crowd.volunteers is not None]
    most = 100.0
    with _axes(WIDTH, crowd_height(crowds)) as (axis, finish):
        axis.axvline(TEN, color=QUIET, lw=0.8, ls=(0, (4, 3)))
        axis.annotate(
            "Zoobot", (TEN, 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom",
            fontsize=8, color=QUIET,
        )  # fmt: skip
        for place, one in enumerate(told):
            _draw_crowd(axis, one, -place, most)
        overall = crowds.overall
        if overall.volunteers is not None:
            whole = QuestionCrowd(0, "all questions", overall)
            _draw_crowd(axis, whole, -len(told) - 0.4, most)
        axis.set_xscale("log")
        axis.set_xlim(0.7, most)
        axis.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
        axis.set_xticks([], minor=True)
        axis.set_yticks(
            [-place for place in range(len(told))] + [-len(told) - 0.4],
            [_asked(one.number) for one in told] + ["any question"],
        )
        axis.set_ylim(-len(told) - 1, 0.7)
        axis.set_xlabel("As good as so many volunteers")
        axis.grid(axis="x")
        return finish()


def crowd_height(crowds: Crowds) -> float:
    """Inches that the figure of all crowds is high."""
    return 0.3 * (1 + sum(one.crowd.volunteers is not None for one in crowds.questions)) + 0.9


def _asked(number: int) -> str:
    return SHORT[number - 1]


def _draw_crowd(axis: Axes, one: QuestionCrowd, height: float, most: float) -> None:
    own = ink(1 if one.number else 0)
    if one.crowd.interval is not None:
        low, high = (min(bound, most) for bound in one.crowd.interval)
        axis.plot([low, high], [height, height], color=own.colour, lw=2, alpha=0.55)
    if one.crowd.volunteers is not None and math.isfinite(one.crowd.volunteers):
        axis.plot(one.crowd.volunteers, height, own.mark, color=own.colour, ms=6)


def _unit(axis: Axes, x: str, y: str) -> None:
    axis.set(xlabel=x, ylabel=y, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axis.grid()


def _mark_rounds(axis: Axes, history: Sequence[Mapping[str, Any]]) -> None:
    for before, after in pairwise(history):
        if after.get("round") != before.get("round"):
            axis.axvline(before["epoch"] + 0.5, color=QUIET, lw=0.8, ls=":")


@contextmanager
def _axes(width: float = WIDTH, height: float = HEIGHT) -> Iterator[tuple[Axes, Callable[[], str]]]:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(SETTINGS):  # type: ignore[arg-type]
        # No pyplot: nothing global is kept, and no window can open.
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)

        def finish() -> str:
            data = io.BytesIO()
            figure.savefig(data, format="svg", metadata={"Date": None})
            return "data:image/svg+xml;base64," + base64.b64encode(data.getvalue()).decode()

        yield figure.add_subplot(), finish
