"""From light to a picture: sky taken off, bands balanced, Lupton's stretch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuningfork.images.colour import asinh_grey, lupton_rgb
from tuningfork.images.fits.bands import wavelength

Planes = NDArray[np.float32]
"""Shape (1 or 3, height, width), red first."""
Bad = NDArray[np.bool_]

GREY = 90.0
"""Mean level, of 255, within R90: five in six of Kaggle's galaxies are fainter."""
GRAIN = 7.0
"""Levels, of 255, that the noise of the sky may reach, as it does in SDSS's pictures."""
COLOUR = (1.22, 1.01, 0.77)
"""Red, green and blue within R90 over their mean (medians over Kaggle's galaxies)."""
WEIGHTS = ((482.5, 1.75), (626.1, 1.18), (767.2, 1.0), (909.7, 0.9))
"""Wavelength in nanometres and factor for fluxes on the AB system: what makes SDSS's g, r and i
look as in its own pictures."""
DARK = 0.2
"""Of white: what the sky of a finished picture stays below."""
PADDING = 5.0
"""Times the scatter of the sky: a constant corner further from it is no sky."""
_SAMPLE = 20_000


@dataclass(frozen=True)
class Light:
    """Planes with the sky at 0."""

    planes: Planes
    bad: Bad
    """Shape (height, width): true where a band has no value, or the file's mask says so."""


def display_white(planes: NDArray[Any], bad: Bad) -> float | None:
    """Whether planes are a picture already, and if so, which value is white; else None.

    They are if no value is below 0, the sky is dark, and all are 255ths from 0 to 1 or lie between
    0 and 255 and come near to it. Light as it was measured does not: where the sky was taken off,
    its noise goes below 0.
    """
    values = planes[:, ~bad]
    low, high = float(values.min()), float(values.max())
    white = 1.0 if high <= 1 else 255.0
    if low < 0 or not 0.4 * white < high <= white or float(np.median(values)) > DARK * white:
        return None
    steps = values * (255 / white)
    whole = bool(np.abs(steps - np.rint(steps)).max() < 1e-3)
    return white if whole or white > 1 else None


def padded(planes: Planes, bad: Bad) -> Bad:
    """Find what a cutout was padded with: a value of its corners that no sky has.

    True where all planes hold exactly what they hold in a corner, over 3 by 3 pixels at least, if
    that lies further than PADDING times the scatter from the median of all other pixels. A galaxy
    cut out on 0, or an empty sky with its mean at 0, is not padded.
    """
    found = np.zeros_like(bad)
    for row, column in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        value = planes[:, row, column]
        if bad[row, column] or found[row, column]:
            continue
        same = _solid((planes == value[:, np.newaxis, np.newaxis]).all(axis=0))
        rest = planes[:, ~(same | bad)]
        if not same.any() or not rest.size:
            continue
        middle = np.median(rest, axis=1)
        scatter = 1.48 * np.median(np.abs(rest - middle[:, np.newaxis]), axis=1)
        if (np.abs(value - middle) > PADDING * scatter).all():
            found |= same
    return found


def _solid(marks: Bad) -> Bad:
    """Keep what lies in a marked square of 3 by 3."""
    from scipy.ndimage import binary_opening

    kept: Bad = binary_opening(marks, np.ones((3, 3), np.bool_))
    return kept


def without_sky(planes: Planes, bad: Bad) -> Light:
    """Take the sky off each plane: its mode, with sources left out (the library sep).

    Bad pixels are filled from what lies around them, so that they show no holes.
    """
    import sep

    found = []
    for plane in planes:
        good = np.where(bad, 0, plane).astype(np.float32)
        box = max(16, min(plane.shape) // 4)
        sky = sep.Background(good, mask=bad, bw=box, bh=box, fw=3, fh=3)
        found.append(np.where(bad, 0, good - np.float32(sky.globalback)))
    return Light(_filled(np.stack(found).astype(np.float32), bad), bad)


def _filled(planes: Planes, bad: Bad) -> Planes:
    """Give bad pixels the Gaussian mean of the good ones within a few pixels, else the sky."""
    if not bad.any():
        return planes
    from scipy.ndimage import gaussian_filter

    good = (~bad).astype(np.float32)
    weight = gaussian_filter(good, 1.5, truncate=4)
    near = np.stack([gaussian_filter(plane * good, 1.5, truncate=4) for plane in planes])
    estimate = np.where(weight > 1e-3, near / np.maximum(weight, 1e-3), 0)
    return np.where(bad, estimate, planes).astype(np.float32)


def weights_of(
    names: tuple[str, ...], unit: str, means: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Give the factor of each of three bands before they are combined.

    Where ``unit`` (BUNIT) is a flux density (maggies or janskys) and the filters are known, the
    factors are SDSS's, by wavelength; else they give the galaxy, whose mean in each band is
    ``means``, the colour that Galaxy Zoo's galaxies have in the mean.
    """
    waves = [wavelength(name) for name in names]
    known = [one for one in waves if one is not None]
    if len(known) == 3 and ("maggy" in unit.lower() or "jy" in unit.lower()):
        at, factor = zip(*WEIGHTS, strict=True)
        return np.asarray(np.interp(known, at, factor), np.float32)
    if not (means > 0).all():
        return np.ones(3, np.float32)
    return np.asarray(np.array(COLOUR) * means.mean() / means, np.float32)


def fitting_stretch(intensity: NDArray[np.float32], noise: float, softening: float) -> float:
    """Choose the stretch that shows a galaxy as bright as Galaxy Zoo's pictures do.

    ``intensity`` is the mean of the bands at the galaxy's pixels within R90, any shape; ``noise``
    its standard deviation in the sky. The mean level becomes GREY of 255, unless the noise would
    then be shown above GRAIN.
    """
    values = np.clip(intensity.ravel()[:: max(1, intensity.size // _SAMPLE)], 0, None)
    top = float(values.max(initial=0.0))
    if top <= 0:
        return 1.0
    low, high = top * 1e-6, top * 1e3
    for _ in range(50):
        middle = (low * high) ** 0.5
        shown = np.clip(np.arcsinh(softening * values / middle) / softening, 0, 1).mean() * 255
        low, high = (middle, high) if shown > GREY else (low, middle)
    least = softening * noise / np.sinh(softening * GRAIN / 255)
    return max(low, float(least))


def picture(planes: Planes, stretch: float, softening: float) -> NDArray[np.uint8]:
    """Show three planes in colour or one in grey; uint8 of shape (height, width, 3)."""
    if len(planes) == 1:
        return asinh_grey(planes[0], stretch=stretch, softening=softening)
    red, green, blue = planes
    return lupton_rgb(red, green, blue, stretch=stretch, softening=softening)
