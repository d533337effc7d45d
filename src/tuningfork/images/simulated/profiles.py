"""How light falls off in the parts of a galaxy, and how a point of light is spread.

Lengths are in any one unit; profiles whose total is finite are normalised to a total of 1.
"""

from __future__ import annotations

import math

import numpy as np

from tuningfork.images.simulated.survey import Plane


def sersic_scale(index: float) -> float:
    """Return the b_n that makes the effective radius hold half the light.

    Ciotti & Bertin 1999, equation 18; that half is met within 2e-4 for ``index`` of 0.5 or more.
    """
    return (
        2 * index
        - 1 / 3
        + 4 / (405 * index)
        + 46 / (25515 * index**2)
        + 131 / (1148175 * index**3)
        - 2194697 / (30690717750 * index**4)
    )


def sersic(radius: Plane, *, index: float, effective_radius: float) -> Plane:
    """Sérsic's profile at ``radius`` >= 0, the integral over the (circular) plane being 1.

    Graham & Driver 2005, equations 1 and 2. For an ellipse of axis ratio q with ``radius`` measured
    along its major axis, the integral is q.
    """
    scale = sersic_scale(index)
    total = (
        2 * math.pi * index * effective_radius**2
        * math.exp(scale) * scale ** (-2 * index) * math.gamma(2 * index)
    )  # fmt: skip
    ratio = radius / np.float32(effective_radius)
    light: Plane = np.exp(np.float32(-scale) * (ratio ** np.float32(1 / index) - 1)) / np.float32(
        total
    )
    return light


def broken_exponential(radius: Plane, *, break_radius: float) -> Plane:
    """Draw a disk of scale length 1, 1 at the centre, that falls twice as fast past its break.

    Such breaks are the commonest among late spirals (Pohlen & Trujillo 2006, type II).
    """
    sharpness = 4.0
    bend = np.logaddexp(np.float32(0), sharpness * (radius - np.float32(break_radius))) / sharpness
    light: Plane = np.exp(-radius - bend)
    return light


def generalised_radius(x: Plane, y: Plane, *, axis_ratio: float, boxiness: float) -> Plane:
    """Major-axis radius of a generalised ellipse (Athanassoula et al. 1990).

    ``boxiness`` is 2 for an ellipse, larger for boxes, smaller for lenses.
    """
    if boxiness == 2:
        ellipse: Plane = np.hypot(x, y / np.float32(axis_ratio))
        return ellipse
    power = np.float32(boxiness)
    radius: Plane = (np.abs(x) ** power + np.abs(y / np.float32(axis_ratio)) ** power) ** (
        1 / power
    )
    return radius


def ferrers_bar(radius: Plane, *, length: float) -> Plane:
    """Draw a bar out to its half-length: (1 - (r/a)^2)^1.5, 0 beyond (after Ferrers 1877)."""
    inside = np.clip(1 - (radius / np.float32(length)) ** 2, 0, None)
    light: Plane = inside * np.sqrt(inside)
    return light


def moffat(radius: Plane, *, width: float, power: float = 3.0) -> Plane:
    """Draw a star of full width ``width`` at half maximum, the integral over the plane being 1.

    Moffat 1969; a power near 3 is what Racine 1996 finds for long exposures' wings.
    """
    core = width / (2 * math.sqrt(2 ** (1 / power) - 1))
    peak = (power - 1) / (math.pi * core**2)
    return np.float32(peak) * (1 + (radius / np.float32(core)) ** 2) ** np.float32(-power)


def projected_axis_ratio(inclination: float, thickness: float) -> float:
    """Axis ratio of an oblate disk seen at ``inclination`` degrees (Hubble 1926).

    ``thickness`` is its axis ratio seen edge-on.
    """
    cosine = math.cos(math.radians(inclination))
    return math.sqrt(thickness**2 + (1 - thickness**2) * cosine**2)
