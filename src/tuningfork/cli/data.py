"""``tuningfork data``: the public data sets onto the disk, and a look at what is in a set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

if TYPE_CHECKING:
    from tuningfork.data.audit import Audit
    from tuningfork.fetch import Done, Plan
    from tuningfork.fetch.carry_out import Watch

data = typer.Typer(
    help="Fetch public data sets, and audit any set, as in: tuningfork data gz2 --output gz2.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Output = Annotated[
    Path,
    typer.Option(help="Folder for the data; a stopped run goes on there.", show_default=False),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be fetched and how much, and stop.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

SHOWN = 5
"""Findings of a kind that are printed."""


@data.command()
def kaggle(
    *,
    output: Output,
    test_images: Annotated[
        bool,
        typer.Option("--test-images", help="Also the 79,975 pictures whose votes are not known."),
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Fetch Kaggle's Galaxy Challenge: 61,578 galaxies with 37 weighted votes each.

    Kaggle wants a login, from KAGGLE_USERNAME and KAGGLE_KEY or ~/.kaggle/kaggle.json, and its
    rules accepted.

    \b
    Examples:
      tuningfork data kaggle --output kaggle --dry-run
      tuningfork data kaggle --output kaggle
    """  # noqa: D301  (Typer needs the \b itself)
    _fetch("kaggle", output, ("test-images",) if test_images else (), dry_run, as_json)


