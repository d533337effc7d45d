"""A probe as a figure: what each change looks like, what accuracy is left, and for which class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tuningfork.errors import BadData
from tuningfork.files import replacing
from tuningfork.images.frame import Pixels, Preprocessing
from tuningfork.images.simulated import render
from tuningfork.trust.changes import CHANGES, FRAME, UNCHANGED, Batch, middle, wide_preprocessing
from tuningfork.trust.probe import Probe, Probed
from tuningfork.trust.verdict import galaxies

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".svg", ".png", ".pdf")
SHOWN = (
    ("unchanged", ""),
    ("grey", ""),
    ("hue rotated", "180°"),
    ("another galaxy's colour", ""),
    ("azimuthal mean", ""),
    ("blurred", "8 px"),
    ("noised", "20 of 255"),
    ("half resolution", ""),
)
"""Changes that are shown on a simulated galaxy."""
EXAMPLE = (7, 9), (7, 0)
"""Seed and number of the simulated galaxy, and of the one that lends its colour."""
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#767676"
"""Told apart by all eyes (Okabe & Ito 2008)."""
CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
"""Behind words, so that no line runs through them."""
TURNING = ("rotated", "shifted")


def check_figure(path: Path) -> None:
    """Raise BadData if no figure can be written there."""
    if path.suffix.lower() not in SUFFIXES:
        raise BadData(f"{path}: unknown kind of figure; end it in {', '.join(SUFFIXES)}")
    if path.is_dir():
        raise BadData(f"{path}: is a folder; name a file in it")


def write_figure(probe: Probe, path: Path) -> None:
    """Draw a probe into a file whose ending says its kind. Raises BadData."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    check_figure(path)
    style: Any = {"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "tuningfork"}
    with mpl.rc_context(style):
        figure = Figure(figsize=(11, 10.5), layout="constrained")
        parts: Any = figure.subfigures(2, 1, height_ratios=(1, 5.2))
        top, below = parts
        _draw_examples(top)
        places = below.subplot_mosaic([["accuracy", "recall"], ["accuracy", "turns"]])
        _draw_accuracies(places["accuracy"], probe)
        _draw_recall(places["recall"], probe)
        _draw_turns(places["turns"], probe)
        figure.suptitle(
            f"Colour or shape? {probe.model} on {galaxies(probe)}",
            weight="bold",
        )
        try:
            with replacing(path) as temporary:
                figure.savefig(temporary, dpi=100, metadata=_undated(path))
        except OSError as error:
            raise BadData(f"{path}: {error.strerror or error}; write it elsewhere") from error


def example_pictures(preprocessing: Preprocessing) -> list[tuple[str, Pixels]]:
    """Give a simulated galaxy's crop under each change of SHOWN, uint8 (side, side, 3)."""
    wide = wide_preprocessing(preprocessing)
    galaxy, donor = (wide.apply(render(*one).pixels)[np.newaxis] for one in EXAMPLE)
    scale = preprocessing.frame_pixels / FRAME
    batch = Batch(galaxy, scale, donor, np.random.default_rng(0))
    changes = {(one.name, one.setting): one for one in CHANGES}
    return [
        (
            f"{name} {setting}".strip(),
            middle(changes[name, setting].apply(batch), preprocessing.input_pixels)[0],
        )
        for name, setting in SHOWN
    ]


def _draw_examples(figure: Any) -> None:  # noqa: ANN401  a SubFigure, which matplotlib types badly
    pictures = example_pictures(Preprocessing(FRAME, FRAME // 2))
    for axes, (name, pixels) in zip(figure.subplots(1, len(pictures)), pictures, strict=True):
        axes.imshow(pixels)
        axes.set_title(name.replace("another galaxy's", "another\ngalaxy's"), fontsize=8)
        axes.set_axis_off()


def _rows(probe: Probe) -> list[Probed]:
    """Give one line for each change, turns and shifts by their worst."""
    rows = [one for one in probe.results if one.name not in TURNING]
    return rows + [min(probe.of(name), key=lambda one: one.accuracy) for name in TURNING]


def _name(one: Probed) -> str:
    worst = ", the worst" if one.name in TURNING else ""
    return f"{one.name} {one.setting}".strip() + worst


def _draw_accuracies(axes: Axes, probe: Probe) -> None:
    rows = _rows(probe)
    places = np.arange(len(rows))
    values = np.array([one.accuracy for one in rows])
    bounds = np.array([one.interval for one in rows])
    axes.errorbar(
        values,
        places,
        xerr=np.abs(bounds.T - values),
        fmt="o",
        color=BLUE,
        markersize=5,
        capsize=2,
    )
    axes.axvline(values[0], color=GREY, linewidth=0.8)
    if probe.colour_alone is not None:
        axes.axvline(probe.colour_alone, color=ORANGE, linestyle="--")
        axes.text(probe.colour_alone, -0.9, " colour alone", color=ORANGE, size=8, bbox=CLEAR)
    axes.axvline(probe.largest_share, color=GREY, linestyle=":")
    foot = len(rows) - 0.1
    axes.text(probe.largest_share, foot, " commonest class", color=GREY, size=8, bbox=CLEAR)
    axes.set_yticks(places, [_name(one) for one in rows])
    axes.set_ylim(len(rows) + 0.2, -1.3)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("accuracy, with 95 % interval")
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)


def _draw_recall(axes: Axes, probe: Probe) -> None:
    rows = [one for one in probe.results if (one.name, one.setting) in SHOWN]
    classes = [name for name in probe.classes if probe.support[name]]
    shares = np.array([[float(one.recall[name] or 0) for name in classes] for one in rows])
    axes.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        colour = "black" if share > 0.55 else "white"
        axes.text(column, row, f"{share:.0%}", ha="center", va="center", color=colour)
    axes.set_xticks(
        range(len(classes)), [f"{one}\n{probe.support[one]:,}".replace("_", " ") for one in classes]
    )
    axes.set_yticks(range(len(rows)), [_name(one) for one in rows])
    axes.set_title("recognised of each class", fontsize=9)


def _draw_turns(axes: Axes, probe: Probe) -> None:
    rows = [probe.of(UNCHANGED)[0], *probe.of("rotated")]
    angles = [0.0, *(float(one.setting.removesuffix("°")) for one in rows[1:])]
    axes.plot(angles, [one.accuracy for one in rows], "o-", color=BLUE, label="right")
    axes.plot(angles, [one.same for one in rows], "s--", color=ORANGE, label="as when not turned")
    axes.set_xticks(range(0, 360, 45))
    axes.set_xlabel("turned by, in degrees")
    axes.set_ylim(min(0.8, *(one.accuracy for one in rows)) - 0.02, 1.01)
    axes.grid(color="#dddddd")
    axes.legend(frameon=False)


def _undated(path: Path) -> dict[str, None]:
    """Leave out the day of drawing, so that the same probe gives the same file."""
    names = {".svg": "Date", ".pdf": "CreationDate", ".png": "Creation Time"}
    return {names[path.suffix.lower()]: None}
