"""How far long work has come: a bar with speed and time left, or a sentence."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


def progress_bar(things: str) -> Progress:
    """Make a bar on standard error that shows count, speed and time left; start it when ready.

    Where standard error is no terminal nothing is drawn.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Count(ProgressColumn):
        """Done, all if it is known, and how many a second."""

        def render(self, task: Task) -> Text:
            total = "" if task.total is None else f"/{task.total:,.0f}"
            speed = "" if not task.speed else f" {task.speed:,.0f} {things}/s"
            return Text(f"{task.completed:,.0f}{total} {things}{speed}")

    notes = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        BarColumn(),
        Count(),
        TextColumn("·"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
        console=notes,
        transient=True,
        redirect_stdout=False,
        disable=not notes.is_terminal,
        speed_estimate_period=60,
    )


class Pace:
    """How many of how many are done, and how fast it goes."""

    def __init__(self, rows: int, done: int) -> None:
        self.rows = rows
        self.done = done
        self._before = done
        self._began = time.monotonic()

    @property
    def sentence(self) -> str:
        """Count, speed and time left."""
        seconds = max(time.monotonic() - self._began, 1e-9)
        speed = (self.done - self._before) / seconds
        left = "" if not speed else f", {_spoken((self.rows - self.done) / speed)} left"
        return f"{self.done:,} of {self.rows:,} rows, {speed:,.0f} rows/s{left}"


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
