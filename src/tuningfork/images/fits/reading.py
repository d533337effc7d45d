"""A FITS file's bytes to the picture of its galaxy, with a sentence on all that was decided."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tuningfork.errors import TuningForkError, UnreadableImage
from tuningfork.images.decode import SMALLEST_SIDE
from tuningfork.images.fits.axes import Planes, planes_of
from tuningfork.images.fits.bands import band_of, bands_of_cube, mixed
from tuningfork.images.fits.develop import (
    Light,
    display_white,
    fitting_stretch,
    padded,
    picture,
    weights_of,
    without_sky,
)
from tuningfork.images.fits.hdus import FITS_START, GZIP_START, Chosen, Unit, choose, unpacked
from tuningfork.images.fits.header import PixelScale, header_size, pixel_scale
from tuningfork.images.frame import FRAME_R90, Window
from tuningfork.images.framing import Known, Reading, Shown, framed
from tuningfork.images.locate import find_galaxy
from tuningfork.images.plain import frame_picture
from tuningfork.images.quiet import quietly

ROOM = 1.1
"""Of a frame: how much around it is developed."""
SMALLEST_R90 = 0.5
"""Pixels: a header's size below this, or beyond the picture, is a mistake or of another unit."""
LARGEST_VALUE = 1e15
"""No count and no flux in use is larger; damaged bytes are, and their squares overflow."""


@dataclasses.dataclass(frozen=True)
class Dyed:
    """What is known of three bands' colours."""

    names: tuple[str, ...]
    """Of the filters, red first."""
    unit: str
    """BUNIT; empty where the header has none."""


def is_fits(data: bytes) -> bool:
    """Whether a file's bytes are FITS, plain or gzipped."""
    return data.startswith((FITS_START, GZIP_START))


def read_fits(data: bytes, where: str, reading: Reading | None = None) -> Shown:
    """Read the galaxy in a FITS file: one band, a cube, or one image for each band.

    Plain, gzipped or tile-compressed; BSCALE, BZERO and BLANK are applied, pixels that are NaN,
    infinite or marked by a mask are left out. Three bands are combined and one is shown as Lupton
    et al. (2004) do. The galaxy is looked for, measured and framed as ``reading`` says.

    Raises UnreadableImage for a file that is damaged or holds no usable image, and for wishes that
    it cannot fulfil.
    """
    try:
        return _read(data, where, reading or Reading())
    except (TuningForkError, MemoryError):
        raise
    except Exception as error:  # numbers that no telescope writes break sums in many ways
        first = (str(error).splitlines() or [""])[0]
        raise UnreadableImage(
            f"{where}: the FITS image cannot be shown ({type(error).__name__}: {first}); check "
            "how it was made"
        ) from error


def _read(data: bytes, where: str, reading: Reading) -> Shown:
    chosen = choose(unpacked(data, where), where, reading.hdus)
    cube, names, notes = _bands_in(chosen, where)
    values = _floats(cube.values)
    if not reading.bands:
        values, names, empty = _filled_bands(values, names)
        notes.append(empty)
    mixture = mixed(values, names, reading.bands, where)
    bad = np.asarray(~np.isfinite(mixture.values).all(axis=0), np.bool_)
    if chosen.mask is not None:
        bad = bad | _fitting(chosen.mask, cube)
    header = chosen.units[0].header
    scale = pixel_scale(header)
    across = mixture.values.shape[1:]
    planes, bad = _upright(mixture.values, bad, scale)
    _check(bad, where)
    notes = [*notes, mixture.note, _scale_note(scale)]
    known = _known(header, scale, _point(reading, across, bad.shape), where)
    if known.size is not None and not _may_be(known.size[0], bad.shape):
        notes.append(f"{known.size[1]} passed over, for no galaxy here has that size")
        known = dataclasses.replace(known, size=None)
    white = None if reading.stretch is not None else display_white(planes, bad)
    if white is not None:
        shown = frame_picture(_as_it_is(_zeroed(planes, bad), white), known, reading)
        notes.append("a finished picture, shown as it is")
    else:
        bad = bad | padded(planes, bad)
        dyed = Dyed(mixture.names, str(header.get("BUNIT", "")))
        shown = _measured(without_sky(planes, bad), dyed, known, reading)
    notes.append(shown.note)
    return dataclasses.replace(shown, note="; ".join(one for one in notes if one))


