"""Analytic limits of the parts' profiles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import gammainc

from tuningfork.images.simulated.profiles import (
    broken_exponential,
    ferrers_bar,
    generalised_radius,
    moffat,
    projected_axis_ratio,
    sersic,
    sersic_scale,
)

FINE = np.geomspace(1e-7, 1e4, 200_001).astype(np.float32)


def _integral(values: np.ndarray, radius: np.ndarray = FINE) -> float:
    """Integrate a round profile over the plane."""
    light = 2 * math.pi * radius * values.astype(np.float64)
    return float(np.trapezoid(light, radius.astype(np.float64)))


@pytest.mark.parametrize("index", [0.5, 1.0, 2.5, 4.0, 6.0])
def test_sersic_holds_all_light(index: float) -> None:
    """Sérsic's profile integrates to one over the plane, whatever its index and radius."""
    values = sersic(FINE, index=index, effective_radius=3.0)
    assert _integral(values) == pytest.approx(1, abs=2e-4)


@pytest.mark.parametrize("index", [0.5, 1.0, 2.5, 4.0, 6.0])
def test_half_the_light_is_within_the_effective_radius(index: float) -> None:
    """Half of the light lies within the effective radius, by the integral and in closed form."""
    inside = FINE[FINE <= 3.0]
    values = sersic(inside, index=index, effective_radius=3.0)
    assert _integral(values, inside) == pytest.approx(0.5, abs=2e-4)
    assert gammainc(2 * index, sersic_scale(index)) == pytest.approx(0.5, abs=2e-4)


def test_sersic_of_index_one_is_an_exponential() -> None:
    """With index 1 the profile is that of an exponential disk of the same total."""
    scale_length = 2.0
    radius = np.linspace(0.01, 10, 50, dtype=np.float32)
    values = sersic(radius, index=1.0, effective_radius=1.67835 * scale_length)
    expected = np.exp(-radius / scale_length) / (2 * math.pi * scale_length**2)
    np.testing.assert_allclose(values, expected, rtol=1e-4)


def test_star_keeps_its_flux_and_width() -> None:
    """Moffat's profile integrates to one and falls to half its peak at half its width."""
    values = moffat(FINE, width=3.3)
    assert _integral(values) == pytest.approx(1, abs=1e-4)
    peak, half = moffat(np.array([0.0, 1.65], np.float32), width=3.3)
    assert half / peak == pytest.approx(0.5, abs=1e-5)


def test_disk_falls_twice_as_fast_past_its_break() -> None:
    """The disk's logarithmic slope is -1 well inside the break and -2 well outside."""
    inside = np.log(broken_exponential(np.array([1.0, 1.5]), break_radius=4.0))
    outside = np.log(broken_exponential(np.array([7.0, 7.5]), break_radius=4.0))
    assert np.diff(inside)[0] / 0.5 == pytest.approx(-1, abs=1e-3)
    assert np.diff(outside)[0] / 0.5 == pytest.approx(-2, abs=1e-3)


@pytest.mark.parametrize(
    ("inclination", "thickness", "expected"),
    [(0, 0.2, 1.0), (90, 0.2, 0.2), (60, 0.0, 0.5), (60, 0.2, math.sqrt(0.04 + 0.96 / 4))],
)
def test_inclined_disk_is_as_flat_as_hubble_says(
    inclination: float, thickness: float, expected: float
) -> None:
    """A disk is round from above, as flat as it is thick edge-on, and cos i thin in between."""
    assert projected_axis_ratio(inclination, thickness) == pytest.approx(expected)


def test_bar_ends_at_its_length() -> None:
    """A bar has light up to its half-length and none beyond."""
    values = ferrers_bar(np.array([0.0, 0.99, 1.0, 1.3]), length=1.0)
    assert values[0] == 1
    assert values[1] > 0
    assert not values[2:].any()


def test_boxes_reach_into_the_corners() -> None:
    """On the axes all shapes agree; in the corners a box's radius is less than an ellipse's."""
    x, y = np.array([2.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.5])
    ellipse = generalised_radius(x, y, axis_ratio=0.5, boxiness=2.0)
    box = generalised_radius(x, y, axis_ratio=0.5, boxiness=4.0)
    np.testing.assert_allclose(ellipse, [2, 2, math.sqrt(2)])
    np.testing.assert_allclose(box, [2, 2, 2**0.25])
