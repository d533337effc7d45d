"""Where the galaxy is found, how large, and what is made of that."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from benchmarks.framing import Place, put, sky_of
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tests.fits.made import disk
from tests.images.pictures import scene
from tuningfork.errors import UnreadableImage
from tuningfork.images.decode import decode
from tuningfork.images.frame import FRAME_R90, Preprocessing, Window
from tuningfork.images.framing import Reading
from tuningfork.images.locate import find_galaxy
from tuningfork.images.petrosian import petrosian_r90, profile
from tuningfork.images.reading import read_pixels

EXPONENTIAL = 3.83
"""Petrosian R90 of an exponential disk in scale lengths: 90 % of the 99.3 % of its light that lie
within two Petrosian radii (Graham & Driver 2005, section 3.2), where
1 - (1 + x) exp(-x) = 0.894."""


def _sky(light: NDArray[np.float32], noise: float = 0.005) -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    return (light + 0.1 + rng.normal(0, noise, light.shape)).astype(np.float32)


@pytest.mark.parametrize("scale", [3.0, 8.0, 15.0])
def test_r90_of_an_exponential_disk_is_the_analytic_one(scale: float) -> None:
    """Without noise the Petrosian R90 is 3.83 scale lengths."""
    found = petrosian_r90(profile(disk(400, scale=scale), 200, 200))
    assert found == pytest.approx(EXPONENTIAL * scale, rel=0.03)


def test_what_a_neighbour_hides_is_made_up_from_opposite() -> None:
    """A masked quarter of the galaxy does not change its R90."""
    hidden = np.zeros((300, 300), np.bool_)
    hidden[150:, 150:] = True
    light = disk(300)
    light[hidden] = 99
    assert petrosian_r90(profile(light, 150, 150, hidden)) == pytest.approx(
        EXPONENTIAL * 8, rel=0.03
    )


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_the_galaxy_is_found_and_measured_in_any_unit(factor: float) -> None:
    """Middle within a pixel, size within a tenth, on a sky with noise, in any unit."""
    light = disk(300, scale=6, at=(110.0, 190.0))
    galaxy = find_galaxy(_sky(light) * np.float32(factor))
    assert galaxy is not None
    assert math.hypot(galaxy.x - 110, galaxy.y - 190) < 1
    assert galaxy.r90 == pytest.approx(EXPONENTIAL * 6, rel=0.1)


def test_large_planes_are_binned_without_moving_the_galaxy() -> None:
    """Beyond a thousand pixels the galaxy is still found where it is."""
    light = disk(2100, scale=20, at=(900.0, 1300.0))
    galaxy = find_galaxy(_sky(light))
    assert galaxy is not None
    assert math.hypot(galaxy.x - 900, galaxy.y - 1300) < 3


@pytest.mark.parametrize("plane", [np.zeros((64, 64)), np.full((64, 64), 7.0)])
def test_nothing_is_found_in_an_empty_sky(plane: NDArray[np.float64]) -> None:
    """A constant plane holds no galaxy."""
    assert find_galaxy(plane.astype(np.float32)) is None


def test_a_galaxy_on_a_black_sky_is_found() -> None:
    """Without any noise there is still something that stands out."""
    light = np.clip(disk(128, scale=5, at=(50.0, 80.0)) - 0.01, 0, None)
    found = find_galaxy(light.astype(np.float32))
    assert found is not None
    assert math.hypot(found.x - 50, found.y - 80) < 1


def test_a_small_source_in_the_middle_yields_to_a_large_galaxy_beside() -> None:
    """A star in the middle does not hide the galaxy; a galaxy in the middle keeps its place."""
    star = disk(300, scale=1.5, peak=3)
    beside = disk(300, scale=8, at=(210.0, 150.0))
    found = find_galaxy(_sky(star + beside))
    assert found is not None
    assert found.x == pytest.approx(210, abs=2)
    found = find_galaxy(_sky(disk(300, scale=6) + disk(300, scale=8, at=(250.0, 150.0))))
    assert found is not None
    assert found.x == pytest.approx(150, abs=2)


def _drawn(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    levels = 255 * np.arcsinh(6.5 * np.clip(_sky(light) - 0.1, 0, None)) / 6.5
    return np.repeat(np.clip(levels, 0, 255).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)


def test_a_galaxy_off_the_middle_is_centred_and_said_to_be() -> None:
    """The frame's middle is the galaxy's, and the note says from where it came."""
    shown = read_pixels(_drawn(disk(400, scale=12, at=(270.0, 160.0))), "x")
    assert (shown.window.x, shown.window.y) == pytest.approx((270, 160), abs=4)
    assert "70 px right of" in shown.note.replace("69 px", "70 px").replace("71 px", "70 px")
    assert "centred" in shown.note


@pytest.mark.parametrize("scale", [3.5, 24.0])
def test_a_galaxy_of_another_size_sets_the_scale(scale: float) -> None:
    """Half or twice as large as in a frame: the frame follows the measured R90."""
    shown = read_pixels(_drawn(disk(424, scale=scale)), "x")
    assert shown.window.width == pytest.approx(FRAME_R90 * EXPONENTIAL * scale, rel=0.2)
    assert "as measured" in shown.note


def test_a_galaxy_in_place_is_left_alone() -> None:
    """In the middle and of a frame's size, nothing is done and nothing said."""
    shown = read_pixels(_drawn(disk(424, scale=50 / EXPONENTIAL)), "x")
    assert (shown.window, shown.note) == (Window(212, 212, 424), "")


