"""Changes that take colour or shape away: what stays and what goes."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tuningfork.images.frame import Preprocessing
from tuningfork.trust.changes import (
    CHANGES,
    Batch,
    Change,
    azimuthal_mean,
    mean_colours,
    middle,
    wide_preprocessing,
)

SIDE = 80
Pixels = NDArray[np.uint8]


def _change(name: str, setting: str = "") -> Change:
    return next(one for one in CHANGES if (one.name, one.setting) == (name, setting))


def _galaxy(colour: tuple[int, int, int], width: float, height: float) -> Pixels:
    """Draw a Gaussian galaxy, ``width`` by ``height`` pixels, in one colour."""
    line = np.arange(SIDE) - (SIDE - 1) / 2
    light = np.exp(-0.5 * ((line / width) ** 2 + (line[:, np.newaxis] / height) ** 2))
    galaxy: Pixels = np.rint(light[..., np.newaxis] * np.array(colour)).astype(np.uint8)
    return galaxy


@pytest.fixture
def batch() -> Batch:
    """Hold an orange bar and a blue disk, each the other's donor."""
    pixels = np.stack([_galaxy((240, 160, 80), 14, 4), _galaxy((90, 130, 210), 9, 9)])
    return Batch(pixels, 0.25, pixels[::-1], np.random.default_rng(0))


def test_every_change_keeps_shape_and_type(batch: Batch) -> None:
    """Whatever is done, as many crops of the same size come back, and the given ones stay."""
    before = batch.pixels.copy()
    for change in CHANGES:
        changed = change.apply(batch)
        assert changed.shape == batch.pixels.shape, change
        assert changed.dtype == np.uint8, change
    np.testing.assert_array_equal(batch.pixels, before)


def test_every_change_asked_for_is_there() -> None:
    """Each change that the probe promises exists, turns in steps of 15 degrees."""
    names = {one.name for one in CHANGES}
    assert names >= {
        "grey", "channels swapped", "hue rotated", "another galaxy's colour", "blurred", "noised",
        "half resolution", "rotated", "shifted", "azimuthal mean",
    }  # fmt: skip
    turns = [one.setting for one in CHANGES if one.name == "rotated"]
    assert turns == [f"{15 * step}°" for step in range(1, 24)]
    assert len({(one.name, one.setting) for one in CHANGES}) == len(CHANGES)


def test_grey_takes_colour_and_keeps_brightness(batch: Batch) -> None:
    """All three colours are the mean that they had."""
    grey = _change("grey").apply(batch)
    assert np.ptp(grey, axis=-1).max() == 0
    np.testing.assert_allclose(grey[..., 0], batch.pixels.mean(axis=-1), atol=0.51)


@pytest.mark.parametrize("order", ["RBG", "GRB", "GBR", "BRG", "BGR"])
def test_swapped_channels_stand_in_the_order_named(batch: Batch, order: str) -> None:
    """BGR puts what was blue first."""
    swapped = _change("channels swapped", order).apply(batch)
    for place, letter in enumerate(order):
        np.testing.assert_array_equal(swapped[..., place], batch.pixels[..., "RGB".index(letter)])


@pytest.mark.parametrize("degrees", [60, 120, 180, 240, 300])
def test_hues_turn_by_the_angle_named(batch: Batch, degrees: int) -> None:
    """The hue moves, saturation and value stay, by the standard library's reckoning."""
    turned = _change("hue rotated", f"{degrees}°").apply(batch)
    for place in range(2):
        before = colorsys.rgb_to_hsv(*(batch.pixels[place, 40, 40] / 255.0))
        after = colorsys.rgb_to_hsv(*(turned[place, 40, 40] / 255.0))
        apart = (after[0] - before[0] - degrees / 360 + 0.5) % 1 - 0.5
        assert abs(apart) < 0.01
        assert after[1:] == pytest.approx(before[1:], abs=0.02)


def test_lent_colour_is_the_other_galaxys_and_shape_its_own(batch: Batch) -> None:
    """Brightness stays each galaxy's own, the colour's ratios become the donor's."""
    lent = _change("another galaxy's colour").apply(batch)
    bright = slice(30, 50)
    own = batch.pixels.mean(axis=-1)
    np.testing.assert_allclose(lent.mean(axis=-1), own, atol=1.0)
    for place, donor in ((0, 1), (1, 0)):
        ratio = lent[place, bright, bright].mean(axis=(0, 1))
        expected = batch.pixels[donor, bright, bright].mean(axis=(0, 1))
        np.testing.assert_allclose(ratio / ratio.sum(), expected / expected.sum(), atol=0.01)


