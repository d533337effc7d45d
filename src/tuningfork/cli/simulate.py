"""``tuningfork simulate``: draw galaxies of which the class is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    *,
    output: Annotated[
        Path,
        typer.Option(
            help="Folder for the class folders: empty, or begun by this command.",
            show_default=False,
        ),
    ],
    count: Annotated[int, typer.Option(min=1, help="Galaxies to draw, the classes by turns.")] = 40,
    seed: Annotated[
        int, typer.Option(min=0, help="Which sky: the same number gives the same pictures.")
    ] = 0,
) -> None:
    r"""Draw galaxies as SDSS would have seen them, into class folders.

    Bulge, disk, arms, bar and dust are put together and photographed with SDSS's seeing, noise
    and colours. truth.csv tells what each galaxy is made of. A run that was stopped goes on when
    it is started again.

    \b
    Examples:
      tuningfork simulate --output sky/
      tuningfork simulate --count 1000 --seed 7 --output sky7/
      tuningfork evaluate sky7/
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from tuningfork.images.simulated import simulate_folder

    drawn = done = 0
    columns = (TextColumn("Drawing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("Drawing", total=count)
            for new in simulate_folder(output, count=count, seed=seed):
                done, drawn = done + 1, drawn + new
                progress.advance(task)
    except KeyboardInterrupt:
        typer.echo(
            f"Stopped with {done:,} of {count:,} galaxies drawn; the same command goes on.",
            err=True,
        )
        raise typer.Exit(130) from None
    found = f", {count - drawn:,} of which were there" if drawn < count else ""
    typer.echo(
        f"{count:,} galaxies of seed {seed} are in {output}{found}; truth.csv tells of each."
    )
