"""The command ``tuningfork``: one file a verb, each thin: parse, call, print."""

from __future__ import annotations

import atexit
import gc
import signal
import sys
from types import FrameType

import typer

from tuningfork.cli.calibrate import calibrate
from tuningfork.cli.classify import classify
from tuningfork.cli.data import data
from tuningfork.cli.evaluate import evaluate
from tuningfork.cli.explain import explain
from tuningfork.cli.labels import labels
from tuningfork.cli.look import look
from tuningfork.cli.play import verbs as play
from tuningfork.cli.probe import probe
from tuningfork.cli.simulate import simulate
from tuningfork.cli.train import train
from tuningfork.cli.volunteers import volunteers
from tuningfork.errors import TuningForkError

app = typer.Typer(
    name="tuningfork",
    help="Tell what a galaxy is from its picture, and compete against the machine.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for verb in (train, evaluate, classify, explain, labels, simulate, volunteers, probe, calibrate):
    app.command()(verb)
# Negative declinations look like options.
app.command(context_settings={"ignore_unknown_options": True})(look)
app.add_typer(play, name="play")
app.add_typer(data, name="data")


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that nothing half-written stays."""
    raise KeyboardInterrupt


def main() -> None:
    """Run the command; what a user can mend becomes one sentence and an exit code."""
    # Else Python looks at the end through all that ends anyway, a seventh of a short command.
    atexit.register(gc.freeze)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except TuningForkError as error:
        typer.secho(f"tuningfork: {error}", fg="red", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, ImportError) as error:
        # A library that is just being loaded makes an error of its own of Ctrl-C.
        if isinstance(error, ImportError) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        typer.secho("tuningfork: stopped", fg="red", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away, as `| head` does.
        sys.stderr.close()
        sys.exit(0)
