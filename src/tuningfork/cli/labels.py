"""``tuningfork labels``: what classes a rule makes of a set of galaxies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from tuningfork.data.counts import Counts
    from tuningfork.data.galaxies import GalaxySet


def labels(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A set's folder (Kaggle's, Galaxy Zoo 2's, a labels table or class folders), "
            "or a table alone.",
            show_default=False,
        ),
    ],
    rule: Annotated[
        str, typer.Option(help="reference, strict, zhu5, or the path of your own rule (TOML).")
    ] = "reference",
    output: Annotated[
        Optional[Path],  # noqa: UP045  (Typer reads it at run time)
        typer.Option(help="Write id,label of every labelled galaxy here.", show_default=False),
    ] = None,
    decode: Annotated[
        bool, typer.Option(help="Decode every picture, to find the unreadable ones.")
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print counts and every problem as JSON.")
    ] = False,
) -> None:
    """Count the classes that a label rule gives, and what was left out and why.

    Exit code: 0 counted, 2 the data or the rule cannot be used.

    \b
    Examples:
      tuningfork labels kaggle/ --rule reference
      tuningfork labels training_solutions_rev1.zip --rule zhu5 --output labels.csv
      tuningfork labels gz2/ --rule my_rule.toml --json
    """  # noqa: D301  (Typer needs the \\b itself)
    from tuningfork.data.counts import count_labels
    from tuningfork.votes.rules import load_rule

    chosen = load_rule(rule)
    counts = count_labels(data, chosen, _decoded if decode else lambda found: found)
    if output is not None:
        _write(counts, output)
    if as_json:
        import json

        typer.echo(json.dumps(_as_json(counts, data, chosen.name), indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console()
    console.print(_class_table(counts, chosen.name))
    if counts.without or any(one.dropped for one in counts.problems):
        console.print(_dropped_table(counts))
    for problem in counts.problems:
        console.print(problem.sentence, markup=False, highlight=False, soft_wrap=True)


def _decoded(found: GalaxySet) -> GalaxySet:
    """The set without unreadable pictures, with a bar on standard error meanwhile."""
    from rich.console import Console
    from rich.progress import Progress

    from tuningfork.data.verify import verify

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Decoding pictures", total=len(found.galaxies))
        return verify(found, lambda: progress.advance(task))


def _write(counts: Counts, output: Path) -> None:
    import csv

    from tuningfork.errors import BadData
    from tuningfork.files import replacing

    try:
        with replacing(output) as path, path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("id", "label"))
            writer.writerows(counts.labels.items())
    except OSError as error:
        raise BadData(f"{output}: cannot be written ({error.strerror}); choose another") from error


def _class_table(counts: Counts, rule: str) -> Table:
    from rich.table import Table

    labelled = sum(counts.classes.values())
    table = Table(title=f"Labels by the rule {rule}", show_footer=True)
    table.add_column("class", footer="labelled")
    table.add_column("galaxies", footer=f"{labelled:,}", justify="right")
    table.add_column("share", justify="right")
    for name, count in counts.classes.items():
        table.add_row(name, f"{count:,}", f"{count / labelled:.1%}" if labelled else "–")
    return table


def _dropped_table(counts: Counts) -> Table:
    from rich.table import Table

    table = Table(title="Dropped", show_footer=True)
    table.add_column("why", footer="together")
    table.add_column("count", footer=f"{counts.dropped:,}", justify="right")
    for reason, count in counts.without.items():
        table.add_row(reason, f"{count:,}")
    for problem in counts.problems:
        if problem.dropped:
            table.add_row(problem.kind, f"{problem.count:,}")
    return table


def _as_json(counts: Counts, data: Path, rule: str) -> dict[str, Any]:
    dropped = dict(counts.without)
    for problem in counts.problems:
        if problem.dropped:
            dropped[problem.kind] = dropped.get(problem.kind, 0) + problem.count
    return {
        "data": str(data),
        "rule": rule,
        "labelled": sum(counts.classes.values()),
        "classes": dict(counts.classes),
        "dropped": dropped,
        "problems": [
            {
                "kind": one.kind,
                "where": one.where,
                "count": one.count,
                "dropped": one.dropped,
                "ids": one.ids,
                "details": one.details,
            }
            for one in counts.problems
        ],
    }
