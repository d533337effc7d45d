"""One simulated galaxy, from its seed to its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tuningfork.errors import UnknownName
from tuningfork.images.simulated.camera import blurred, cutout, developed, exposed, frame_pixels
from tuningfork.images.simulated.galaxy import SimulatedParts
from tuningfork.images.simulated.grid import Grid
from tuningfork.images.simulated.light import galaxy_light, scaled_grid
from tuningfork.images.simulated.neighbours import add_neighbours, draw_surroundings
from tuningfork.images.simulated.parts import Parts, in_picture, parts_on
from tuningfork.images.simulated.population import DRAWS, draw_galaxy
from tuningfork.images.simulated.survey import BANDS, PIXEL_SCALE, R90_PIXELS, Pixels, Plane, Planes

Truth = Mapping[str, float | int | None]
"""What a galaxy was made of (see ``truth_of``)."""

_PARTS, _TEXTURE, _NEIGHBOURS, _CAMERA, _CLASSES = range(5)


@dataclass(frozen=True)
class SimulatedGalaxy:
    """A picture and the truth about it."""

    label: str
    pixels: Pixels
    """uint8 of shape (424, 424, 3)."""
    parameters: Truth


@dataclass(frozen=True)
class _Scene:
    """Where a galaxy stands in the camera's frame, and how that is turned into the picture."""

    galaxy: SimulatedParts
    scale: float
    """Side of one of the picture's pixels in the camera's."""
    angle: float
    """By which the picture is turned against the frame, in degrees."""
    frame: int
    """Side of the frame in the camera's pixels."""
    grid: Grid


def render(seed: int, index: int, label: str | None = None) -> SimulatedGalaxy:
    """Draw galaxy number ``index`` of the sky that ``seed`` stands for; both are 0 or more.

    The same arguments give the same pixels, whatever else was drawn before. Without a ``label``
    the class is ``label_of(seed, index)``. Raises UnknownName for another class.
    """
    label = label_of(seed, index) if label is None else label
    scene = _scene(seed, index, label)
    side, grid = scene.frame, scene.grid
    light = np.zeros((3, side, side), np.float32)
    first, last = (side - grid.pixels) // 2, (side + grid.pixels) // 2
    light[:, first:last, first:last] = galaxy_light(
        scene.galaxy, grid, _stream(seed, index, _TEXTURE)
    )
    neighbours = _stream(seed, index, _NEIGHBOURS)
    surroundings = draw_surroundings(neighbours, scene.galaxy)
    add_neighbours(light, scene.galaxy, surroundings, neighbours)
    camera = _stream(seed, index, _CAMERA)
    seen = blurred(
        light,
        seeing=float(np.clip(camera.normal(1.32, 0.12), 1.0, 1.8)) / PIXEL_SCALE,
        shifts=camera.normal(0, 0.12, (3, 2)).astype(np.float32),
    )
    frame = developed(exposed(seen, _left_sky(camera), camera))
    pixels = cutout(frame, scale=scene.scale, angle=scene.angle)
    return SimulatedGalaxy(label=label, pixels=pixels, parameters=_parameters(scene))


def parts_of(seed: int, index: int, label: str | None = None) -> Parts:
    """Tell which pixels of what ``render`` draws lie on the bar and on the arms.

    Takes the same arguments. Masks are of the galaxy as it stands in the sky: what the seeing
    spreads beyond them is left out.
    """
    scene = _scene(seed, index, label_of(seed, index) if label is None else label)
    textures = _stream(seed, index, _TEXTURE), _stream(seed, index, _TEXTURE)
    covered, light = parts_on(scene.galaxy, scene.grid, textures)

    def placed(plane: Plane) -> Plane:
        return in_picture(plane, frame=scene.frame, scale=scene.scale, angle=scene.angle)

    masks = {name: placed(one) >= 0.5 for name, one in covered.items()}
    shown = placed(light)
    return Parts(masks, shown / shown.sum())


def truth_of(seed: int, index: int, label: str | None = None) -> Truth:
    """Tell what ``render`` would draw, without drawing it; None for a part that a galaxy lacks.

    Magnitudes, seconds of arc and degrees; the bar's length is its whole one. The position angle is
    that of the major axis in the picture, anticlockwise from its lower edge, 0 to 180.
    """
    return _parameters(_scene(seed, index, label_of(seed, index) if label is None else label))


def label_of(seed: int, index: int) -> str:
    """Tell the class of a galaxy: each run of four has every class once, in an order of its own."""
    order = _stream(seed, index // len(DRAWS), _CLASSES).permutation(len(DRAWS))
    return tuple(DRAWS)[int(order[index % len(DRAWS)])]


def _scene(seed: int, index: int, label: str) -> _Scene:
    if label not in DRAWS:
        raise UnknownName(
            f"No galaxy of the class {label!r} can be drawn; choose one of {', '.join(DRAWS)}."
        )
    parts = _stream(seed, index, _PARTS)
    galaxy, angle = draw_galaxy(parts, label), float(parts.uniform(0, 360))
    scale = galaxy.r90 / R90_PIXELS / PIXEL_SCALE
    side = frame_pixels(scale, angle)
    grid = scaled_grid(galaxy, _stream(seed, index, _TEXTURE), side)
    return _Scene(galaxy=galaxy, scale=scale, angle=angle, frame=side, grid=grid)


def _parameters(scene: _Scene) -> Truth:
    unit = scene.grid.unit * PIXEL_SCALE
    galaxy = scene.galaxy
    spheroid, disk, arms, bar = galaxy.spheroid, galaxy.disk, galaxy.arms, galaxy.bar
    return {
        "r_magnitude": galaxy.magnitude,
        "r90": galaxy.r90,
        "position_angle": (scene.angle - galaxy.position_angle) % 180,
        "bulge_share": spheroid.share if spheroid else None,
        "bulge_radius": spheroid.radius * unit if spheroid else None,
        "sersic_index": spheroid.index if spheroid else None,
        "axis_ratio": spheroid.axis_ratio if spheroid else None,
        "inclination": disk.inclination if disk else None,
        "scale_length": unit if disk else None,
        "arms": arms.number if arms else None,
        "pitch_angle": arms.pitch if arms else None,
        "bar_length": 2 * bar.length * unit if bar else None,
        "dust_depth": galaxy.dust.depth if galaxy.dust else None,
    }


def _left_sky(rng: np.random.Generator) -> Planes:
    """Draw what is left of the sky once its mean was subtracted, now and then a tinted glow."""
    noise = np.array([band.noise for band in BANDS], np.float32)
    offset = rng.normal((-0.2, 0.0, -0.35), 0.12)
    if rng.random() < 0.015:
        offset = offset + rng.uniform(0, 2.5, 3)
    return (noise * offset).astype(np.float32)[:, np.newaxis, np.newaxis]


def _stream(seed: int, index: int, purpose: int) -> np.random.Generator:
    """Random numbers for one purpose of one galaxy, unrelated to all others."""
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(index, purpose))
    return np.random.Generator(np.random.PCG64(sequence))