def test_azimuthal_mean_keeps_colour_and_profile_and_takes_shape(batch: Batch) -> None:
    """A long galaxy becomes round; light and colour of each ring stay as they were."""
    averaged = azimuthal_mean(batch)
    line = np.arange(SIDE) - (SIDE - 1) / 2
    radius = np.hypot(line[:, np.newaxis], line)
    for place in range(2):
        down, right = averaged[place, :, 40, 0].astype(int), averaged[place, 40, :, 0].astype(int)
        assert np.abs(down - right).max() <= 1
    for inner in range(2, 36, 6):
        ring = (radius >= inner) & (radius < inner + 6)
        for place in range(2):
            was = batch.pixels[place, ring].mean(axis=0)
            # Circles are a pixel wide, so light as steep as this is met within 3 %.
            found = averaged[place, ring].mean(axis=0)
            np.testing.assert_allclose(found, was, rtol=0.03, atol=0.7)
    # The round one hardly changes.
    assert np.abs(averaged[1].astype(int) - batch.pixels[1]).max() <= 16


def test_blur_spreads_as_far_as_it_says(batch: Batch) -> None:
    """Variances of Gaussians add: 8 pixels of the frame are 2 of these crops."""
    blurred = _change("blurred", "8 px").apply(batch)
    line = np.arange(SIDE) - (SIDE - 1) / 2
    profile = blurred[0, :, :, 0].sum(axis=1).astype(float)
    spread = float((profile * line**2).sum() / profile.sum())
    assert spread == pytest.approx(4**2 + 2**2, rel=0.05)


def test_noise_is_as_strong_as_it_says(batch: Batch) -> None:
    """Twenty levels of noise scatter by twenty where they are not cut off at black or white."""
    noised = _change("noised", "20 of 255").apply(batch).astype(float)
    middling = (batch.pixels > 90) & (batch.pixels < 160)
    assert (noised - batch.pixels)[middling].std() == pytest.approx(20, rel=0.1)


def test_half_resolution_loses_the_finest_stripes(batch: Batch) -> None:
    """Stripes of one pixel become even, broad ones stay."""
    fine = np.zeros_like(batch.pixels)
    fine[:, :, ::2] = 200
    broad = np.zeros_like(batch.pixels)
    broad[:, :, (np.arange(SIDE) // 16) % 2 == 0] = 200
    change = _change("half resolution")
    assert np.ptp(change.apply(Batch(fine, 0.25, fine, batch.rng))) <= 2
    kept = change.apply(Batch(broad, 0.25, broad, batch.rng)).astype(int)
    assert np.abs(kept - broad).mean() < 20


def test_turning_is_what_numpy_turns(batch: Batch) -> None:
    """A quarter turn is a quarter turn, and one there and one back is none."""
    turned = _change("rotated", "90°").apply(batch)
    np.testing.assert_array_equal(turned, np.rot90(batch.pixels, axes=(1, 2)))
    there = _change("rotated", "30°").apply(batch)
    back = _change("rotated", "330°").apply(Batch(there, 0.25, there, batch.rng))
    inside = slice(20, 60)
    apart = back[:, inside, inside].astype(int) - batch.pixels[:, inside, inside]
    assert np.abs(apart).mean() < 2


@pytest.mark.parametrize(
    ("side", "move"), [("up", (-4, 0)), ("down", (4, 0)), ("left", (0, -4)), ("right", (0, 4))]
)
def test_shifts_move_the_galaxy(batch: Batch, side: str, move: tuple[int, int]) -> None:
    """Sixteen pixels of the frame are four of these crops."""
    shifted = _change("shifted", f"16 px {side}").apply(batch)
    expected = np.roll(batch.pixels, move, axis=(1, 2))
    inside = slice(8, SIDE - 8)
    np.testing.assert_array_equal(shifted[:, inside, inside], expected[:, inside, inside])


@pytest.mark.parametrize("side", [112, 299, 15])
def test_the_middle_of_a_wide_crop_is_the_networks_crop(side: int) -> None:
    """The margin adds sky around and moves nothing."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 255, (20, 20, 3)).astype(np.uint8)
    picture = np.asarray(Image.fromarray(blocks).resize((424, 424)))
    narrow = Preprocessing(2 * side, side)
    wide = wide_preprocessing(narrow).apply(picture)
    assert len(wide) >= side * np.sqrt(2)
    apart = middle(wide[np.newaxis], side)[0].astype(int) - narrow.apply(picture)
    assert np.abs(apart).max() <= 1


def test_mean_colours_are_those_within_r90() -> None:
    """Light beyond 50 pixels of the frame does not count."""
    picture = np.full((1, 101, 101, 3), (10, 20, 30), np.uint8)
    line = np.arange(101) - 50
    picture[0, np.hypot(line[:, np.newaxis], line) <= 25] = (120, 60, 30)
    assert mean_colours(picture, 0.5)[0].tolist() == [120, 60, 30]
