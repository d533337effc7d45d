"""``tuningfork evaluate``: how good a network is on galaxies whose class or votes are known."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from tuningfork.errors import BadTable
from tuningfork.files import replacing

if TYPE_CHECKING:
    from rich.console import Console

    from tuningfork.classify import Row
    from tuningfork.evaluate import Comparison, Evaluation, Scores

PIPE_WIDTH = 120
"""Characters a line, where the tables go to another program."""


def evaluate(
    data: Annotated[
        Path,
        typer.Argument(
            help="Set of galaxies: Kaggle's layout, a labels table beside pictures, or a folder "
            "with one folder of pictures per class.",
            show_default=False,
        ),
    ],
    *,
    model: Annotated[
        Optional[str],  # noqa: UP045  (Typer reads it at run time)
        typer.Option(
            help="An .onnx file, the folder of a training run, or a bundled network's name. "
            "Default: the bundled network.",
            show_default=False,
        ),
    ] = None,
    rule: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Label rule that makes classes of votes, by name or TOML file. "
            "Default: the network's own.",
            show_default=False,
        ),
    ] = None,
    frame: Annotated[
        float,
        typer.Option(
            min=0.01,
            max=100,
            help="Width of the pictures as a share of Galaxy Zoo's frame of 424 pixels.",
        ),
    ] = 1.0,
    views: Annotated[
        int,
        typer.Option(help="Views of each picture to average over: 1, or 8 turned and mirrored."),
    ] = 1,
    json_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--json", metavar="FILE", help="Write every figure here.", show_default=False),
    ] = None,
    against: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="CSV",
            help="Another's answers (columns id, predicted) for a paired McNemar test.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Measure how well a network tells galaxies apart.

    Prints precision, recall, F1 and support of each class, accuracy with its
    95 % interval, loss, macro-F1, the confusion matrix (rows are truth) and,
    where votes are known, the error (RMSE) over the 37 weighted fractions.

    \b
    Examples:
      tuningfork evaluate my_galaxies/
      tuningfork evaluate kaggle/ --rule strict --json scores.json
      tuningfork evaluate test/ --against predictions.csv --views 8
    """  # noqa: D301  (Typer needs the \b itself)
    from rich.console import Console

    from tuningfork.classify.views import COUNTS
    from tuningfork.data import read_set
    from tuningfork.evaluate import compare, evaluate_set, read_predictions
    from tuningfork.model.session import load_model
    from tuningfork.votes.rules import load_rule

    if not math.isfinite(frame):
        raise typer.BadParameter("give a number such as 0.5", param_hint="--frame")
    if views not in COUNTS:
        raise typer.BadParameter("choose 1 or 8", param_hint="--views")
    if json_file is not None and json_file.is_dir():
        raise typer.BadParameter("is a folder; name a file in it", param_hint="--json")
    network = load_model(model)
    labels = load_rule(rule or network.card.rule)
    theirs = None if against is None else read_predictions(against, labels)
    found = evaluate_set(
        network,
        read_set(data, labels),
        labels,
        frame_share=frame,
        views=views,
        watch=_watched,
    )
    comparison = None if theirs is None else compare(found.answers, found.truths, theirs)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    _print(console, found, comparison)
    if json_file is not None:
        _write(json_file, found, comparison)


def _watched(rows: Iterable[Row]) -> Iterator[Row]:
    """Show on a terminal how many galaxies have gone through."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    notes = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} galaxies"), TimeElapsedColumn())
    with Progress(
        *columns, console=notes, transient=True, disable=not notes.is_terminal
    ) as progress:
        yield from progress.track(rows)


def _print(console: Console, found: Evaluation, comparison: Comparison | None) -> None:
    for problem in found.problems:
        console.print(f"Set: {problem.sentence}", markup=False)
    if found.unreadable:
        console.print(f"Not read, so in no figure: {len(found.unreadable):,} pictures")
        console.print(*(row.error for row in found.unreadable[:5]), sep="\n", markup=False)
    if found.scores is None:
        console.print("Accuracy: not defined, for no galaxy's class is known for certain")
    else:
        _print_scores(console, found.scores)
    if found.rmse is not None:
        console.print(f"RMSE {found.rmse:.5f} over 37 vote fractions of {found.voted:,} galaxies")
    if found.within_possible is not None:
        console.print(
            f"Within the possible classes: {found.within_possible:.4f} of {found.narrowed:,} "
            "galaxies whose class is only narrowed down"
        )
    if comparison is not None:
        _print_comparison(console, comparison)


def _print_scores(console: Console, scores: Scores) -> None:
    from rich import box
    from rich.table import Table

    table = Table("class", box=box.SIMPLE_HEAD)
    for name in ("precision", "recall", "F1", "support"):
        table.add_column(name, justify="right")
    for name, one in scores.per_class.items():
        shares = (f"{share:.4f}" for share in (one.precision, one.recall, one.f1))
        table.add_row(name, *shares, f"{one.support:,}")
    console.print(table)
    low, high = scores.accuracy_interval
    console.print(f"Accuracy {scores.accuracy:.5f} (95 % interval {low:.4f} to {high:.4f})")
    console.print(f"Loss {scores.loss:.5f}, macro-F1 {scores.macro_f1:.4f}")
    confusion = Table("truth", box=box.SIMPLE_HEAD)
    for name in scores.classes:
        confusion.add_column(f"→ {name}", justify="right")
    for name, row in zip(scores.classes, scores.confusion.tolist(), strict=True):
        confusion.add_row(name, *(f"{count:,}" for count in row))
    console.print(confusion)


def _print_comparison(console: Console, found: Comparison) -> None:
    if found.accuracy is None or found.their_accuracy is None:
        console.print("Against: no galaxy has a class and both answers; check the ids")
        return
    console.print(
        f"Against: {found.accuracy:.5f} here, {found.their_accuracy:.5f} there, on the same "
        f"{found.count:,} galaxies; right only here {found.b:,}, right only there {found.c:,}; "
        f"exact McNemar p = {found.p_value:.3g}"
    )
    if found.missing_there or found.missing_here or found.truth_differs:
        console.print(
            f"  without an answer there {found.missing_there:,}, only there "
            f"{found.missing_here:,}, held for another class there {found.truth_differs:,}"
        )


def _write(path: Path, found: Evaluation, comparison: Comparison | None) -> None:
    stated = found.as_json() | {"against": None if comparison is None else asdict(comparison)}
    try:
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(stated, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror or error}; write the file elsewhere") from error
