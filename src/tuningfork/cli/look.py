"""``tuningfork look``: a name or a position, and what the galaxy there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from tuningfork.cli.options import ModelName

if TYPE_CHECKING:
    from tuningfork.classify.look import Sight, Target
    from tuningfork.model.session import Model

BAR = 20
"""Characters of a full bar."""
SHOWN = 10
"""Errors of a catalogue that are printed."""


def look(
    target: Annotated[
        Optional[list[str]],  # noqa: UP045  (Typer reads it at run time)
        typer.Argument(
            metavar="NAME | RA DEC",
            help="A name such as M51, or right ascension and declination (degrees, or "
            "13:29:52.7 +47:11:43).",
            show_default=False,
        ),
    ] = None,
    *,
    catalog: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Look at every row of a table with ra and dec, or names: .csv, .parquet, .fits or "
            ".vot.",
            show_default=False,
        ),
    ] = None,
    survey: Annotated[
        str,
        typer.Option(help="sdss, legacy, or auto: SDSS, and where it shows nothing, Legacy."),
    ] = "auto",
    size: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            min=0.25,
            help="Petrosian R90 in seconds of arc. Default: OpenNGC's, else measured.",
            show_default=False,
        ),
    ] = None,
    center: Annotated[
        str,
        typer.Option(
            help="frame: the position is the galaxy's middle; auto: look for it in the frame."
        ),
    ] = "frame",
    model: ModelName = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="With --catalog, the table to write: .csv, .jsonl or .parquet. Else a picture "
            "with class, votes and heat map (.png), or the cutout itself (.jpg).",
            show_default=False,
        ),
    ] = None,
    png: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="With --catalog, a folder for a picture of each galaxy.", show_default=False
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a catalogue whose run was stopped.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Look at a place on the sky: fetch its picture from SDSS or Legacy, and classify it.

    Names of NGC, IC, Messier and others are found without the internet, any other through CDS.
    Cutouts are kept on disk and not asked for twice. The frame is 8.48 times as wide as the
    galaxy's Petrosian R90, as in Galaxy Zoo.

    Exit code: 0 all were classified, 1 some rows of a catalogue were not, 2 nothing was.

    \b
    Examples:
      tuningfork look M51
      tuningfork look 202.47 47.2 --output m51.png
      tuningfork look "Mrk 421" --survey legacy --json
      tuningfork look --catalog positions.csv --output answers.parquet
      tuningfork look --catalog positions.csv --output answers.parquet --resume
    """  # noqa: D301  (Typer needs the \b itself)
    from tuningfork.classify.look import look as look_at

    words = _words(target or [])
    if bool(words) == (catalog is not None):
        raise typer.BadParameter("give a name, a position, or --catalog", param_hint="NAME")
    _check_choices(survey, center)
    if catalog is not None:
        _look_at_catalogue(
            catalog,
            output,
            model,
            png=png,
            resume=resume,
            as_json=as_json,
            survey=survey,
            center=center,
        )
        return
    if resume or png is not None:
        raise typer.BadParameter("goes with --catalog", param_hint="--resume, --png")
    from tuningfork.model.session import load_model

    if output is not None and output.suffix.lower() not in {".png", ".jpg", ".jpeg"}:
        raise typer.BadParameter("end it in .png or .jpg", param_hint="--output")
    network = load_model(model)
    sight = look_at(network, _target(words, size), survey=survey, center=center)
    if output is not None:
        _picture(network, sight, output)
    if as_json:
        import json

        typer.echo(json.dumps(_as_json(sight, network), indent=2, ensure_ascii=False))
    else:
        _print(sight, output)


def _words(words: list[str]) -> list[str]:
    """Give the words of the target; negative declinations are numbers, other dashes options."""
    for word in words:
        if re.match(r"-(?![\d.])", word):
            raise typer.BadParameter(f"no such option: {word}", param_hint="tuningfork look --help")
    return words


def _check_choices(survey: str, center: str) -> None:
    if survey not in ("auto", "sdss", "legacy"):
        raise typer.BadParameter("choose auto, sdss or legacy", param_hint="--survey")
    if center not in ("auto", "frame"):
        raise typer.BadParameter("choose auto or frame", param_hint="--center")


def _target(words: list[str], size: float | None) -> Target:
    from tuningfork.classify.look import Target

    return Target(" ".join(words), r90=size)


