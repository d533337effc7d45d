"""The light of whole galaxies: shares, shapes, arms and dust."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from tuningfork.images.simulated.disk import arm_pattern
from tuningfork.images.simulated.edge_on import edge_on_light
from tuningfork.images.simulated.galaxy import Arms, SimulatedParts, Spheroid
from tuningfork.images.simulated.grid import Grid
from tuningfork.images.simulated.light import (
    galaxy_light,
    petrosian_r90,
    scaled_grid,
    spheroid_light,
)
from tuningfork.images.simulated.population import DRAWS, draw_galaxy
from tuningfork.images.simulated.survey import PIXEL_SCALE

LABELS = tuple(DRAWS)


def _galaxy(label: str, seed: int = 5) -> SimulatedParts:
    return draw_galaxy(np.random.default_rng(seed), label)


def _axis_ratio_and_angle(light: np.ndarray) -> tuple[float, float]:
    """Of a picture's second moments; the angle is from columns to rows, in degrees."""
    rows, columns = np.indices(light.shape) - (np.array(light.shape) - 1)[:, None, None] / 2
    xx, yy, xy = ((light * m).sum() for m in (columns**2, rows**2, rows * columns))
    angle = 0.5 * math.atan2(2 * xy, xx - yy)
    spread = math.hypot((xx - yy) / 2, xy)
    ratio = ((xx + yy) / 2 - spread) / ((xx + yy) / 2 + spread)
    return math.sqrt(ratio), math.degrees(angle) % 180


@pytest.mark.parametrize("index", [1.0, 4.0])
def test_spheroid_on_pixels_keeps_its_light(index: float) -> None:
    """A steep spheroid's pixels add up to its share, cusp and all, at a closed-form radius."""
    spheroid = Spheroid(0.7, index, 1.0, 0.6, 2.0, (0.8, 0.4))
    light = spheroid_light(spheroid, Grid(pixels=401, oversampling=1, unit=8.0), 30)
    # Within 25 effective radii, less what lies in the corners of the square.
    within = {1.0: 1.0, 4.0: 0.993}[index]
    assert light[1].sum() / 0.7 == pytest.approx(within, abs=0.012)
    assert light[0].sum() / light[1].sum() == pytest.approx(10 ** (0.4 * 0.4), rel=1e-4)
    assert light[2].sum() / light[1].sum() == pytest.approx(10 ** (-0.4 * 0.8), rel=1e-4)


def test_spheroid_has_its_axis_ratio_and_angle() -> None:
    """Second moments of a spheroid's picture give back its axis ratio and angle."""
    spheroid = Spheroid(1.0, 1.0, 1.0, 0.5, 2.0, (0.8, 0.4))
    light = spheroid_light(spheroid, Grid(pixels=201, oversampling=1, unit=10.0), 30)
    ratio, angle = _axis_ratio_and_angle(light[1])
    assert ratio == pytest.approx(0.5, abs=0.01)
    assert angle == pytest.approx(30, abs=0.5)


def test_inclined_disk_has_its_axis_ratio() -> None:
    """A bare disk at 60 degrees shows the axis ratio that Hubble's formula gives."""
    spiral = _galaxy("spiral")
    assert spiral.disk is not None
    disk = replace(spiral.disk, inclination=60.0, thickness=0.15)
    bare = replace(spiral, spheroid=None, arms=None, disk=disk, position_angle=70.0)
    light = galaxy_light(bare, Grid(151, 2, 8.0), np.random.default_rng(0))
    ratio, angle = _axis_ratio_and_angle(light[1])
    assert ratio == pytest.approx(math.sqrt(0.15**2 + (1 - 0.15**2) / 4), abs=0.01)
    assert angle == pytest.approx(70, abs=1)


@pytest.mark.parametrize("pitch", [10.0, 18.0, 30.0])
def test_arms_wind_with_their_pitch(pitch: float) -> None:
    """Along a crest the logarithm of the radius grows with azimuth as the pitch's tangent."""
    arms = Arms(0.5, 2, pitch, 1, 40.0, 0.7, 4.0, 4.0, 1.0, 0.0, 0.0, 0, 0.0, (0.3, 0.2), 0.0)
    radius = np.geomspace(1.0, 1.5, 40)
    azimuth = np.linspace(-math.pi, math.pi, 7200, endpoint=False)
    pattern = arm_pattern(
        arms, radius[:, None].astype(np.float32), azimuth[None, :].astype(np.float32)
    )
    # Two arms: a crest is known up to half a turn, so twice its azimuth can be unwrapped.
    crest = np.unwrap(2 * azimuth[pattern.argmax(axis=1)]) / 2
    slope = np.polyfit(crest, np.log(radius), 1)[0]
    assert math.degrees(math.atan(slope)) == pytest.approx(pitch, abs=0.2)


