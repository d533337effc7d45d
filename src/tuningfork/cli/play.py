"""``tuningfork play``: the game in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuningfork.cli.play_kept import Data, Database, export, forget

FIRST_LOOK_SECONDS = 15.0


def play(
    context: typer.Context,
    *,
    deck: Annotated[
        Path | None,
        typer.Option(
            help="Folder with one folder of pictures per class. Default: the simulated deck.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes any free one.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets the local network play.")
    ] = "127.0.0.1",
    model: Annotated[
        str | None,
        typer.Option(
            help="Your opponent: an .onnx file, the folder of a training run, or a bundled "
            "network's name. Default: the bundled network.",
            show_default=False,
        ),
    ] = None,
    data: Data = None,
    database: Database = None,
    production: Annotated[
        bool,
        typer.Option("--production", help="Serve strangers: limit how often each may ask."),
    ] = False,
    proxy: Annotated[
        str | None,
        typer.Option(
            help="Address of the reverse proxy in front, whose X-Forwarded headers are believed.",
            show_default=False,
        ),
    ] = None,
    kiosk: Annotated[
        bool,
        typer.Option("--kiosk", help="For a touch screen in public: no way out, starts again."),
    ] = False,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Play against the machine in the browser.

    Works offline and without JavaScript. Ctrl-C ends it; a round in progress
    goes on after the next start.

    \b
    Examples:
      tuningfork play
      tuningfork play --deck my_galaxies/ --port 8080
      tuningfork play --port 0 --open
      tuningfork play --kiosk
      tuningfork play --production --host 0.0.0.0 --database postgresql://game@localhost/game
      tuningfork play export --output guesses.csv
      tuningfork play forget --older-than 30d
    """  # noqa: D301  (Typer needs the \\b itself)
    if context.invoked_subcommand is not None:
        return
    import webbrowser

    from rich.console import Console

    from tuningfork.game.app import GameConfig, create_app
    from tuningfork.game.folder import default_folder
    from tuningfork.game.machine import load_machine
    from tuningfork.game.reader import open_deck
    from tuningfork.game.server import serve
    from tuningfork.game.sky import open_sky

    notes = Console(stderr=True, highlight=False)

    def ready(address: str) -> None:
        typer.echo(f"Tuning Fork is at {address}  (Ctrl-C ends it)")
        if open_browser:
            webbrowser.open(address)

    with notes.status("Shuffling the galaxies"):
        galaxies = open_deck(deck)
        app = create_app(
            GameConfig(
                galaxies,
                load_machine(model),
                data or default_folder(),
                database=database,
                production=production,
                further_decks={
                    "sky": open_sky(galaxies if galaxies.simulated else open_deck()),
                },
                kiosk=kiosk,
            )
        )
    game = app.extensions["tuningfork"]
    if production:  # so that the first strangers do not wait for the machine's first looks
        with notes.status("The machine looks at the galaxies for the first time"):
            game.difficulties[galaxies.key].wait(FIRST_LOOK_SECONDS)  # a large deck takes longer
    for remark in galaxies.remarks:
        notes.print(remark, markup=False)
    try:
        serve(app, host=host, port=port, ready=ready, proxy=proxy)
    finally:
        game.close()
    typer.echo("Stopped.")


verbs = typer.Typer(invoke_without_command=True)
verbs.callback()(play)
verbs.command()(export)
verbs.command()(forget)