@pytest.mark.parametrize(
    ("reading", "window"),
    [
        (Reading(center="frame", size="frame"), Window(200, 200, 400)),
        (Reading(center="30,50", size="20"), Window(30, 50, 20 * FRAME_R90)),
        (Reading(center="30,50.5", frame_share=0.5), Window(30, 50.5, 800)),
        (Reading(center="frame", size="20px"), Window(200, 200, 20 * FRAME_R90)),
    ],
)
def test_what_is_asked_for_is_done(reading: Reading, window: Window) -> None:
    """Positions and sizes that are given are not measured."""
    assert read_pixels(_drawn(disk(400, at=(100.0, 90.0))), "x", reading).window == window


@pytest.mark.parametrize(
    "wish",
    [
        {"center": "left"}, {"center": "1"}, {"center": "1,2,3"}, {"center": "nan,3"},
        {"size": "big"}, {"size": "0"}, {"size": "-3"}, {"size": "1e999"}, {"size": "3 parsec"},
        {"bands": ("i", "r")}, {"stretch": 0.0}, {"stretch": math.nan}, {"softening": -1.0},
        {"frame_share": 0.0},
    ],
)  # fmt: skip
def test_wishes_that_mean_nothing_are_refused(wish: dict[str, object]) -> None:
    """What is neither a word nor a number is refused with what to give."""
    with pytest.raises(ValueError, match="give"):
        Reading(**wish)  # type: ignore[arg-type]


@pytest.mark.parametrize("wish", [{"center": (30, 50)}, {"size": 12.0}])
def test_wishes_that_are_no_text_are_refused(wish: dict[str, object]) -> None:
    """A tuple or a number in place of text is named with what to give."""
    with pytest.raises(TypeError, match="give text"):
        Reading(**wish)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reading", "words"),
    [(Reading(center="90,10"), "outside its 32×24"), (Reading(size="3arcsec"), "has no WCS")],
)
def test_wishes_that_a_picture_cannot_fulfil_are_refused(reading: Reading, words: str) -> None:
    """A position outside, and seconds of arc without a scale, are refused by the picture's name."""
    with pytest.raises(UnreadableImage, match=words):
        read_pixels(scene(), "x.png", reading)


@given(
    st.integers(8, 60), st.integers(8, 60), st.floats(-20, 80), st.floats(-20, 80),
    st.floats(0.5, 400),
)  # fmt: skip
def test_any_window_becomes_the_square(
    height: int, width: int, x: float, y: float, frame: float
) -> None:
    """A frame that lies partly or wholly outside the picture still fills the network's square."""
    found = Preprocessing(40, 24).cut(scene(height, width), Window(x, y, frame))
    assert found.shape == (24, 24, 3)


def test_a_window_shows_its_own_part_of_the_picture() -> None:
    """What lies around the window's middle comes out as if the picture had been cut there."""
    picture = scene(300, 300)
    crop = Preprocessing(60, 30)
    off = crop.cut(picture, Window(200, 90, 120))
    np.testing.assert_array_equal(off, crop.apply(picture[30:150, 140:260]))


def _real(folder: Path, count: int) -> list[NDArray[np.uint8]]:
    files = sorted((folder / "kaggle" / "images_training_rev1").glob("*.jpg"))
    return [decode(path.read_bytes(), path.name) for path in islice(files, count)]


def test_real_galaxies_in_place_are_left_alone(shared_data: Path) -> None:
    """Of 100 of Kaggle's frames, whose galaxies are all in place, hardly one is touched."""
    pictures = _real(shared_data, 100)
    touched = [read_pixels(one, "x").window != Window(212, 212, 424) for one in pictures]
    assert sum(touched) <= 4


def test_real_galaxies_off_the_middle_are_found(shared_data: Path) -> None:
    """A quarter of a frame away, at 0.5 to 2 times the size, nine in ten are found."""
    pictures = _real(shared_data, 60)
    rng = np.random.default_rng(9)
    found, sized = 0, 0
    for number, picture in enumerate(pictures):
        turn, zoom = rng.uniform(0, 2 * math.pi), 2 ** rng.uniform(-1, 1)
        place = Place(0.25 * math.cos(turn), 0.25 * math.sin(turn), zoom)
        window = read_pixels(put(picture, sky_of(pictures[number - 1], rng), place), "x").window
        x, y = 212 + 424 * place.right, 212 + 424 * place.down
        found += math.hypot(window.x - x, window.y - y) < 0.08 * 424 * zoom
        sized += abs(math.log(window.width / (424 * zoom))) < math.log(1.6)
    assert found >= 0.9 * len(pictures)
    assert sized >= 0.9 * len(pictures)


def test_any_resolution_is_measured_alike(shared_data: Path) -> None:
    """The same scene at a third of the pixels gives the same frame, in its own pixels."""
    picture = _real(shared_data, 1)[0]
    moved = put(picture, sky_of(picture, np.random.default_rng(0)), Place(0.2, -0.1, 0.6))
    small = np.asarray(Image.fromarray(moved).resize((141, 141), Image.Resampling.BOX))
    large, little = read_pixels(moved, "x").window, read_pixels(small, "x").window
    assert little.width * 424 / 141 == pytest.approx(large.width, rel=0.1)
    assert little.x * 424 / 141 == pytest.approx(large.x, abs=6)
