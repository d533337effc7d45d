"""``tuningfork train``: from sets of galaxies to a network."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tuningfork.places import Address, Place


def train(  # noqa: PLR0917  (Typer fills them by name)
    data: Annotated[
        list[str],
        typer.Argument(
            help="Sets of galaxies: Kaggle's layout, GZ2's, labels tables, class folders; "
            "here, or at addresses such as s3://bucket/kaggle."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the run.")],
    recipe: Annotated[
        str, typer.Option(help="A recipe's name or a path to a TOML file.")
    ] = "compact",
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="A set whose galaxies must never be learned from, here or at an address. May be "
            "repeated."
        ),
    ] = None,
    same: Annotated[
        str | None,
        typer.Option(
            help="CSV of pairs of ids that are the same galaxy, kept on one side; here or at an "
            "address."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --output.")] = False,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=2**32 - 1,
            help="Instead of the recipe's seed: other weights to begin with and other draws, but "
            "the same galaxies validate.",
        ),
    ] = None,
    fold: Annotated[
        str | None,
        typer.Option(
            metavar="K/N", help="Keep the K-th of N parts of the galaxies: cross-validation."
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Train for so many batches only: a trial of the whole way."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder of decoded pictures (default: the user's cache).")
    ] = None,
) -> None:
    """Train a network on galaxies with votes, classes or sets of possible classes.

    The run's folder gets model.onnx with its card, curves.png, metrics.jsonl, run.json with the
    resolved recipe, versions and checksums, and a checkpoint after each epoch.

    [bold]Examples[/]

    tuningfork train data/kaggle --recipe compact --output runs/first

    tuningfork train data/kaggle data/gz2 --exclude data/test --same pairs.csv -o runs/both

    tuningfork train data/kaggle --output runs/first --resume

    tuningfork train data/kaggle --recipe crossed --fold 1/4 --output runs/fold1

    tuningfork train s3://bucket/kaggle --output runs/first
    """
    from rich.console import Console

    from tuningfork.cli.extras import require_extra
    from tuningfork.cli.progress import progress_bar

    require_extra("train", "torch", "onnx", "onnxscript", "matplotlib", "pydantic")
    from tuningfork.data import read_same_galaxy, read_set
    from tuningfork.places import place_of
    from tuningfork.train.elsewhere import copied, copied_file
    from tuningfork.train.galaxies import ids_in
    from tuningfork.train.recipe import load_recipe
    from tuningfork.train.run import Plan
    from tuningfork.train.run import train as run
    from tuningfork.train.team import speaks
    from tuningfork.votes.rules import load_rule
    from tuningfork.web.settings import load_settings

    for option, path in (("--output", output), ("--cache", cache), ("--recipe", recipe)):
        if path and re.match(r"[a-z][a-z0-9]+:/", str(path)):
            raise typer.BadParameter(
                f"'{path}' is an address; give a path on this machine", param_hint=option
            )
    chosen = load_recipe(recipe)
    if seed is not None:
        chosen = chosen.model_copy(update={"seed": seed})
    if fold is not None:
        chosen = chosen.model_copy(update=_folded(fold))
    rule = load_rule(chosen.rule)
    console = Console(stderr=True, quiet=not speaks())
    store = cache or load_settings().cache
    with progress_bar("files") as progress:
        copy = partial(copied, cache=store, progress=progress)
        places = [_here(place_of(one), copy) for one in data]
        kept_out = [_here(place_of(one), copy) for one in exclude or []]
        pairs = _here(place_of(same), partial(copied_file, cache=store)) if same else None
    sets = [read_set(path, rule) for path in places]
    for one in sets:
        for problem in one.problems:
            console.print(problem.sentence, markup=False, highlight=False, soft_wrap=True)
    excluded = {name for path in kept_out for name in ids_in(read_set(path, rule))}
    plan = Plan(
        recipe=chosen,
        sets=sets,
        output=output,
        store=store,
        excluded=frozenset(excluded),
        same=read_same_galaxy(pairs) if pairs else None,
        resume=resume,
        steps=steps,
    )
    trained = run(plan, console)
    if speaks():
        typer.echo(trained)


def _folded(text: str) -> dict[str, float | int]:
    """The recipe's keys that keep the K-th of N parts from learning."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count) > 1):
        raise typer.BadParameter(f"'{text}': give K/N, such as 1/4", param_hint="--fold")
    return {"validation": 1 / int(count), "fold": int(number) - 1}


def _here(place: Place, copy: Callable[[Address], Path]) -> Path:
    return place if isinstance(place, Path) else copy(place)