def _measured(light: Light, dyed: Dyed, known: Known, reading: Reading) -> Shown:
    """Find the galaxy in light as it was measured, and develop what lies around it."""
    plane = light.planes.mean(axis=0, dtype=np.float32)
    galaxy = find_galaxy(plane, bad=light.bad if light.bad.any() else None, at=known.point)
    framing = framed((plane.shape[0], plane.shape[1]), galaxy, reading, known)
    light, window = _around(light, framing.window)
    noise = 0.0 if galaxy is None else galaxy.noise
    pixels, note = _developed(light, window, noise, dyed, reading)
    return Shown(pixels, window, "; ".join(one for one in (note, framing.note) if one))


def _bands_in(chosen: Chosen, where: str) -> tuple[Planes, list[str], list[str]]:
    """Give all bands as planes, their names, and what is to be said of them."""
    first = chosen.units[0]
    cube = planes_of(first.data, first.header, where)
    if len(chosen.units) == 1:
        names = list(bands_of_cube(first.header, len(cube.values)))
        if len(cube.values) == 1:
            names = [band_of(first.header, first.name)]
        return cube, names, [chosen.note, cube.note]
    planes = [_single(one, cube, where) for one in chosen.units]
    names = [band_of(one.header, one.name) or one.label for one in chosen.units]
    note = f"bands from {', '.join(one.label for one in chosen.units)}"
    return dataclasses.replace(cube, values=np.stack(planes)), names, [note]


def _filled_bands(
    values: NDArray[np.float32], names: list[str]
) -> tuple[NDArray[np.float32], list[str], str]:
    """Leave out bands that the telescope never saw: without a value, or with one everywhere."""
    finite = [one[np.isfinite(one)] for one in values]
    filled = [place for place, one in enumerate(finite) if one.size and one.max() > one.min()]
    if len(filled) in (0, len(values)):
        return values, names, ""
    empty = [names[place] or str(place + 1) for place in range(len(values)) if place not in filled]
    note = f"band {', '.join(empty)} is empty and passed over"
    return values[filled], [names[place] for place in filled], note


def _single(unit: Unit, like: Planes, where: str) -> NDArray[Any]:
    found = planes_of(unit.data, unit.header, where).values
    if len(found) != 1 or found.shape[1:] != like.values.shape[1:]:
        raise UnreadableImage(
            f"{where}: {unit.label} is not one plane of the same size as the others; "
            "choose units of one shape with --hdu"
        )
    plane: NDArray[Any] = found[0]
    return plane


def _floats(values: NDArray[Any]) -> NDArray[np.float32]:
    """Single precision in the machine's order of bytes; what is no measurement becomes NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = values.astype(np.float32)
    found[~(np.abs(found) < LARGEST_VALUE)] = np.nan
    return found


def _fitting(mask: NDArray[np.bool_], cube: Planes) -> NDArray[np.bool_]:
    """A mask whose axes are in the sky's order; one of another shape says nothing."""
    form = cube.values.shape[1:]
    return mask if mask.shape == form else np.zeros(form, np.bool_)


