"""The learning curves of a run as one picture."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuningfork.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINES = (
    ("Loss", (("class_loss", "training"), ("validation_loss", "validation"))),
    ("Accuracy", (("accuracy", "training"), ("validation_accuracy", "validation"))),
)
COLOURS = {"training": "#b06a00", "validation": "#2b5f9e"}


def draw_curves(metrics: Path, picture: Path) -> None:
    """Draw loss and accuracy of training and validation against the epoch, as PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    records: list[dict[str, Any]] = [
        json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()
    ]
    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, (title, lines) in zip(axes, LINES, strict=True):
        for key, label in lines:
            points = [(one["epoch"], one[key]) for one in records if one.get(key) is not None]
            if points:
                epochs, values = zip(*points, strict=True)
                marker = "o" if label == "validation" else "s"
                axis.plot(epochs, values, marker=marker, ms=4, color=COLOURS[label], label=label)
        _mark_rounds(axis, records)
        axis.set(title=title, xlabel="Epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.grid(alpha=0.25)
        if axis.lines:
            axis.legend()
    with replacing(picture) as temporary:
        figure.savefig(temporary, dpi=120, format="png")
    pyplot.close(figure)


def _mark_rounds(axis: Axes, records: list[dict[str, Any]]) -> None:
    for before, after in pairwise(records):
        if after["round"] != before["round"]:
            axis.axvline(before["epoch"] + 0.5, color="#888888", ls=":")
            axis.annotate(
                f"round {after['round']}",
                (before["epoch"] + 0.6, 0.02),
                xycoords=("data", "axes fraction"),
                color="#555555",
                fontsize=8,
            )
