"""``tuningfork volunteers``: how many volunteers the network is as good as."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from tuningfork.cli.options import JsonFile, ModelName, check_apart, check_outputs
from tuningfork.errors import BadData

if TYPE_CHECKING:
    from tuningfork.report.volunteers import Measured


def volunteers(
    data: Annotated[
        list[Path],
        typer.Argument(
            help="Sets of galaxies with volunteers' votes: Kaggle's or Galaxy Zoo 2's layout.",
            show_default=False,
        ),
    ],
    *,
    model: ModelName = None,
    same: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="CSV",
            help="Pairs of ids that are the same galaxy, as in training.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also galaxies that the network learned from.")
    ] = False,
    figure: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE.svg", help="Draw the figure here.", show_default=False),
    ] = None,
    json_file: JsonFile = None,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Keep the figures beside the network, for the game's page."),
    ] = False,
) -> None:
    """Find how many volunteers the network is as good as, question by question.

    A crowd of k volunteers strays by chance from what very many would say;
    the k that strays as far as the network does is printed with its 95 %
    interval. Galaxies that the network learned from are left out.

    \b
    Examples:
      tuningfork volunteers kaggle/ gz2/ --same same_galaxy.csv
      tuningfork volunteers kaggle/ --figure volunteers.svg --json volunteers.json
    """  # noqa: D301  (Typer needs the \b itself)
    from tuningfork.cli.scores import warn_of_pictures, watching
    from tuningfork.data import GalaxySet, each_once, held_out, read_same_galaxy, read_set
    from tuningfork.evaluate import Evaluation, evaluate_set
    from tuningfork.model.session import load_model
    from tuningfork.report import volunteers as crowds
    from tuningfork.report.findings import write_json
    from tuningfork.votes.rules import load_rule

    files = {"--json": json_file, "--figure": figure}
    check_outputs(files, [] if same is None else [same])
    if keep and everything:
        raise typer.BadParameter(
            "galaxies that the network learned from would flatter it on the game's page; leave "
            "--all or --keep away",
            param_hint="--keep",
        )
    if figure is not None and figure.suffix.lower() != ".svg":
        raise typer.BadParameter("end the figure's name in .svg", param_hint="--figure")
    network = load_model(model)
    rule = load_rule(network.card.rule)
    check_apart(files, data, rule)
    pairs = read_same_galaxy(same) if same is not None else {}
    sets = [read_set(path, rule) for path in data]
    if not everything:
        sets = [held_out(one, network.card.held_out, pairs) for one in sets]

    sets = each_once(sets, pairs)

    def evaluated(galaxies: GalaxySet) -> Evaluation:
        found = evaluate_set(network, galaxies, rule, watch=watching(len(galaxies.galaxies)))
        warn_of_pictures(found.problems, [row.error for row in found.unreadable])
        return found

    found = crowds.measure(network.card, sets, evaluated, held_out=not everything)
    _print(found)
    if figure is not None and found.whole.overall.volunteers is None:
        raise BadData(f"{figure}: too few galaxies for a figure; give a larger set")
    if json_file is not None:
        write_json(found.as_json(), json_file)
    if figure is not None:
        _draw(found, figure)
    if keep:
        typer.echo(f"Kept in {crowds.keep(found, model)}.")


def _print(found: Measured) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from tuningfork.report.volunteers import (
        SHORT,
        TOO_FEW,
        crowd_range,
        crowd_sentence,
        crowd_size,
    )

    console = Console(highlight=False)
    table = Table("question", box=box.SIMPLE_HEAD)
    for name in ("galaxies", "volunteers", "95 % interval", *found.sets):
        table.add_column(name, justify="right")
    rows = [(SHORT[one.number - 1], one.crowd) for one in found.whole.questions]
    for place, (name, crowd) in enumerate([*rows, ("any question", found.whole.overall)]):
        alone = [
            crowd_size(
                one.overall.volunteers
                if place == len(rows)
                else one.questions[place].crowd.volunteers
            )
            for one in found.sets.values()
        ]
        said = (crowd_size(crowd.volunteers), crowd_range(crowd.interval))
        table.add_row(name, f"{crowd.galaxies:,}", *said, *alone)
    console.print(table)
    counts = ", ".join(f"{count:,} of {name}" for name, count in found.galaxies.items())
    kind = "that only validated" if found.held_out else "learned-from ones included"
    console.print(f"Galaxies with votes, {kind}: {counts}", markup=False)
    if found.whole.assumed:
        console.print(
            f"Of {found.whole.assumed:,} the number of volunteers is not known: taken to be 45"
        )
    console.print(crowd_sentence(found.whole) or TOO_FEW, markup=False)


def _draw(found: Measured, path: Path) -> None:
    import base64

    from tuningfork.errors import BadTable
    from tuningfork.files import replacing
    from tuningfork.report.figures import crowd_sizes

    address = crowd_sizes(found.whole)
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(base64.b64decode(address.partition(",")[2]))
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror or error}; write the figure elsewhere") from error
