"""Seeing, noise, colours and the cutout."""

from __future__ import annotations

import numpy as np
import pytest

from tuningfork.images.colour import lupton_rgb
from tuningfork.images.simulated.camera import blurred, cutout, exposed, frame_pixels
from tuningfork.images.simulated.survey import BANDS

STILL = np.zeros((3, 2), np.float32)


def _point() -> np.ndarray:
    light = np.zeros((3, 81, 81), np.float32)
    light[:, 40, 40] = (100, 50, 20)
    return light


def test_seeing_keeps_the_flux() -> None:
    """What the air spreads it does not take: each band's flux stays within half a percent."""
    seen = blurred(_point(), seeing=3.0, shifts=STILL)
    np.testing.assert_allclose(seen.sum(axis=(1, 2)), (100, 50, 20), rtol=5e-3)


def test_seeing_has_its_width() -> None:
    """In r a star is half as bright half the seeing's width away from its middle."""
    star = blurred(_point(), seeing=6.0, shifts=STILL)[1]
    assert star[40, 43] / star[40, 40] == pytest.approx(0.5, abs=0.01)
    assert star[37, 40] == pytest.approx(star[40, 43], rel=1e-3)


def test_bands_can_be_displaced() -> None:
    """A shift moves a band's light by so many rows and columns, and no other band's."""
    shifts = np.array([[2, 0], [0, 0], [0, -3]], np.float32)
    seen = blurred(_point(), seeing=3.0, shifts=shifts)
    peaks = [np.unravel_index(band.argmax(), band.shape) for band in seen]
    assert peaks == [(42, 40), (40, 40), (40, 37)]


def test_noise_is_that_of_the_survey() -> None:
    """An empty sky scatters as each band's noise says, and bright light adds Poisson's."""
    rng = np.random.default_rng(1)
    flat = np.zeros((3, 300, 300), np.float32)
    dark = exposed(flat, np.zeros((3, 1, 1), np.float32), rng)
    bright = exposed(flat + 10, np.zeros((3, 1, 1), np.float32), rng)
    for place, band in enumerate(BANDS):
        assert dark[place].std() == pytest.approx(band.noise, rel=0.02)
        expected = np.sqrt(band.noise**2 + 10 / band.electrons)
        assert bright[place].std() == pytest.approx(expected, rel=0.02)


def _shown(i: float, r: float, g: float) -> np.ndarray:
    planes = (np.full((1, 1), value, np.float32) for value in (i, r, g))
    shown: np.ndarray = lupton_rgb(*planes, stretch=1.0, softening=6.0)[0, 0].astype(float)
    return shown


def test_colour_keeps_the_ratios_of_the_bands() -> None:
    """Where nothing saturates the three colours stand to each other as the bands do."""
    for brightness in (0.3, 1.0, 3.0, 30.0):
        red, green, blue = _shown(1.2 * brightness, brightness, 0.6 * brightness)
        assert red / green == pytest.approx(1.2, rel=0.02)
        assert blue / green == pytest.approx(0.6, rel=0.03)


def test_colour_is_kept_where_the_picture_saturates() -> None:
    """A star far beyond white is shown in its own hue: its largest band is white's, no other."""
    red, green, blue = _shown(40_000, 20_000, 10_000)
    assert red == 255
    assert green == pytest.approx(127.5, abs=1)
    assert blue == pytest.approx(63.75, abs=1)


def test_faint_light_is_shown_in_proportion_and_bright_light_by_its_logarithm() -> None:
    """Twice the faint light is twice as bright; threefold bright light adds a fixed step."""
    faint, twice = _shown(0.02, 0.02, 0.02)[0], _shown(0.04, 0.04, 0.04)[0]
    assert faint == pytest.approx(0.02 * 255, abs=0.6)
    assert twice == pytest.approx(0.04 * 255, abs=0.7)
    first, second, third = (_shown(x, x, x)[0] for x in (1, 3, 9))
    assert third - second == pytest.approx(255 * np.log(3) / 6, abs=1)
    assert second - first == pytest.approx(third - second, abs=1.5)


def test_what_is_below_the_sky_is_black() -> None:
    """Negative light gives black, not a number wrapped around."""
    assert not _shown(-1, -0.5, -2).any()
    assert _shown(-0.1, 0.5, 0.5)[0] == 0


def test_cutout_enlarges_about_the_middle() -> None:
    """A spot in the frame's middle stays in the picture's, and one beside it moves by the scale."""
    scale = 0.4
    side = frame_pixels(scale, 0)
    frame = np.zeros((side, side, 3), np.uint8)
    middle = side // 2
    frame[middle, middle] = (0, 250, 0)
    frame[middle, middle + 20] = (250, 0, 0)
    picture = cutout(frame, scale=scale, angle=0).astype(float)
    rows, columns = np.indices((424, 424))
    for band, column in ((1, 211.5), (0, 211.5 + 20 / scale)):
        weight = picture[..., band] / picture[..., band].sum()
        assert (weight * rows).sum() == pytest.approx(211.5, abs=0.2)
        assert (weight * columns).sum() == pytest.approx(column, abs=0.2)


@pytest.mark.parametrize("angle", [0, 30, 45, 137, 250])
def test_cutout_never_leaves_the_frame(angle: float) -> None:
    """However it is turned, the picture's corners lie inside the frame."""
    side = frame_pixels(0.36, angle)
    picture = cutout(np.full((side, side, 3), 200, np.uint8), scale=0.36, angle=angle)
    assert picture.shape == (424, 424, 3)
    assert picture.min() == 200
