"""``tuningfork probe``: whether a network goes by colour or by shape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from tuningfork.cli.options import (
    FrameShare,
    JsonFile,
    ModelName,
    OnlyHeldOut,
    RuleName,
    SamePairs,
    check_apart,
    check_frame,
    check_outputs,
    check_pairs,
    learned_from,
    table_console,
)
from tuningfork.cli.progress import progress_bar

if TYPE_CHECKING:
    from tuningfork.trust.probe import Probe

PIPE_WIDTH = 140


def probe(
    data: Annotated[
        Path,
        typer.Argument(
            help="Set of galaxies whose classes are known: any that evaluate reads.",
            show_default=False,
        ),
    ],
    *,
    model: ModelName = None,
    rule: RuleName = None,
    frame: FrameShare = 1.0,
    only_held_out: OnlyHeldOut = False,
    same: SamePairs = None,
    json_file: JsonFile = None,
    figure: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FILE", help="Draw the figure here: .svg, .png or .pdf.", show_default=False
        ),
    ] = None,
) -> None:
    """Ask what a network goes by: colour, shape, or detail.

    Measures its accuracy in grey, with channels swapped, hues rotated, in another
    galaxy's colour, averaged around the centre (which keeps colour and profile and
    takes bars, arms and outline), blurred, noised, at half resolution, turned in
    steps of 15 degrees and moved. Ends with the answer as a paragraph.

    \b
    Examples:
      tuningfork probe my_galaxies/
      tuningfork probe kaggle/ --held-out --same same_galaxy.csv
      tuningfork probe my_galaxies/ --json probe.json --figure probe.svg
    """  # noqa: D301  (Typer needs the \b itself)
    from tuningfork.data import held_out, read_same_galaxy, read_set
    from tuningfork.model.session import load_model
    from tuningfork.trust.probe import probe as probed
    from tuningfork.trust.probe_figure import check_figure, write_figure
    from tuningfork.trust.verdict import paragraph
    from tuningfork.votes.rules import load_rule

    check_frame(frame)
    files = {"--json": json_file, "--figure": figure}
    check_outputs(files, [] if same is None else [same])
    check_pairs(same, held_out=only_held_out)
    if figure is not None:
        check_figure(figure)
    network = load_model(model)
    labels = load_rule(rule or network.card.rule)
    check_apart(files, [data], labels)
    network = network.telling(labels.name, labels.class_names)
    galaxies = read_set(data, labels)
    if only_held_out:
        pairs = read_same_galaxy(same) if same is not None else {}
        galaxies = held_out(galaxies, network.card.held_out, pairs)
    with progress_bar("pictures") as progress:
        task = progress.add_task("", total=None)
        found = probed(
            network,
            galaxies,
            labels,
            frame_share=frame,
            watch=lambda done, total: progress.update(task, completed=done, total=total),
        )
    _print(found)
    if not only_held_out and galaxies.name in network.card.data:
        typer.echo(learned_from(network.card.data[galaxies.name], galaxies.name))
    typer.echo("\n" + paragraph(found))
    if json_file is not None:
        _write(json_file, found)
    if figure is not None:
        write_figure(found, figure)


def _print(found: Probe) -> None:
    from rich import box
    from rich.table import Table

    console = table_console(PIPE_WIDTH)
    for error in found.unreadable:
        console.print(f"Not read: {error}", style="red", markup=False, soft_wrap=True)
    table = Table("change", "", box=box.SIMPLE_HEAD)
    for name in ("accuracy", "95 % interval", "same answer"):
        table.add_column(name, justify="right")
    for name in found.classes:
        table.add_column(f"{name}\n{found.support[name]:,}", justify="right")
    for one in found.results:
        low, high = one.interval
        shares = (one.recall[name] for name in found.classes)
        table.add_row(
            one.name,
            one.setting,
            f"{one.accuracy:.4f}",
            f"{low:.3f} to {high:.3f}",
            f"{one.same:.4f}",
            *("" if share is None else f"{share:.3f}" for share in shares),
        )
    console.print(table)


def _write(path: Path, found: Probe) -> None:
    from tuningfork.report.findings import write_json
    from tuningfork.trust.verdict import losses, paragraph, verdict

    colour, shape = losses(found)
    stated = {
        "verdict": verdict(found),
        "paragraph": paragraph(found),
        "lost_without_colour": colour,
        "lost_without_shape": shape,
    }
    write_json(found.as_json() | stated, path)
