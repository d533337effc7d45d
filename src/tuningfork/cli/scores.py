"""What ``evaluate`` prints, while it works and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from tuningfork.cli.options import learned_from
from tuningfork.cli.progress import progress_bar
from tuningfork.model.calibration import COVERAGE
from tuningfork.report.ink import amount, galaxy_count

if TYPE_CHECKING:
    from rich.console import Console

    from tuningfork.classify import Row
    from tuningfork.data import Problem
    from tuningfork.evaluate import Comparison, Scores
    from tuningfork.evaluate.intervals import Interval
    from tuningfork.report import Compared, Findings, Report


def watching(total: int) -> Callable[[Iterable[Row]], Iterator[Row]]:
    """Give what passes rows on and shows on a terminal how many have gone through."""

    def watched(rows: Iterable[Row]) -> Iterator[Row]:
        with progress_bar("galaxies") as progress:
            task = progress.add_task("", total=total)
            for row in rows:
                yield row
                progress.advance(task)

    return watched


def warn_of_pictures(problems: Iterable[Problem], unread: Sequence[object]) -> None:
    """Tell on stderr what was wrong with sets, and of ``unread`` why each was left out."""
    for sentence in _troubles(problems, unread, "left out"):
        typer.echo(sentence, err=True)


def _troubles(problems: Iterable[Problem], unread: Sequence[object], so: str) -> Iterator[str]:
    """Say what was wrong with sets, and of the first unread pictures what with each."""
    for problem in problems:
        yield f"Set: {problem.sentence}"
    if unread:
        yield f"Not read, so {so}: {amount(len(unread), 'picture')}"
        yield from map(str, unread[:5])


def print_report(console: Console, report: Report) -> None:
    """Print the figures of an evaluation as tables."""
    found = report.findings.evaluation
    unread = [row.error for row in found.unreadable]
    for sentence in _troubles(found.problems, unread, "in no figure"):
        console.print(sentence, markup=False)
    _print_honesty(console, report)
    if found.scores is None:
        console.print("Accuracy: not defined, for no galaxy's class is known for certain")
    else:
        _print_scores(console, found.scores)
    _print_belief(console, report.findings)
    if found.rmse is not None:
        console.print(
            f"RMSE {found.rmse:.5f}{_between(found.rmse_interval)} over 37 vote fractions of "
            f"{galaxy_count(found.voted)}"
        )
    if found.within_possible is not None:
        console.print(
            f"Within the possible classes: {found.within_possible:.4f} of "
            f"{galaxy_count(found.narrowed)} whose class is only narrowed down"
        )
    for one in report.compared:
        _print_comparison(console, one)


def _between(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return f" (95 % interval {interval[0]:.4f} to {interval[1]:.4f})"


def _print_honesty(console: Console, report: Report) -> None:
    setting = report.setting
    if setting.held_out:
        shown = len(report.findings.evaluation.answered)
        by = f" from {setting.networks} networks" if setting.networks > 1 else ""
        console.print(f"Held out{by}: {shown:,} of {galaxy_count(setting.galaxies)}, by their ids")
    elif report.learned_from:
        console.print(learned_from(report.learned_from, setting.data), markup=False)

    if report.calibrated_on_sentence:
        console.print(report.calibrated_on_sentence, markup=False)


def _print_belief(console: Console, findings: Findings) -> None:
    """Print how far probabilities and prediction sets can be believed."""
    calibration, sets = findings.calibration, findings.sets
    if calibration is not None:
        chance = "too few galaxies to tell it from chance"
        if calibration.ece_by_chance is not None:
            mean, most = calibration.ece_by_chance
            chance = f"by chance {mean:.4f}, up to {most:.4f}"
        console.print(
            f"ECE {calibration.ece:.4f} ({calibration.bins} bins; {chance}), "
            f"Brier {calibration.brier:.4f}"
        )
    if sets is not None:
        refused = f"no galaxy here: {sets.refused:,} of {amount(sets.pictures, 'picture')}"
        usual = sets.asked(COVERAGE)
        if usual is not None:
            console.print(
                f"Sets at {COVERAGE:.2f} hold the class of {usual.covered:.4f} of "
                f"{galaxy_count(usual.count)}, {usual.mean_size:.2f} classes each; {refused}"
            )
        else:
            console.print(f"Refused as {refused}")


def _print_scores(console: Console, scores: Scores) -> None:
    from rich import box
    from rich.table import Table

    table = Table("class", box=box.SIMPLE_HEAD)
    for name in ("precision", "recall", "F1", "support"):
        table.add_column(name, justify="right")
    for name, one in scores.per_class.items():
        shares = (one.precision, one.recall, one.f1)
        cells = ("–" if share is None else f"{share:.4f}" for share in shares)
        table.add_row(name, *cells, f"{one.support:,}")
    console.print(table)
    console.print(f"Accuracy {scores.accuracy:.5f}{_between(scores.accuracy_interval)}")
    console.print(f"Loss {scores.loss:.5f}, macro-F1 {scores.macro_f1:.4f}")
    confusion = Table("truth", box=box.SIMPLE_HEAD)
    for name in scores.classes:
        confusion.add_column(f"→ {name}", justify="right")
    for name, row in zip(scores.classes, scores.confusion.tolist(), strict=True):
        confusion.add_row(name, *(f"{count:,}" for count in row))
    console.print(confusion)


def _print_comparison(console: Console, one: Compared) -> None:
    found: Comparison = one.comparison
    if found.accuracy is None or found.their_accuracy is None:
        console.print(
            f"Against {one.name}: there is nothing to compare, for {found.hindrance}", markup=False
        )
        return
    console.print(
        f"Against {one.name}: {found.accuracy:.5f} here, {found.their_accuracy:.5f} there, on the "
        f"same {galaxy_count(found.count)}; right only here {found.b:,}, right only there "
        f"{found.c:,}; exact McNemar p = {found.p_value:.3g}",
        markup=False,
    )
    if found.missing_there or found.missing_here or found.truth_differs:
        console.print(
            f"  without an answer there {found.missing_there:,}, only there "
            f"{found.missing_here:,}, held for another class there {found.truth_differs:,}"
        )
