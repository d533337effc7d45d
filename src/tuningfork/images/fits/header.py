"""What a FITS header says of scale and size: seconds of arc a pixel, and the galaxy's R90."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from tuningfork.images.quiet import quietly

_R90 = re.compile(r"^(PETRO?_?R?_?90|PETRO?R90|R_?90(PETRO?)?)_?([UGRIZ])?$")
"""Keywords that hold a Petrosian R90, such as SDSS's petroR90_r."""
_PIXELS = re.compile(r"\bpix", re.IGNORECASE)
_NEAR = 0.02
"""Share by which the sides of a pixel may differ and still count as square."""


@dataclass(frozen=True)
class PixelScale:
    """How much sky a pixel shows."""

    arcsec: float
    """Seconds of arc along a side; where sides differ the geometric mean."""
    stretch: float
    """The pixel's height over its width on the sky: 1 where it is square."""


@dataclass(frozen=True)
class HeaderSize:
    """The galaxy's size as the header gives it."""

    r90: float
    in_pixels: bool
    """Pixels if true, else seconds of arc."""
    keyword: str


def pixel_scale(header: Any) -> PixelScale | None:  # noqa: ANN401
    """Read the pixel scale from the WCS (CD, PC with CDELT, or CDELT alone).

    None if there is no celestial WCS, or one whose scale is no size.
    """
    from astropy.wcs import WCS
    from astropy.wcs.utils import proj_plane_pixel_scales

    try:
        with quietly():
            wcs = WCS(header)
            if not wcs.has_celestial:
                return None
            sides = proj_plane_pixel_scales(wcs.celestial)
            wide, high = (float(one) * 3600 for one in sides)
    except Exception:  # a WCS that breaks its own rules (wcslib has a kind of error for each)
        return None
    if not (0 < wide < math.inf and 0 < high < math.inf):
        return None
    ratio = high / wide
    square = abs(ratio - 1) < _NEAR
    return PixelScale(math.sqrt(wide * high), 1.0 if square else ratio)


def header_size(header: Any) -> HeaderSize | None:  # noqa: ANN401
    """Read the galaxy's Petrosian R90 from keywords such as PETROR90, PETROR90_R or R90.

    Seconds of arc, as SDSS gives it, unless the comment says pixels; r is preferred to other
    bands. None where there is none above 0.
    """
    found = {str(one).upper(): one for one in header if _R90.match(str(one).upper())}
    for keyword in sorted(found, key=lambda one: (not one.endswith(("90", "R")), one)):
        value = header[found[keyword]]
        if isinstance(value, int | float) and 0 < value < math.inf:
            comment = str(header.comments[found[keyword]])
            return HeaderSize(float(value), bool(_PIXELS.search(comment)), keyword)
    return None
