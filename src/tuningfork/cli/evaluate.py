"""``tuningfork evaluate``: how good a network is on galaxies whose class or votes are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from tuningfork.cli.options import (
    FrameShare,
    JsonFile,
    ModelName,
    OnlyHeldOut,
    RuleName,
    SamePairs,
    check_apart,
    check_frame,
    check_outputs,
    check_pairs,
    table_console,
)

if TYPE_CHECKING:
    from tuningfork.data import GalaxySet
    from tuningfork.model import Model
    from tuningfork.report import Report, Setting
    from tuningfork.report.galleries import Gallery

PIPE_WIDTH = 120
"""Characters a line, where the tables go to another program."""


def evaluate(
    data: Annotated[
        Path,
        typer.Argument(
            help="Set of galaxies: Kaggle's layout, a labels table beside pictures, or a folder "
            "with one folder of pictures per class.",
            show_default=False,
        ),
    ],
    *,
    model: ModelName = None,
    rule: RuleName = None,
    frame: FrameShare = 1.0,
    views: Annotated[
        int,
        typer.Option(help="Views of each picture to average over: 1, or 8 turned and mirrored."),
    ] = 1,
    json_file: JsonFile = None,
    report: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FILE.html",
            help="Write a report with figures and galleries as one HTML file, to read or print.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="CSV",
            help="Another's answers (columns id, predicted) for a paired McNemar test.",
            show_default=False,
        ),
    ] = None,
    others: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--compare",
            metavar="MODEL",
            help="A further network, to stand beside the first on the same galaxies. "
            "May be given several times.",
            show_default=False,
        ),
    ] = None,
    folds: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--fold",
            metavar="MODEL",
            help="A further network of the same cross-validation (train --fold): each answers for "
            "the galaxies kept from it, and all are scored together. May be given several times.",
            show_default=False,
        ),
    ] = None,
    only_held_out: OnlyHeldOut = False,
    same: SamePairs = None,
) -> None:
    """Measure how well a network tells galaxies apart.

    Prints precision, recall, F1 and support of each class, accuracy with its
    95 % interval, loss, macro-F1, the confusion matrix (rows are truth) and,
    where votes are known, the error (RMSE) over the 37 weighted fractions; of
    a calibrated network also how often its prediction sets hold the truth, and
    how many pictures it refuses.
    A report adds calibration, curves, galleries with heat maps, the
    volunteers' questions one by one, and how many volunteers the network is
    as good as.

    \b
    Examples:
      tuningfork evaluate my_galaxies/
      tuningfork evaluate kaggle/ --held-out --report report.html
      tuningfork evaluate kaggle/ --rule strict --json scores.json
      tuningfork evaluate kaggle/ --rule zhu5 --held-out
      tuningfork evaluate test/ --against predictions.csv --views 8
      tuningfork evaluate test/ --compare runs/first --report report.html
      tuningfork evaluate kaggle/ --held-out --model runs/fold1 --fold runs/fold2
    """  # noqa: D301  (Typer needs the \b itself)
    from tuningfork.cli.scores import print_report
    from tuningfork.data import held_out, read_same_galaxy, read_set
    from tuningfork.model.session import load_model
    from tuningfork.report import Setting
    from tuningfork.report.findings import write_json
    from tuningfork.votes.rules import load_rule

    files = {"--json": json_file, "--report": report}
    _check(frame, views, files, [one for one in (against, same) if one is not None])
    check_pairs(same, held_out=only_held_out)
    alone = {"--report": report, "--compare": others}
    _check_folds(folds, alone, held_out=only_held_out)
    network = load_model(model)
    labels = load_rule(rule or network.card.rule)
    check_apart(files, [data], labels)
    networks = [
        one.telling(labels.name, labels.class_names)
        for one in (network, *map(load_model, folds or []))
    ]
    pairs = read_same_galaxy(same) if same is not None else {}
    galaxies = read_set(data, labels)
    setting = Setting(
        galaxies.name,
        len(galaxies.galaxies),
        labels,
        frame,
        views,
        only_held_out,
        bool(pairs),
        len(networks),
    )
    parts = [
        (one, held_out(galaxies, one.card.held_out, pairs) if only_held_out else galaxies)
        for one in networks
    ]
    found = _found(model, parts, setting, against=against, others=others or [])
    console = table_console(PIPE_WIDTH)
    print_report(console, found)
    if json_file is not None:
        write_json(found.as_json(), json_file)
    if report is not None:
        _write_report(report, found, networks[0])


def _check(
    frame: float, views: int, files: Mapping[str, Path | None], inputs: Iterable[Path]
) -> None:
    from tuningfork.classify.views import COUNTS

    check_frame(frame)
    report = files["--report"]
    if report is not None and report.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter("end the file's name in .html", param_hint="--report")
    if views not in COUNTS:
        raise typer.BadParameter("choose 1 or 8", param_hint="--views")
    check_outputs(files, inputs)


def _check_folds(folds: list[str] | None, alone: Mapping[str, object], *, held_out: bool) -> None:
    """Refuse what several networks together cannot be asked for."""
    if not folds:
        return
    if not held_out:
        raise typer.BadParameter(
            "scores each network on the galaxies kept from it; add --held-out",
            param_hint="--fold",
        )
    for option, value in alone.items():
        if value:
            raise typer.BadParameter(
                f"is about one network alone; leave {option} or --fold away", param_hint=option
            )


def _found(
    name: str | None,
    parts: list[tuple[Model, GalaxySet]],
    setting: Setting,
    *,
    against: Path | None,
    others: list[str],
) -> Report:
    """Evaluate the network, or those of all folds, and whatever is to stand beside it."""
    from tuningfork.cli.scores import watching
    from tuningfork.errors import BadTable
    from tuningfork.evaluate import Predictions, compare, evaluate_folds, read_predictions
    from tuningfork.model.history import read_history
    from tuningfork.model.session import load_model
    from tuningfork.report import Compared, Findings, Report, distinct_names, find
    from tuningfork.report.findings import machine

    rule = setting.rule
    # What cannot be read should be said before the long work.
    theirs = None if against is None else read_predictions(against, rule)
    if theirs and theirs.answers.keys().isdisjoint(
        galaxy.id for _, galaxies in parts for galaxy in galaxies.galaxies
    ):
        raise BadTable(
            f"{against}: no id in it is that of a galaxy in {parts[0][1].folder}; the id of a "
            "galaxy is its picture's name without the ending, or as in the set's table"
        )
    table = [] if against is None else [against.stem]
    names = distinct_names(others, [parts[0][0].card.name, *table])
    further = [
        (one, load_model(other).telling(rule.name, rule.class_names))
        for one, other in zip(names, others, strict=True)
    ]
    history = read_history(name)

    def findings(parts: list[tuple[Model, GalaxySet]]) -> Findings:
        evaluation = evaluate_folds(
            parts,
            rule,
            frame_share=setting.frame_share,
            views=setting.views,
            watch=watching(sum(len(galaxies.galaxies) for _, galaxies in parts)),
        )
        return find(parts[0][0].card, evaluation, setting)

    own = findings(parts)
    answers, truths = own.evaluation.answers, own.evaluation.truths
    compared: list[Compared] = []
    if theirs is not None and against is not None:
        paired = compare(answers, truths, theirs)
        compared.append(Compared(against.stem, paired, answers=theirs.answers))
    for label, other in further:
        beside = findings([(other, parts[0][1])])
        predictions = Predictions(beside.evaluation.answers, {})
        compared.append(Compared(label, compare(answers, truths, predictions), beside))
    return Report(setting, own, history, tuple(compared), machine())


def _write_report(path: Path, found: Report, network: Model) -> None:
    from tuningfork.report import write_report
    from tuningfork.report.galleries import galleries, parted

    evaluation = found.findings.evaluation
    classes, share = found.setting.rule.class_names, found.setting.frame_share
    shown = galleries(network, evaluation.labelled, classes, share)
    table = next((one for one in found.compared if one.findings is None), None)
    apart: tuple[Gallery, ...] = ()
    if table is not None:
        apart = parted(network, evaluation.labelled, table.comparison, table.answers, share)
    write_report(found, path, shown, apart)
    typer.echo(f"The report is in {path}, {path.stat().st_size / 1e6:.1f} MB.")
