"""``tuningfork calibrate``: make a network say how sure it is."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from tuningfork.cli.extras import require_extra
from tuningfork.cli.options import check_outputs, table_console
from tuningfork.cli.progress import progress_bar
from tuningfork.errors import BadData, BadRule

if TYPE_CHECKING:
    from rich.console import Console

    from tuningfork.data import GalaxySet
    from tuningfork.model.calibration import Calibration
    from tuningfork.model.card import Card

PIPE_WIDTH = 120
LOWEST = 1 / 3
LEAST_LOSS = 0.01
"""A temperature and a loss below these come of galaxies that are all right, not of an unsure
network."""


def calibrate(
    model: Annotated[
        str, typer.Argument(help="An .onnx file or the folder of a training run, or a bundled one.")
    ],
    data: Annotated[
        list[Path],
        typer.Argument(
            help="Sets of galaxies, the first with all votes and the true mix of classes. Of a set "
            "that the network learned from, told by its folder's name, only galaxies that "
            "validated are used.",
            show_default=False,
        ),
    ],
    *,
    not_galaxies: Annotated[
        Path,
        typer.Option(help="Folder or zip of stars and artefacts of the survey."),
    ],
    output: Annotated[
        Optional[Path],  # noqa: UP045  (Typer reads it at run time)
        typer.Option(
            "--output", "-o", help="Write the network here (.onnx). Default: in its own place."
        ),
    ] = None,
    same: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="CSV of pairs of ids that are the same galaxy, as in training."),
    ] = None,
    frames: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--frame",
            metavar="SET=SHARE",
            help="Width of a set's pictures as a share of Galaxy Zoo's frame. May be repeated.",
        ),
    ] = None,
    folds: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--fold",
            metavar="MODEL",
            help="A network of a cross-validation (train --fold): it answers for the first set's "
            "galaxies that were kept from it, and sets are fitted on these. May be repeated.",
        ),
    ] = None,
    others: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option(
            help="Pictures of other things, such as photographs: never learned from, only tried. "
            "May be repeated."
        ),
    ] = None,
    refused: Annotated[
        float,
        typer.Option(min=0.0, max=0.5, help="Share of good galaxies that may be refused."),
    ] = 0.01,
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON.")] = False,
) -> None:
    """Fit temperature, prediction sets and "no galaxy here" on galaxies that were held out.

    Writes the network anew, with its temperature in the graph and everything else
    in its card, and prints what was reached on galaxies that each fit had not seen.

    \b
    Examples:
      tuningfork calibrate runs/first data/kaggle data/bars --not-galaxies data/stars.zip
      tuningfork calibrate runs/first data/kaggle data/five --frame five=0.717 \\
        --not-galaxies data/stars.zip --same pairs.csv --output calibrated.onnx
      tuningfork calibrate runs/first data/kaggle --not-galaxies data/stars.zip \\
        --fold runs/fold1 --fold runs/fold2
    """  # noqa: D301  (Typer needs the \b itself)
    require_extra("train", "onnx")

    from tuningfork.cli.scores import warn_of_pictures
    from tuningfork.data import read_same_galaxy, read_set
    from tuningfork.model.session import graph_path, load_model, model_names
    from tuningfork.trust.answers import Watch, see
    from tuningfork.trust.calibrate import (
        calibrated,
        drawn_strangers,
        plain_model,
        write_calibrated,
    )
    from tuningfork.trust.crossing import gather_crossed
    from tuningfork.trust.material import Source, gather_material
    from tuningfork.trust.refusing import Strangers
    from tuningfork.votes.rules import load_rule

    if output is None and model in model_names():
        raise typer.BadParameter(
            "a bundled network stays as it is; give one", param_hint="--output"
        )
    _check(output, refused, [not_galaxies, *data, *([same] if same else [])])
    network, graph = plain_model(model, load_model(model))
    crossing = [plain_model(one, load_model(one))[0] for one in folds or []]
    rule = load_rule(network.card.rule)
    shares = _shares(frames or [], data)
    sets = [read_set(path, rule) for path in data]
    _warn_of_new_sets(network.card, sets)
    sources = [
        Source(one, shares.get(path.resolve().name, 1.0))
        for one, path in zip(sets, data, strict=True)
    ]
    pairs = read_same_galaxy(same) if same is not None else {}
    stars = _pictures(not_galaxies)
    unread: dict[str, None] = {}  # a picture may be asked for twice, by networks of two folds
    with progress_bar("pictures") as progress:
        task = progress.add_task("", total=None)
        watch = Watch(lambda: progress.advance(task), lambda one: unread.update({str(one): None}))
        material = gather_material(network, sources, rule, pairs, watch)
        crossed = gather_crossed(network, crossing, sources[0], rule, same=pairs, watch=watch)
        unlike = Strangers(
            see(network, stars, watch=watch).embedding,
            drawn_strangers(network),
            {
                path.name: see(network, _pictures(path), watch=watch).embedding
                for path in others or []
            },
        )
    warn_of_pictures([problem for one in sets for problem in one.problems], list(unread))
    fitted = calibrated(material, unlike, graph, crossed, refused=refused)
    path = output or graph_path(model)
    write_calibrated(network, fitted, path)
    _warn_of_temperature(fitted.calibration)
    _warn_of_classes(fitted.calibration)
    if as_json:
        told = {"model": str(path), "calibration": asdict(fitted.calibration)}
        typer.echo(json.dumps(told, indent=2))
        return
    console = table_console(PIPE_WIDTH)
    _print(console, fitted.calibration)
    typer.echo(f"Written to {path}")


def _check(output: Path | None, refused: float, inputs: list[Path]) -> None:
    if output is not None and output.suffix != ".onnx":
        raise typer.BadParameter("end the file's name in .onnx", param_hint="--output")
    check_outputs({"--output": output}, inputs)
    if not math.isfinite(refused):
        raise typer.BadParameter("give a share such as 0.01", param_hint="--refused")


def _warn_of_new_sets(card: Card, sets: list[GalaxySet]) -> None:
    """Tell which sets are taken whole, as the card names none that is called so."""
    from tuningfork.report.ink import galaxy_count
    from tuningfork.trust.material import is_new

    known = ", ".join(card.data) or "none"
    for one in sets:
        if is_new(card, one):
            typer.echo(
                f"Mind: {one.name} is called like none of the sets that the network learned from "
                f"({known}), so all of its {galaxy_count(len(one.galaxies))} are taken for new to "
                "it; if they are of one of those, call the folder so",
                err=True,
            )


def _warn_of_temperature(calibration: Calibration) -> None:
    """Tell of one so low that galaxies were too few or not new: if all are right it just falls."""
    temperature = calibration.measured["scaling"]["temperature"]
    loss = calibration.measured["calibration"]["clear cases"]["nll after"]
    if temperature < LOWEST and loss < LEAST_LOSS:
        typer.echo(
            f"Mind: a temperature of {temperature:.3f} makes the network far surer than it was. "
            "Hardly a galaxy was wrong: they may be too few, or ones that it learned from; give "
            "others",
            err=True,
        )


def _warn_of_classes(calibration: Calibration) -> None:
    """Tell of classes with so few galaxies that every set holds them, to be on the safe side."""
    from tuningfork.model.calibration import COVERAGE

    everywhere = ", ".join(
        name
        for name, row in calibration.thresholds.items()
        if row[calibration.coverages.index(COVERAGE)] == 0
    )
    if everywhere:
        typer.echo(
            f"Mind: too few galaxies of {everywhere} to tell a coverage of {COVERAGE:g}, so every "
            "set holds that class; add sets that hold some, or networks of a cross-validation "
            "(--fold)",
            err=True,
        )


def _pictures(path: Path) -> list[Any]:
    from tuningfork.images.sources import find_pictures

    found = list(find_pictures([path]))
    if len(found) < 10:
        raise BadData(f"{path}: holds {len(found)} pictures; give at least 10")
    return found


def _shares(frames: list[str], data: list[Path]) -> dict[str, float]:
    names = {path.resolve().name for path in data}
    found = {}
    for text in frames:
        name, _, number = text.partition("=")
        try:
            share = float(number)
        except ValueError:
            share = math.nan
        if name not in names or not 0 < share < 100:
            raise BadRule(
                f"--frame {text}: give SET=SHARE with one of {', '.join(sorted(names))} "
                "and a number above 0"
            )
        found[name] = share
    return found


def _print(console: Console, calibration: Calibration) -> None:
    from rich import box
    from rich.table import Table

    measured = calibration.measured
    scaling = measured["scaling"]
    console.print(f"Scaling: {scaling['chosen']}, temperature {scaling['temperature']:.3f}")
    for name, one in measured["calibration"].items():
        console.print(
            f"Loss on {one['galaxies']:,} held-out galaxies ({name}), in the true mix: "
            f"{one['nll before']:.4f} before, {one['nll after']:.4f} after"
        )
    table = Table("coverage asked", box=box.SIMPLE_HEAD)
    for name in (*calibration.mix, "classes in a set", "one class"):
        table.add_column(name, justify="right")
    for asked, row in measured["coverage"].items():
        shares = (f"{row[name]['weighted']:.3f}" for name in calibration.mix)
        table.add_row(asked, *shares, f"{row['mean set size']:.2f}", f"{row['one class']:.3f}")
    console.print(table)
    table = Table("refused as no galaxy", "share", "kind met", "pictures", box=box.SIMPLE_HEAD)
    for name, row in measured["refused"].items():
        share, met = (f"{row[key]:.3f}" if key in row else "" for key in ("refused", "met"))
        table.add_row(name, share, met, f"{row['pictures']:,}")
        for further, inner in row.items():
            if isinstance(inner, dict):
                share = f"{inner['refused']:.3f}"
                table.add_row(f"  {further}", share, "", f"{inner['pictures']:,}")
    console.print(table)
