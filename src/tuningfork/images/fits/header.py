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
_LINEAR = re.compile(r"^(CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA)\d$|^(CD|PC)\d_\d$")
"""Keywords of the linear part of a WCS (Greisen & Calabretta 2002)."""
_DISTORTED = re.compile(r"-(TPV|TNX|ZPX)$")
"""Projections that are tangential but for the polynomials that their keywords hold."""
LARGEST_PIXEL = 3600.0
"""Seconds of arc; a pixel of a degree or more is what astropy makes of a WCS without numbers."""
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

    Distortions (SIP, TPV) that astropy cannot take, such as those of a cube, are left out. None if
    there is no celestial WCS, or one whose scale is no size.
    """
    sides = _sides(header) or _sides(_linear(header))
    if sides is None:
        return None
    wide, high = sides
    ratio = high / wide
    square = abs(ratio - 1) < _NEAR
    return PixelScale(math.sqrt(wide * high), 1.0 if square else ratio)


def _sides(header: Any) -> tuple[float, float] | None:  # noqa: ANN401
    """Give a pixel's width and height in seconds of arc."""
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
    return (wide, high) if 0 < wide < LARGEST_PIXEL and 0 < high < LARGEST_PIXEL else None


def _linear(header: Any) -> Any:  # noqa: ANN401
    """Give the linear part of a WCS: its projections without the distortions they name."""
    from astropy.io import fits

    found = fits.Header()
    for keyword in header:
        if _LINEAR.match(keyword):
            found[keyword] = header[keyword]
            if keyword.startswith("CTYPE"):
                kind = _DISTORTED.sub("-TAN", str(header[keyword]).upper())
                found[keyword] = kind.removesuffix("-SIP")
    return found


def header_size(header: Any) -> HeaderSize | None:  # noqa: ANN401
    """Read the galaxy's Petrosian R90 from keywords such as PETROR90, PETROR90_R or R90.

    Seconds of arc, as SDSS gives it, unless the comment says pixels; r is preferred to other
    bands. None where there is none above 0.
    """
    found = {str(one).upper(): one for one in header if _R90.match(str(one).upper())}
    for keyword in sorted(found, key=lambda one: (not one.endswith(("90", "R")), one)):
        try:
            value = float(header[found[keyword]])
        except (TypeError, ValueError):
            continue
        if 0 < value < math.inf:
            comment = str(header.comments[found[keyword]])
            return HeaderSize(value, bool(_PIXELS.search(comment)), keyword)
    return None
