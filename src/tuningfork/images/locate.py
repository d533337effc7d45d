"""Where the galaxy is in a picture, and how large."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.images.petrosian import half_light_radius, petrosian_r90, profile

Plane = NDArray[np.float32]

LARGEST_SIDE = 1024
"""Pixels; larger planes are binned before galaxies are looked for."""
THRESHOLD = 2.5
"""Times the noise of the sky: what is brighter may belong to a galaxy."""
SMALLEST_AREA = 12
"""Pixels above the threshold that make something worth looking at."""
CONTRAST = 0.03
"""Share of a source's light that a peak must hold to be a source of its own."""
LEVELS = 32
"""Brightnesses at which peaks are parted (SExtractor's default)."""
FEW_LEVELS = 8
"""The same for a glance: a few more pictures are looked at closely, in half the time."""
REACH = 0.25
"""Standard deviation, as a share of the shorter side, of where galaxies lie around the middle."""
PLACED = 0.03
"""The same of galaxies that somebody put in the middle."""
MOSTLY = 5.0
"""How much more there is to a source exactly in the middle than to one a little off."""

WIDEST = 3.0
"""Petrosian R90 over the second moment along the longer axis: what one in a hundred of Kaggle's
galaxies reaches. Where a neighbour's light keeps the profile from falling, this is taken."""

SHORTEST_SIDE = 5
"""Pixels of a binned plane: in a narrower strip no galaxy can be told from noise."""

# The room is a setting of the whole process; sep lets no other thread run meanwhile anyway.
_one_at_a_time = threading.Lock()
_KERNEL = np.outer([1, 2, 3, 2, 1], [1, 2, 3, 2, 1]).astype(np.float32)


@dataclass(frozen=True)
class Galaxy:
    """A galaxy as it lies in a plane."""

    x: float
    """Pixels from the left edge to its middle."""
    y: float
    """Pixels from the top edge to its middle."""
    r90: float
    """Petrosian R90 in pixels."""
    sky: float
    """Brightness of the sky around it, in the plane's unit."""
    noise: float
    """Standard deviation of the sky, in the plane's unit."""


def find_galaxy(
    plane: Plane,
    *,
    bad: NDArray[np.bool_] | None = None,
    at: tuple[float, float] | None = None,
    closely: bool = True,
) -> Galaxy | None:
    """Find the galaxy that a picture is of; None if nothing stands out of the sky.

    ``plane`` is of shape (height, width), in any unit. Sources are found as SExtractor does
    (Bertin & Arnouts 1996; the library sep). Of several the one is taken that covers the most
    sky, times a Gaussian of its distance from the middle (REACH) with a peak there (PLACED,
    MOSTLY), or the one that lies at ``at`` (x, y). Its middle is the windowed centroid; its size is
    the Petrosian R90 with other sources left out, at most WIDEST. With ``closely`` false the middle
    is that of its light above the threshold and peaks are parted at FEW_LEVELS, which is faster.
    """
    import sep

    step = -(-max(plane.shape) // LARGEST_SIDE)
    if min(plane.shape) // step < SHORTEST_SIDE:
        return None
    small, hidden = _binned(plane, bad, step)
    box = max(16, min(small.shape) // 4)
    sky = sep.Background(small, mask=hidden, bw=box, bh=box, fw=3, fh=3)
    level, noise = float(sky.globalback), float(sky.globalrms)
    light = small - np.float32(level)
    if noise == 1.0:  # what sep says of a sky without any scatter, such as a black one
        noise = 0.0
    noise = max(noise, 1e-3 * float(light.max()), 1e-30)
    sources, owner = _sources(light, THRESHOLD * noise, hidden, LEVELS if closely else FEW_LEVELS)
    if len(sources) == 0:
        return None
    point = None if at is None else (at[0] / step, at[1] / step)
    one = _chosen(sources, owner, point)
    others = (owner != one + 1) & (owner > 0)
    others = others if hidden is None else others | hidden
    x, y = point or _middle(light, others, sources[one], windowed=closely)
    r90 = min(petrosian_r90(profile(light, x, y, others)), WIDEST * float(sources["a"][one]))
    return Galaxy(x * step, y * step, r90 * step, level, noise)


def _sources(
    light: Plane, threshold: float, hidden: NDArray[np.bool_] | None, levels: int
) -> tuple[NDArray[np.void], NDArray[np.int32]]:
    """Find sources, and which of them (counted from 1) each pixel belongs to."""
    import sep

    def extracted(contrast: float) -> tuple[NDArray[np.void], NDArray[np.int32]]:
        found: tuple[NDArray[np.void], NDArray[np.int32]] = sep.extract(
            light,
            threshold,
            mask=hidden,
            minarea=SMALLEST_AREA,
            filter_kernel=_KERNEL,
            deblend_nthresh=levels,
            deblend_cont=contrast,
            segmentation_map=True,
        )
        return found

    with _one_at_a_time:
        # sep clears room for so many bright pixels each time, and gives up where there are more.
        sep.set_extract_pixstack(light.size + 1)
        try:
            return extracted(CONTRAST)
        except Exception:  # sep's only kind: more peaks in one source than it can part
            return extracted(1.0)


def _binned(
    plane: Plane, bad: NDArray[np.bool_] | None, step: int
) -> tuple[Plane, NDArray[np.bool_] | None]:
    """Average squares of ``step`` by ``step`` pixels; bad ones count as what is good beside."""
    if step == 1:
        return np.ascontiguousarray(plane, np.float32), bad
    height, width = (size // step for size in plane.shape)
    form = (height, step, width, step)
    values = plane[: height * step, : width * step].reshape(form)
    if bad is None:
        return values.mean(axis=(1, 3), dtype=np.float32), None
    good = ~bad[: height * step, : width * step].reshape(form)
    count = good.sum(axis=(1, 3))
    total = np.where(good, values, 0).sum(axis=(1, 3), dtype=np.float32)
    return (total / np.maximum(count, 1)).astype(np.float32), count == 0


def _chosen(
    sources: NDArray[np.void], owner: NDArray[np.int32], at: tuple[float, float] | None
) -> int:
    height, width = owner.shape
    x, y = sources["x"] + 0.5, sources["y"] + 0.5
    if at is not None:
        # A point outside is refused by what frames the picture, which names it as it was given.
        row, column = int(np.clip(at[1], 0, height - 1)), int(np.clip(at[0], 0, width - 1))
        here = int(owner[row, column])
        return here - 1 if here else int(np.argmin(np.hypot(x - at[0], y - at[1])))
    away = np.hypot(x - width / 2, y - height / 2) / min(height, width)
    likely = np.exp(-((away / REACH) ** 2) / 2)
    likely *= 1 + MOSTLY * np.exp(-((away / PLACED) ** 2) / 2)
    return int(np.argmax(sources["npix"] * likely))


def _middle(
    light: Plane, others: NDArray[np.bool_], source: np.void, *, windowed: bool
) -> tuple[float, float]:
    """Find the middle of a source: its centroid, or the windowed one (Bertin's XWIN, YWIN)."""
    import sep

    if not windowed:
        return float(source["x"]) + 0.5, float(source["y"]) + 0.5
    around = profile(light, source["x"] + 0.5, source["y"] + 0.5, others)
    radius = half_light_radius(around, 6 * source["a"])
    x, y, _ = sep.winpos(
        light, [source["x"]], [source["y"]], [2 / 2.35 * radius], mask=others, subpix=5
    )
    return float(x[0]) + 0.5, float(y[0]) + 0.5
