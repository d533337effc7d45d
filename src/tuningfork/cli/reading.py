"""Options on how pictures are read and framed, which several verbs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from tuningfork.cli.options import check_frame

if TYPE_CHECKING:
    from tuningfork.images.framing import Reading

Center = Annotated[
    str,
    typer.Option(
        metavar="auto|frame|X,Y",
        help="Where the galaxy is: look for it, the picture's middle, or a position in pixels "
        "(from the top left; in FITS as FITS counts).",
    ),
]
Size = Annotated[
    str,
    typer.Option(
        metavar="auto|frame|R90",
        help="How large the galaxy is: from a FITS header or measured, as in Galaxy Zoo's frames, "
        "or its Petrosian R90 in pixels or as 12arcsec.",
    ),
]
Hdu = Annotated[
    Optional[str],  # noqa: UP045  (Typer reads it at run time)
    typer.Option(
        metavar="NAME,...",
        help="Which units of a FITS file, by name or number; several are bands.",
        show_default=False,
    ),
]
Bands = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        metavar="RED,GREEN,BLUE",
        help="Which bands of a FITS file, by name or number from 1; one is shown in grey.",
        show_default=False,
    ),
]
Stretch = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(
        help="Of FITS: the brightness that would be white if faint light's proportion held on. "
        "Default: by the galaxy's own.",
        show_default=False,
    ),
]
Softening = Annotated[
    float, typer.Option(help="Of FITS: Lupton's Q, how strongly bright light is compressed.")
]


def reading_of(
    *,
    center: str,
    size: str,
    hdu: str | None,
    bands: str | None,
    stretch: float | None,
    softening: float,
    frame: float | None,
) -> Reading:
    """Build what the options say. Raises typer.BadParameter."""
    from tuningfork.images.framing import Reading

    if frame is not None:
        check_frame(frame)
    try:
        return Reading(
            center=center,
            size=size,
            frame_share=frame,
            hdus=_names(hdu),
            bands=_names(bands),
            stretch=stretch,
            softening=softening,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _names(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(name.strip() for name in text.split(",") if name.strip())
