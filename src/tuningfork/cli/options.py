"""Options that several verbs share: the network, the galaxies that count, where figures go."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from tuningfork.errors import BadTable

if TYPE_CHECKING:
    from rich.console import Console

    from tuningfork.votes.rules import Rule

ModelName = Annotated[
    Optional[str],  # noqa: UP045  (Typer reads it at run time)
    typer.Option(
        help="An .onnx file, the folder of a training run, or a bundled network's name. "
        "Default: the bundled network.",
        show_default=False,
    ),
]
RuleName = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        help="Label rule that makes classes of votes, by name or TOML file. "
        "Default: the network's own.",
        show_default=False,
    ),
]
FrameShare = Annotated[
    float,
    typer.Option(
        min=0.01,
        max=100,
        help="Width of the pictures as a share of Galaxy Zoo's frame of 424 pixels.",
    ),
]
OnlyHeldOut = Annotated[
    bool,
    typer.Option(
        "--held-out",
        help="Only galaxies that the network never learned from: those that validated.",
    ),
]
SamePairs = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        metavar="CSV",
        help="Pairs of ids that are the same galaxy, as in training, for --held-out.",
        show_default=False,
    ),
]
JsonFile = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--json", metavar="FILE", help="Write every figure here.", show_default=False),
]

Engine = Annotated[
    str,
    typer.Option(
        metavar="embedded|ray",
        help="Who does the parts of --output: processes of this machine, or the workers of a Ray "
        "cluster. See docs/scale.md.",
    ),
]
Workers = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        min=1,
        max=10_000,
        help="How many processes share the parts. Default: one, which uses all cores; with ray "
        "one for each core of the cluster.",
        show_default=False,
    ),
]
ClusterAddress = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        metavar="HOST:PORT",
        help="The Ray cluster, or auto. Default: $RAY_ADDRESS, else a cluster of this machine's "
        "cores that ends with the run.",
        show_default=False,
    ),
]


def check_frame(frame: float) -> None:
    """Refuse what a range lets through. Raises typer.BadParameter for a number that is none."""
    if not math.isfinite(frame):
        raise typer.BadParameter("give a number such as 0.5", param_hint="--frame")


def check_outputs(files: Mapping[str, Path | None], inputs: Iterable[Path] = ()) -> None:
    """Refuse, before the long work, files that could not be written or would destroy an input.

    ``files`` are by their options' names. Raises typer.BadParameter for a folder, for two options
    with one file and for a file that is read; BadTable where nothing can be written.
    """
    taken = {one.resolve(): "a file that is read" for one in inputs}
    for option, path in files.items():
        if path is None:
            continue
        if path.is_dir():
            raise typer.BadParameter("is a folder; name a file in it", param_hint=option)
        if path.resolve() in taken:
            raise typer.BadParameter(
                f"{path} is {taken[path.resolve()]}; name another file", param_hint=option
            )
        taken[path.resolve()] = f"the file of {option} too"
        there = next(one for one in path.absolute().parents if one.exists())
        if not (there.is_dir() and os.access(there, os.W_OK)):
            raise BadTable(f"{path}: {there} cannot be written to; write the file elsewhere")


def check_apart(files: Mapping[str, Path | None], sets: Iterable[Path], rule: Rule) -> None:
    """Refuse files that would destroy a set. Raises typer.BadParameter, and as ``find_layout``."""
    from tuningfork.data.layout import find_layout

    layouts = [find_layout(one, rule) for one in sets]
    for option, path in files.items():
        for one in layouts:
            if path is not None and one.reads(path):
                raise typer.BadParameter(
                    f"{path} belongs to the galaxies in {one.folder}; name another file",
                    param_hint=option,
                )


def check_pairs(same: Path | None, *, held_out: bool) -> None:
    """Refuse pairs of ids that would not be used. Raises typer.BadParameter."""
    if same is not None and not held_out:
        raise typer.BadParameter(
            "says which galaxies to hold out; add --held-out, or leave --same away",
            param_hint="--same",
        )


def learned_from(count: int, data: str) -> str:
    """Warn that a network is measured on what it learned from."""
    from tuningfork.report.ink import galaxy_count

    return (
        f"Mind: the network learned from {galaxy_count(count)} of a set called {data}, so these "
        "figures flatter it; add --held-out for those it never saw"
    )


def table_console(pipe_width: int) -> Console:
    """Make a console for tables: as wide as the terminal, or as told for another program."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = pipe_width
    return console
