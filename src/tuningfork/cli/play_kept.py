"""``tuningfork play export`` and ``forget``: what the game has kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="TUNINGFORK_DATABASE",
        help="URL of the game's database, postgresql://… or sqlite:///…. Default: a file in the "
        "folder of --data.",
        show_default=False,
        show_envvar=False,
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder for rounds and the cookie's secret. Default: the user's data folder.",
        show_default=False,
    ),
]


def export(
    context: typer.Context,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write: .csv or .parquet.")
    ],
    database: Database = None,
    data: Data = None,
) -> None:
    """Write every guess of every player as a table: galaxy, answer, machine, truth, time.

    \b
    Examples:
      tuningfork play export --output guesses.csv
      tuningfork play export --database postgresql://game@localhost/game -o guesses.parquet
    """  # noqa: D301  (Typer needs the \\b itself)
    from contextlib import closing

    from tuningfork.game.folder import default_folder
    from tuningfork.game.kept import check_table, export_guesses, open_kept

    check_table(output)
    database, data = _of_the_game(context, database, data)
    with closing(open_kept(database, data or default_folder())) as store:
        count = export_guesses(store, output)
    typer.echo(f"{count:,} guesses are in {output}")


def forget(
    context: typer.Context,
    *,
    older_than: Annotated[
        str, typer.Option(help="Age of what is to go: hours, days or weeks, such as 12h, 30d, 8w.")
    ],
    database: Database = None,
    data: Data = None,
) -> None:
    """Delete rounds, guesses and rooms of old, for good. The game may run meanwhile.

    \b
    Examples:
      tuningfork play forget --older-than 30d
      tuningfork play forget --older-than 0d     (everything)
    """  # noqa: D301
    from contextlib import closing

    from tuningfork.game.folder import default_folder
    from tuningfork.game.kept import forget as forget_kept
    from tuningfork.game.kept import open_kept, read_age

    age = read_age(older_than)
    database, data = _of_the_game(context, database, data)
    with closing(open_kept(database, data or default_folder())) as store:
        gone = forget_kept(store, age)
    typer.echo(
        f"Deleted {gone.rounds:,} rounds with {gone.guesses:,} guesses, and {gone.rooms:,} rooms."
    )


def _of_the_game(
    context: typer.Context, database: str | None, data: Path | None
) -> tuple[str | None, Path | None]:
    """Where ``play --data DIR export`` names the place before the verb, it holds for the verb."""
    before = context.parent.params if context.parent else {}
    return database or before.get("database"), data or before.get("data")
