"""What a simulated galaxy is made of. Lengths are in scale lengths of its disk, or effective radii.

Shares are of the light in r. Angles are in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

from tuningfork.images.simulated.survey import Colour


@dataclass(frozen=True)
class Spheroid:
    """A bulge, or a whole elliptical: Sérsic's profile."""

    share: float
    index: float
    radius: float
    axis_ratio: float
    boxiness: float
    colour: Colour


@dataclass(frozen=True)
class Disk:
    """Old stars in an exponential disk that breaks; its share is what the other parts leave."""

    inclination: float
    thickness: float
    break_radius: float
    colour: Colour
    """At one scale length."""
    gradient: float
    """How much bluer (g - r) it gets with each scale length."""


@dataclass(frozen=True)
class Arms:
    """Logarithmic spiral arms of young stars."""

    share: float
    number: int
    pitch: float
    sense: int
    phase: float
    """Azimuth at which the first arm starts."""
    start: float
    """Radius at which the arms start."""
    end: float
    sharpness: float
    """Concentration of an arm in azimuth: larger is thinner."""
    contrast: float
    """Share of the young stars that follow the arms, 0 to 1."""
    raggedness: float
    """How far arms stray from the spiral, in radians."""
    lumpiness: float
    """Scatter of the young stars' brightness from place to place, in natural logarithms."""
    knots: int
    knot_share: float
    colour: Colour
    dust: float
    """Optical depth (V) of the lanes along the arms' inner edges."""


@dataclass(frozen=True)
class Bar:
    """A Ferrers bar, sometimes with a ring about it."""

    share: float
    length: float
    """Half of the whole length."""
    axis_ratio: float
    boxiness: float
    angle: float
    """Azimuth in the disk's plane from the line of nodes."""
    hollow: float
    """How much the bar has emptied the disk that it sweeps, 0 to 1."""
    ring: float
    """Brightness of the ring relative to the disk there."""
    colour: Colour


@dataclass(frozen=True)
class DustLayer:
    """A layer of dust in the midplane of a disk."""

    depth: float
    """Optical depth (V) through the disk seen face-on at its centre."""
    height: float
    length: float


@dataclass(frozen=True)
class SimulatedParts:
    """A whole galaxy, as it stands in the sky."""

    label: str
    magnitude: float
    """Of all its light in r."""
    r90: float
    """Radius with 90 % of its light in seconds of arc: sets the scale of the picture."""
    position_angle: float
    spheroid: Spheroid | None
    disk: Disk | None
    arms: Arms | None = None
    bar: Bar | None = None
    dust: DustLayer | None = None
    outskirts: Spheroid | None = None