def test_arms_start_at_their_phase() -> None:
    """Where an arm starts its crest points to its phase: a bar's end, in barred spirals."""
    arms = Arms(0.5, 2, 15.0, -1, 40.0, 0.7, 4.0, 4.0, 1.0, 0.0, 0.0, 0, 0.0, (0.3, 0.2), 0.0)
    azimuth = np.radians(np.arange(180, dtype=np.float32))
    pattern = arm_pattern(arms, np.full(180, 0.7, np.float32), azimuth)
    assert pattern.argmax() == 40


def test_edge_on_disk_adds_up_and_dust_takes_blue_most() -> None:
    """Without dust an edge-on disk's light adds to one; dust dims its midplane, most in g."""
    galaxy = _galaxy("edge_on_spiral")
    assert galaxy.disk is not None
    assert galaxy.dust is not None
    along = np.arange(0, 7, 0.05, dtype=np.float32)
    across = np.arange(-1.5, 1.5, 0.05, dtype=np.float32)
    disk = replace(galaxy.disk, inclination=90.0, colour=(0.5, 0.3))
    clear = replace(galaxy, disk=disk, dust=replace(galaxy.dust, depth=0.0))
    dusty = replace(galaxy, disk=disk, dust=replace(galaxy.dust, depth=1.0))
    bare, none = edge_on_light(clear, along, across)
    seen, depth = edge_on_light(dusty, along, across)
    assert 2 * bare[1].sum() - bare[1, :, 0].sum() == pytest.approx(1, abs=1e-3)
    assert not none.any()
    assert depth.max() > 1
    middle = len(across) // 2
    let_through = seen[:, middle, 0] / bare[:, middle, 0]
    assert let_through[2] < let_through[1] < let_through[0] < 0.8
    assert seen[1, 0, 0] / bare[1, 0, 0] > 0.98


def test_petrosian_radius_of_an_exponential() -> None:
    """The measured R90 of an exponential disk is what its growth curve gives in closed form."""

    def grown(radius: float) -> float:
        return 1 - (1 + radius) * math.exp(-radius)

    def ratio(radius: float) -> float:
        annulus = (grown(1.25 * radius) - grown(0.8 * radius)) / (1.25**2 - 0.8**2)
        return annulus / grown(radius) - 0.2

    total = grown(2 * brentq(ratio, 0.5, 20))
    expected = brentq(lambda radius: grown(radius) - 0.9 * total, 0.5, 20)
    rows, columns = np.indices((301, 301)) - 150
    light = np.exp(-np.hypot(rows, columns) / 15)
    assert petrosian_r90(light) / 15 == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("label", LABELS)
def test_galaxies_are_drawn_to_scale(label: str) -> None:
    """The R90 measured of a galaxy's light is the one it was drawn for, so it fills 50 pixels."""
    galaxy = replace(_galaxy(label), r90=9.0)
    grid = scaled_grid(galaxy, np.random.default_rng(1), 195)
    light = np.zeros((195, 195), np.float32)
    first = (195 - grid.pixels) // 2
    light[first : first + grid.pixels, first : first + grid.pixels] = galaxy_light(
        galaxy, grid, np.random.default_rng(1)
    )[1]
    assert petrosian_r90(light) * PIXEL_SCALE == pytest.approx(9.0, rel=0.06)


@pytest.mark.parametrize("label", LABELS)
def test_galaxies_have_the_light_of_their_magnitude(label: str) -> None:
    """A galaxy's light in r is that of its magnitude, less what dust and the frame's edge take."""
    galaxy = _galaxy(label)
    light = galaxy_light(galaxy, Grid(301, 1, 15.0), np.random.default_rng(1))
    share = light[1].sum() / 10 ** (0.4 * (22.5 - galaxy.magnitude))
    assert 0.45 < share < 1.02
    if label == "elliptical":
        assert share > 0.9


@pytest.mark.parametrize(
    ("label", "low", "high"),
    [("spiral", 0, 70), ("barred_spiral", 0, 60), ("edge_on_spiral", 80, 90)],
)
def test_disks_are_seen_as_their_class_says(label: str, low: float, high: float) -> None:
    """Only the edge-on class is near edge-on, and only the barred class has a bar."""
    for seed in range(40):
        galaxy = _galaxy(label, seed)
        assert galaxy.disk is not None
        assert low <= galaxy.disk.inclination <= high
        assert (galaxy.bar is not None) == (label == "barred_spiral")


def test_ellipticals_are_smooth_from_round_to_e6() -> None:
    """Ellipticals have neither disk, arms nor bar, and axis ratios from 1 to 0.36."""
    galaxies = [_galaxy("elliptical", seed) for seed in range(60)]
    assert not any(galaxy.disk or galaxy.arms or galaxy.bar for galaxy in galaxies)
    bodies = [galaxy.outskirts or galaxy.spheroid for galaxy in galaxies]
    ratios = [body.axis_ratio for body in bodies if body]
    assert 0.36 <= min(ratios) < 0.6
    assert 0.9 < max(ratios) <= 1