def _print(sight: Sight, output: Path | None) -> None:
    from rich.console import Console

    from tuningfork.explain import verdict_sentence, walk

    console = Console(highlight=False, soft_wrap=True)
    found, view = sight.row.classification, sight.view
    if found is None or view is None:
        return
    place, cutout = view.place, view.cutout
    kind = f", {place.kind}" if place.kind else ""
    console.print(f"[bold]{place.name}[/]  {place.ra:.5f} {place.dec:+.5f}{kind} ({place.source})")
    console.print(f"{cutout.frame_arcsec:.0f}″ of {cutout.survey}; {sight.row.note}", markup=False)
    if place.kind and "Galaxy" not in place.kind:
        console.print(
            f"Note: this is no galaxy but: {place.kind}. What follows means nothing.", style="red"
        )
    console.print(f"\n[bold]{found.label}[/]  {found.confidence:.0%}")
    if found.doubt is not None:
        console.print(verdict_sentence(found.doubt))
    for name, share in sorted(found.probabilities.items(), key=lambda one: -one[1]):
        console.print(_line(name, share))
    if found.fractions:
        console.print("\n[bold]What most volunteers would answer[/]")
    for step in walk(found.fractions) if found.fractions else ():
        share = step.shares[step.question.answers.index(step.taken)]
        console.print(f"  {step.question.text} [bold]{step.taken.text}[/] {share:.0%}")
    if output is not None:
        console.print(f"\nWritten to {output}", markup=False)


def _line(name: str, share: float) -> str:
    return f"  {name:<18} {share:>6.1%} {'█' * round(share * BAR)}"


def _as_json(sight: Sight, network: Model) -> dict[str, Any]:
    from tuningfork.classify.look import sight_cells, sight_columns

    return dict(zip(sight_columns(network.card), sight_cells(sight, network.card), strict=True))


def _picture(network: Model, sight: Sight, path: Path) -> None:
    """Write the cutout itself, or a sheet with everything about it."""
    from tuningfork.errors import BadData
    from tuningfork.explain import heat_map, overlay, shown_crop
    from tuningfork.explain.drawing import Explained
    from tuningfork.explain.portrait import draw_portrait
    from tuningfork.files import replacing

    found, view, shown = sight.row.classification, sight.view, sight.shown
    if found is None or view is None or shown is None:
        return
    if path.suffix.lower() != ".png":
        try:
            with replacing(path) as temporary:
                temporary.write_bytes(view.cutout.data)
        except OSError as error:
            raise BadData(f"{path}: {error.strerror or error}; write it elsewhere") from error
        return
    preprocessing = network.card.preprocessing
    pixels = preprocessing.cut(shown.picture, shown.window)
    crop = shown_crop(shown.picture, preprocessing, shown.window)
    heat = heat_map(network, pixels, found.label)
    explained = Explained(found, None, crop, overlay(crop, heat))
    cutout = view.cutout
    credit = {"sdss": "SDSS", "legacy": "DESI Legacy Imaging Surveys"}[cutout.survey]
    note = (
        f"{cutout.ra:.5f} {cutout.dec:+.5f} · {cutout.frame_arcsec:.0f}″ of {credit} · {view.note}"
    )
    draw_portrait(explained, path, title=view.place.name, note=note)


def _look_at_catalogue(
    catalog: Path,
    output: Path | None,
    model: str | None,
    *,
    png: Path | None,
    resume: bool,
    as_json: bool,
    survey: str,
    center: str,
) -> None:
    from tuningfork.classify.positions import open_positions
    from tuningfork.classify.survey import survey_catalogue
    from tuningfork.cli.progress import progress_bar
    from tuningfork.model.session import load_model

    if output is None:
        raise typer.BadParameter(
            "name a table to write, ending in .csv, .jsonl or .parquet", param_hint="--output"
        )
    opened = open_positions(catalog)
    network = load_model(model)
    errors: list[str] = []
    with progress_bar("places") as progress:
        task = progress.add_task("", total=opened.rows)

        def step(sight: Sight) -> None:
            progress.advance(task)
            if sight.row.error and len(errors) < SHOWN:
                errors.append(f"{sight.target.name}: {sight.row.error}")
            if png is not None and sight.view is not None:
                _picture(network, sight, png / f"{_file_name(sight)}.png")

        counts = survey_catalogue(
            network,
            opened,
            output,
            survey=survey,
            center=center,
            resume=resume,
            begin=lambda done: progress.update(task, completed=done),
            step=step,
        )
    failed = counts.pop("", 0)
    _print_counts(counts, failed, errors, output, as_json=as_json)
    raise typer.Exit(1 if failed else 0)


def _file_name(sight: Sight) -> str:
    """Spell a place's name so that it can be a file's."""
    return re.sub(r"[^\w.+-]+", "_", sight.row.id) or "galaxy"


def _print_counts(
    counts: dict[str, int], failed: int, errors: list[str], output: Path, *, as_json: bool
) -> None:
    total = sum(counts.values()) + failed
    if as_json:
        import json

        said = {"rows": total, "classes": counts, "errors": failed, "output": str(output)}
        typer.echo(json.dumps(said, indent=2))
        return
    for error in errors:
        typer.secho(error, fg="red")
    if failed > len(errors):
        typer.echo(f"… and {failed - len(errors):,} more")
    kinds = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    typer.echo(f"{total - failed:,} of {total:,} seen" + (f": {kinds}" if kinds else ""))
    typer.echo(f"Written to {output}")