def _upright(
    planes: NDArray[np.float32], bad: NDArray[np.bool_], scale: PixelScale | None
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Turn FITS's lowest row to the bottom, and make pixels square on the sky."""
    planes, bad = planes[:, ::-1], bad[::-1]
    if scale is not None and scale.stretch != 1.0:
        height, width = bad.shape
        size = (
            max(1, round(width / scale.stretch**0.5)),
            max(1, round(height * scale.stretch**0.5)),
        )
        filled = _zeroed(planes, bad)
        planes = np.stack([np.asarray(Image.fromarray(one).resize(size)) for one in filled])
        bad = np.asarray(Image.fromarray(bad.astype(np.float32)).resize(size)) > 0.5
    return np.ascontiguousarray(planes), np.ascontiguousarray(bad)


def _zeroed(planes: NDArray[np.float32], bad: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.where(bad, np.float32(0), planes)


def _check(bad: NDArray[np.bool_], where: str) -> None:
    height, width = bad.shape
    if min(height, width) < SMALLEST_SIDE:
        raise UnreadableImage(
            f"{where}: {width}×{height} pixels are too few to show a galaxy; "
            f"give a picture of at least {SMALLEST_SIDE}×{SMALLEST_SIDE}"
        )
    if bad.all():
        raise UnreadableImage(
            f"{where}: no pixel holds a finite value that is not masked; check how it was made"
        )


def _scale_note(scale: PixelScale | None) -> str:
    return "no WCS" if scale is None else f"{scale.arcsec:.3g}″ a pixel by the WCS"


def _point(
    reading: Reading, file: tuple[int, ...], shape: tuple[int, ...]
) -> tuple[float, float] | None:
    """The position that was asked for in the file's pixels, from the picture's top left corner."""
    if reading.point is None:
        return None
    x, y = reading.point[0] - 0.5, file[0] - (reading.point[1] - 0.5)
    return x * shape[1] / file[1], y * shape[0] / file[0]


def _may_be(r90: float, shape: tuple[int, ...]) -> bool:
    """Whether a galaxy of this size in pixels could be the picture's: seen at all, and in it."""
    return SMALLEST_R90 <= r90 <= max(shape)


def _known(
    header: Any,  # noqa: ANN401
    scale: PixelScale | None,
    point: tuple[float, float] | None,
    where: str,
) -> Known:
    """What the header says of scale and size."""
    arcsec = None if scale is None else scale.arcsec
    size = header_size(header)
    if size is None or not (size.in_pixels or arcsec):
        return Known(where, point, arcsec)
    r90 = size.r90 if size.in_pixels else size.r90 / (arcsec or 1.0)
    return Known(where, point, arcsec, (r90, size.keyword))


def _around(light: Light, window: Window) -> tuple[Light, Window]:
    """Keep only what lies near the frame."""
    height, width = light.bad.shape
    half = ROOM * window.width / 2 + 2
    left, right = (int(np.clip(window.x + sign * half, 0, width)) for sign in (-1, 1))
    top, bottom = (int(np.clip(window.y + sign * half, 0, height)) for sign in (-1, 1))
    part = (slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1)))
    kept = Light(light.planes[:, *part], light.bad[part])
    return kept, Window(window.x - left, window.y - top, window.width)


def _as_it_is(planes: NDArray[np.float32], white: float) -> NDArray[np.uint8]:
    levels = np.moveaxis(planes * np.float32(255 / white), 0, -1)
    levels = np.rint(np.broadcast_to(levels, (*levels.shape[:2], 3)))
    return np.ascontiguousarray(levels).astype(np.uint8)


def _developed(
    light: Light, window: Window, noise: float, dyed: Dyed, reading: Reading
) -> tuple[NDArray[np.uint8], str]:
    within = _within_r90(light, window)
    planes = light.planes
    if len(planes) == 3:
        means = planes[:, within].mean(axis=1, dtype=np.float64)
        weights = weights_of(dyed.names, dyed.unit, means)
        planes = planes * weights[:, np.newaxis, np.newaxis]
        noise *= float(weights.mean())
    stretch = reading.stretch
    how = "as asked"
    if stretch is None:
        intensity = planes.mean(axis=0)[within]
        stretch = fitting_stretch(intensity, noise, reading.softening)
        how = "by its brightness"
    with quietly(), np.errstate(all="ignore"):
        pixels = picture(planes, stretch, reading.softening)
    return pixels, f"asinh stretch {stretch:.3g} {how}, softening {reading.softening:g}"


def _within_r90(light: Light, window: Window) -> NDArray[np.bool_]:
    height, width = light.bad.shape
    across = np.arange(width) + 0.5 - window.x
    down = np.arange(height) + 0.5 - window.y
    away = np.hypot(across[np.newaxis], down[:, np.newaxis])
    inside: NDArray[np.bool_] = (away <= max(1.0, window.width / FRAME_R90)) & ~light.bad
    return inside if inside.any() else ~light.bad