@data.command()
def gz2(*, output: Output, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Fetch Galaxy Zoo 2: pictures, and the votes of Hart et al. 2016 joined to them.

    \b
    Examples:
      tuningfork data gz2 --output gz2 --dry-run
      tuningfork data gz2 --output gz2
    """  # noqa: D301
    _fetch("gz2", output, (), dry_run, as_json)


@data.command()
def galaxy10(
    *,
    output: Output,
    survey: Annotated[
        str, typer.Option(help="decals (17,736 of 256x256, 2.5 GB) or sdss (21,785 of 69x69).")
    ] = "decals",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Fetch Galaxy10 and unpack it into pictures and a labels table.

    \b
    Examples:
      tuningfork data galaxy10 --output galaxy10 --dry-run
      tuningfork data galaxy10 --output galaxy10 --survey sdss
    """  # noqa: D301
    if survey not in ("decals", "sdss"):
        raise typer.BadParameter("choose decals or sdss", param_hint="--survey")
    _fetch("galaxy10", output, (survey,), dry_run, as_json)


@data.command()
def audit(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="A set as train and evaluate read it, or any folder or zip of pictures.",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Optional[Path],  # noqa: UP045  (Typer reads it at run time)
        typer.Option(help="Write every finding to this file: .csv or .json.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find what is wrong with a set of galaxies.

    Unreadable, truncated, empty, black, one-coloured and duplicate pictures, error messages in
    place of pictures, ids without votes and votes without pictures, votes that break a sum.

    Exit code: 0 nothing is wrong, 1 something is, 2 the folder cannot be used.

    \b
    Examples:
      tuningfork data audit kaggle
      tuningfork data audit gz2 --output findings.csv
    """  # noqa: D301
    from tuningfork.data.audit import audit_set, check_output, write_findings

    if output is not None:
        check_output(output)
    with _bar("Reading pictures") as watch:
        found = audit_set(folder, lambda done, whole: watch("reading pictures", done, whole))
    if output is not None:
        write_findings(found, output)
    if as_json:
        _print_json(found.as_json())
    else:
        _print_audit(found, output)
    raise typer.Exit(1 if found.findings else 0)


def _fetch(
    name: str,
    output: Path,
    parts: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    from tuningfork.fetch import carry_out, load_source, make_plan
    from tuningfork.web import shared_client

    client = shared_client()
    client.tell = lambda why: typer.echo(why, err=True)
    plan = make_plan(client, load_source(name), output, parts, dry=dry_run)
    if not as_json:
        _print_plan(plan)
    if dry_run:
        if as_json:
            _print_json(_plan_as_json(plan))
        return
    with _bar("Fetching", transfer=True) as watch:
        done = carry_out(client, plan, watch)
    if as_json:
        _print_json(_done_as_json(plan, done))
    else:
        _print_done(plan, done)


@contextmanager
def _bar(first: str, *, transfer: bool = False) -> Iterator[Watch]:
    """Show on a terminal what is being done, how fast, and how long it will take."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    amount = (DownloadColumn(), TransferSpeedColumn()) if transfer else (MofNCompleteColumn(),)
    columns = (TextColumn("{task.description}"), BarColumn(), *amount, TimeRemainingColumn())
    notes = Console(stderr=True)
    with Progress(
        *columns, console=notes, transient=True, disable=not notes.is_terminal
    ) as progress:
        task = progress.add_task(first, total=None)
        doing = first

        def watch(what: str, done: int, whole: int | None) -> None:
            nonlocal doing, task
            if what != doing:
                progress.remove_task(task)
                task = progress.add_task(what, total=whole, completed=done)
                doing = what
            progress.update(task, completed=done, total=whole)

        yield watch


def _print_plan(plan: Plan) -> None:
    from rich import box
    from rich.table import Table

    from tuningfork.fetch import amount

    console = _console()
    console.print(f"[bold]{plan.source.title}[/]: {plan.source.holds}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, side in (("file", "left"), ("size", "right"), ("here", "right"), ("from", "left")):
        table.add_column(name, justify=side, overflow="fold")  # type: ignore[arg-type]
    for one in plan.wanted:
        size = amount(one.size) if one.exact else f"about {amount(one.size)}"
        table.add_row(one.file.name, size, amount(one.here), one.remote.service.host)
    console.print(table)
    made = f", of which {amount(plan.made)} for what is made of it" if plan.made else ""
    console.print(
        f"{amount(plan.to_fetch)} to fetch into {plan.folder}; needs {amount(plan.needed)} of disk"
        f"{made}; {amount(plan.free)} free"
    )
    _print_credits(plan)
    for remark in plan.remarks:
        console.print(f"Note: {remark}", markup=False)


def _print_credits(plan: Plan) -> None:
    console = _console()
    console.print(f"Licence: {plan.source.licence}", markup=False)
    console.print(f"Cite: {'; '.join(plan.source.citation)}", markup=False)


def _print_done(plan: Plan, done: Done) -> None:
    console = _console()
    console.print()
    for one in done.files.values():
        console.print(
            f"{one.name}: {one.size:,} bytes, SHA-256 {one.sha256} ({one.verified})", markup=False
        )
    for name, counts in done.made.items():
        told = ", ".join(f"{what.replace('_', ' ')} {count:,}" for what, count in counts.items())
        console.print(f"{name}: {told}", markup=False)
    for remark in done.remarks[len(plan.remarks) :]:
        console.print(f"Note: {remark}", markup=False)
    console.print(
        f"Written to {plan.folder}, with licence and citation in SOURCE.md. Next: "
        f"tuningfork data audit {plan.folder}",
        markup=False,
    )


def _print_audit(found: Audit, output: Path | None) -> None:
    from rich import box
    from rich.table import Table

    console = _console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("finding")
    table.add_column("count", justify="right")
    table.add_column("such as", overflow="fold")
    for kind, findings in found.by_kind.items():
        names = ", ".join(one.id or one.path for one in findings[:SHOWN])
        table.add_row(kind, f"{len(findings):,}", names + (" …" if len(findings) > SHOWN else ""))
    if found.findings:
        console.print(table)
    console.print(
        f"{found.pictures:,} pictures and {found.rows:,} rows of a table: "
        + (f"{len(found.findings):,} findings" if found.findings else "nothing is wrong")
    )
    if output is not None:
        console.print(f"Written to {output}", markup=False)


def _plan_as_json(plan: Plan) -> dict[str, Any]:
    return {
        "source": plan.source.name,
        "folder": str(plan.folder),
        "files": [
            {
                "name": one.file.name,
                "url": one.remote.url,
                "bytes": one.size,
                "exact": one.exact,
                "here": one.here,
                "hashes": dict(one.remote.hashes),
            }
            for one in plan.wanted
        ],
        "to_fetch": plan.to_fetch,
        "needed": plan.needed,
        "free": plan.free,
        "licence": plan.source.licence,
        "citation": list(plan.source.citation),
        "remarks": list(plan.remarks),
    }


def _done_as_json(plan: Plan, done: Done) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "source": plan.source.name,
        "folder": str(plan.folder),
        "files": [asdict(one) for one in done.files.values()],
        "made": dict(done.made),
        "licence": plan.source.licence,
        "citation": list(plan.source.citation),
        "remarks": list(done.remarks),
    }


def _print_json(values: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps(values, indent=2, ensure_ascii=False))


def _console() -> Any:  # noqa: ANN401  (Rich is imported where it is used)
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)
