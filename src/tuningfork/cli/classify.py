"""``tuningfork classify``: pictures in, a table out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from tuningfork.cli.doubting import doubt_sentence, doubt_settings
from tuningfork.cli.options import ClusterAddress, Engine, ModelName, Workers
from tuningfork.cli.parts import classify_in_parts, engine_named, goes_to_parts
from tuningfork.cli.progress import progress_bar
from tuningfork.cli.reading import Bands, Center, Hdu, Size, Softening, Stretch, reading_of
from tuningfork.cli.told import Told, print_table, printed
from tuningfork.places import place_of

if TYPE_CHECKING:
    from tuningfork.classify import Row
    from tuningfork.images.sources import Picture
    from tuningfork.model.session import Model

HEAT = "occlusion"
"""How heat maps are found where nothing else is asked for."""


def classify(
    paths: Annotated[
        Optional[list[str]],  # noqa: UP045  (Typer reads it at run time)
        typer.Argument(
            metavar="PATH",
            help="Pictures, folders (searched to the bottom), zips; - reads standard input.",
            show_default=False,
        ),
    ] = None,
    *,
    catalog: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="PATH",
            help="Classify the rows of this table (.parquet, .csv; also s3://, gs://, https://) "
            "instead of PATHs; see docs/catalogues.md.",
            show_default=False,
        ),
    ] = None,
    images: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="PATH",
            help="Folder, zip or tar with the catalogue's pictures. Default: the catalogue's "
            "folder.",
            show_default=False,
        ),
    ] = None,
    model: ModelName = None,
    output: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="PATH",
            help="Write every row to this file (.csv, .jsonl or .parquet), or to Parquet parts "
            "in this folder, which can be resumed.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the parts in --output.")
    ] = False,
    engine: Engine = "embedded",
    workers: Workers = None,
    address: ClusterAddress = None,
    frame: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            min=0.01,
            max=100,
            help="Width of the pictures as a share of Galaxy Zoo's frame of 424 pixels, where "
            "that is known.",
            show_default=False,
        ),
    ] = None,
    center: Center = "auto",
    size: Size = "auto",
    hdu: Hdu = None,
    bands: Bands = None,
    stretch: Stretch = None,
    softening: Softening = 6.5,
    coverage: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            help="How often the set of classes that is left shall hold the true one: between 0 "
            "and 1. Default: 0.95.",
            show_default=False,
        ),
    ] = None,
    prior: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="CLASS=SHARE,...",
            help="Your galaxies' mix of classes, where it is not that of the sky; see "
            "docs/doubt.md.",
            show_default=False,
        ),
    ] = None,
    explain: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="DIR",
            help="Draw for each picture where the network finds what speaks for its class.",
            show_default=False,
        ),
    ] = None,
    heat: Annotated[
        str,
        typer.Option(
            metavar="METHOD",
            help="How --explain finds it: occlusion (about a hundred runs a picture), activation "
            "(one run, coarser) or views (eight). See docs/heat-maps.md.",
        ),
    ] = HEAT,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every row as JSON instead of a table.")
    ] = False,
) -> None:
    """Tell what the galaxies in pictures are.

    Reads JPEG, PNG, TIFF, WebP, GIF and BMP of any size, in colour or grey, and
    FITS with one band or several. Finds the galaxy where it is off the middle,
    smaller or larger than in Galaxy Zoo's frames, and says so: docs/fits.md.
    Each picture gets one row: its class, the probability of each class, the 37
    vote fractions that volunteers would give, or why it could not be read. A
    calibrated network also gives the set of classes that are left and a verdict:
    sure, unsure, or no galaxy here.

    Exit code: 0 all were read, 1 some were not, 2 the command was wrong.

    \b
    Examples:
      tuningfork classify galaxy.jpg
      tuningfork classify my_galaxies/ --output answers.csv
      tuningfork classify images.zip --output answers.parquet --frame 0.5
      tuningfork classify --json - < galaxy.jpg
      tuningfork classify cube.fits.gz --bands z,r,g --size 12arcsec
      tuningfork classify my_galaxies/ --explain maps/
      tuningfork classify my_galaxies/ --coverage 0.99
      tuningfork classify --catalog galaxies.parquet --images cutouts/ --output predictions/
      tuningfork classify --catalog s3://b/galaxies.parquet --output s3://b/out --engine ray
    """  # noqa: D301  (Typer needs the \\b itself)
    from tuningfork.classify.helpers import helpers_for
    from tuningfork.classify.writers import check_output, row_writer
    from tuningfork.images.sources import find_pictures
    from tuningfork.model.session import load_model

    given = _check(paths, catalog, images)
    place = None if output is None else place_of(output)
    reading = reading_of(
        center=center,
        size=size,
        hdu=hdu,
        bands=bands,
        stretch=stretch,
        softening=softening,
        frame=frame,
    )
    settings = {"reading": reading, **doubt_settings(model, coverage, prior)}
    in_parts = catalog is not None or goes_to_parts(place)
    _check_maps(explain, heat, given)
    _check_kind(resume, explain, engine, workers, in_parts=in_parts)
    chosen = engine_named(engine, workers, address)
    if in_parts:
        done = classify_in_parts(
            paths=[place_of(one) for one in given],
            catalog=None if catalog is None else place_of(catalog),
            images=None if images is None else place_of(images),
            output=place,
            engine=chosen,
            model=model,
            resume=resume,
            as_json=as_json,
            settings=settings,
        )
        raise typer.Exit(1 if done[""] else 0)
    table = place if isinstance(place, Path) else None
    if table is not None:
        check_output(table)
    here = [Path(one) for one in given]
    pictures = find_pictures(here)
    told = Told(every=table is None)
    helping = nullcontext() if explain is not None else helpers_for(here, model, settings)
    with _told_if_stopped(table), helping as helpers:
        # Many are answered at once, on a core each; for a heat map one is asked many times.
        network = load_model(model, threads=1 if explain is None else None)
        rows = _rows(network, pictures, {**settings, "beside": helpers}, explain, heat)
        with nullcontext() if table is None else row_writer(table, network.card) as write:
            for row in printed(rows, network.card) if as_json else _watched(rows, here):
                told.count(row)
                if write is not None:
                    write(row)
                if not as_json:
                    told.keep(row)
    if not as_json:
        print_table(told, network.card)
        if told.verdicts and network.card.calibration is not None:
            fitted = network.card.calibration.coverages
            typer.echo(doubt_sentence(told.verdicts, coverage, fitted))
        if table is not None:
            typer.echo(f"Written to {table}")
        if explain is not None and told.counts.total() > told.counts[""]:
            typer.echo(f"Heat maps are in {explain}")
    raise typer.Exit(1 if told.counts[""] else 0)


def _rows(
    network: Model,
    pictures: Iterator[Picture],
    settings: dict[str, Any],
    maps: Path | None,
    method: str,
) -> Iterator[Row]:
    """Classify pictures, and draw a heat map of each where a folder is named for them."""
    from tuningfork.classify import classify_pictures

    def answer(some: Iterable[Picture]) -> Iterator[Row]:
        return classify_pictures(network, some, **settings)

    if maps is None:
        return answer(pictures)
    from tuningfork.explain.folder import explain_pictures

    reading = settings["reading"]
    return explain_pictures(network, pictures, answer, maps, reading=reading, method=method)


def _check_maps(folder: Path | None, method: str, paths: list[str]) -> None:
    """Refuse a folder for heat maps that would write over pictures, or be read as some."""
    if folder is None:
        if method != HEAT:
            raise typer.BadParameter("goes with --explain", param_hint="--heat")
        return
    if not folder.name:
        raise typer.BadParameter("name a folder for the heat maps", param_hint="--explain")
    own = folder.resolve()
    for place in map(Path, paths):
        among = place.resolve() if place.is_dir() else place.resolve().parent
        if own == among or (place.is_dir() and own.is_relative_to(among)):
            raise typer.BadParameter(
                f"{folder} lies among the pictures; name a folder beside them",
                param_hint="--explain",
            )


def _check_kind(
    resume: bool, maps: Path | None, engine: str, workers: int | None, *, in_parts: bool
) -> None:
    """Refuse options that only go with a folder of parts, or only without."""
    if in_parts and maps is not None:
        raise typer.BadParameter(
            "goes with pictures and a single table, not with a catalogue or a folder of parts",
            param_hint="--explain",
        )
    if not in_parts and (engine != "embedded" or workers is not None):
        raise typer.BadParameter(
            "goes with a catalogue or a folder of parts as --output",
            param_hint="--workers" if engine == "embedded" else "--engine",
        )
    if resume and not in_parts:
        raise typer.BadParameter("only a folder of parts can be resumed", param_hint="--output")


def _check(paths: list[str] | None, catalog: str | None, images: str | None) -> list[str]:
    if not paths and catalog is None:
        raise typer.BadParameter("name pictures, folders or zips", param_hint="PATH...")
    if paths and catalog is not None:
        raise typer.BadParameter("give paths or --catalog, not both", param_hint="--catalog")
    if images is not None and catalog is None:
        raise typer.BadParameter("goes with --catalog", param_hint="--images")
    if paths and "" in paths:
        raise typer.BadParameter("a path is empty; name a file or a folder", param_hint="PATH")
    return paths or []


def _watched(rows: Iterable[Row], paths: list[Path]) -> Iterator[Row]:
    """Show on a terminal how far the rows have gone through."""
    from tuningfork.images.sources import count_pictures

    with progress_bar("pictures") as progress:
        task = progress.add_task("", total=None if progress.disable else count_pictures(paths))
        for row in rows:
            progress.advance(task)
            yield row


@contextmanager
def _told_if_stopped(output: Path | None) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        if output is not None:
            typer.echo(
                f"{output} is not written: a table appears whole or not at all; "
                "give --output a folder to be able to --resume",
                err=True,
            )
        raise
