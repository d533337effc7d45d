"""A simulated galaxy's bar and arms, pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage, stats

from tuningfork.explain.part_heat import on_crop, part_heat
from tuningfork.images.frame import Preprocessing
from tuningfork.images.simulated import Parts, parts_of, render
from tuningfork.images.simulated.scene import truth_of

SEED = 11
PIXELS_IN_R90 = 50
BARS = (0, 1, 2)


def test_only_disks_seen_from_above_have_parts() -> None:
    """Spirals have arms, barred ones a bar too, others neither."""
    assert set(parts_of(SEED, 0, "barred_spiral").masks) == {"bar", "arms"}
    assert set(parts_of(SEED, 0, "spiral").masks) == {"arms"}
    assert not parts_of(SEED, 0, "elliptical").masks
    assert not parts_of(SEED, 0, "edge_on_spiral").masks


@pytest.mark.parametrize("index", BARS)
def test_the_bar_is_as_long_as_the_truth_says(index: int) -> None:
    """Its extent never exceeds the length in truth.csv, and is near it where it lies in the sky."""
    mask = parts_of(SEED, index, "barred_spiral").masks["bar"]
    truth = truth_of(SEED, index, "barred_spiral")
    length, r90 = truth["bar_length"], truth["r90"]
    inclination = math.radians(float(truth["inclination"] or 0))
    assert length
    assert r90
    whole = length / r90 * PIXELS_IN_R90
    rows, columns = np.nonzero(mask)
    extent = max(
        float(np.hypot(rows - row, columns - column).max())
        for row, column in zip(rows, columns, strict=True)
    )
    assert whole * math.cos(inclination) * 0.85 <= extent <= whole * 1.05


@pytest.mark.parametrize("index", BARS)
def test_the_bar_stands_in_the_middle_and_shines(index: int) -> None:
    """The picture is brighter on the bar than in the ring of pixels around it."""
    mask = parts_of(SEED, index, "barred_spiral").masks["bar"]
    middle = ndimage.center_of_mass(mask)
    assert np.hypot(middle[0] - 211.5, middle[1] - 211.5) < 4
    brightness = render(SEED, index, "barred_spiral").pixels.mean(axis=-1)
    around = ndimage.binary_dilation(mask, iterations=12) & ~ndimage.binary_dilation(
        mask, iterations=4
    )
    assert brightness[mask].mean() > 1.2 * brightness[around].mean()


@pytest.mark.parametrize("index", [1, 3, 4])
def test_arms_are_bluer_and_brighter_than_the_disk_at_their_radius(index: int) -> None:
    """On each circle that arms cross, their pixels have more blue light than the others."""
    parts = parts_of(SEED, index, "spiral")
    mask = parts.masks["arms"]
    pixels = render(SEED, index, "spiral").pixels.astype(float)
    excess = []
    rows, columns = np.indices(mask.shape)
    radius = np.hypot(rows - 211.5, columns - 211.5)
    for inner in range(10, 40, 3):
        ring = (radius >= inner) & (radius < inner + 3)
        on, off = ring & mask, ring & ~mask
        if on.sum() > 20 and off.sum() > 20:
            excess.append(pixels[on, 2].mean() - pixels[off, 2].mean())
    assert excess
    assert np.mean(excess) > 0


def test_light_is_where_the_picture_is_bright() -> None:
    """The galaxy's own light, without noise and neighbours, follows the picture."""
    parts = parts_of(SEED, 2, "spiral")
    assert parts.light.sum() == pytest.approx(1, abs=1e-4)
    assert parts.light.min() >= 0
    near = np.s_[150:274, 150:274]
    seen = render(SEED, 2, "spiral").pixels[near].mean(axis=-1).ravel()
    smooth = ndimage.gaussian_filter(parts.light, 4)[near].ravel()
    found = stats.spearmanr(seen, smooth).statistic
    assert found > 0.8


def test_knowing_parts_changes_no_picture() -> None:
    """Asking for parts first leaves the same pixels to be drawn."""
    before = render(SEED, 5).pixels
    parts_of(SEED, 5)
    np.testing.assert_array_equal(before, render(SEED, 5).pixels)


def _bar_parts() -> Parts:
    mask = np.zeros((424, 424), bool)
    mask[202:222, 172:252] = True
    light = np.zeros((424, 424), np.float32)
    light[152:272, 152:272] = 1 / 120**2
    return Parts({"bar": mask}, light)


def test_heat_on_a_part_is_counted_by_hand() -> None:
    """Shares of heat, area and light on a rectangle of known size."""
    preprocessing = Preprocessing(212, 112)
    heat = np.zeros((112, 112), np.float32)
    heat[51:61, 36:56] = 1  # the left half of the bar, which takes 51 to 61 and 36 to 76
    heat[0:10, 0:20] = 0.5
    found = part_heat(heat, _bar_parts(), "bar", preprocessing)
    assert found is not None
    assert found.heat == pytest.approx(200 / 300)
    assert found.area == pytest.approx(400 / 112**2)
    assert found.light == pytest.approx(400 / 3600, rel=1e-3)
    assert found.hottest
    assert part_heat(heat, _bar_parts(), "arms", preprocessing) is None
    assert part_heat(np.zeros_like(heat), _bar_parts(), "bar", preprocessing) is None


def test_planes_come_to_the_crop_as_pictures_do() -> None:
    """A plane on the crop lies where the same pixels of a picture would."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 255, (53, 53)).astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    preprocessing = Preprocessing(212, 112)
    picture = preprocessing.apply(np.repeat(blocks[..., np.newaxis], 3, axis=2))[..., 0]
    plane = on_crop(blocks.astype(np.float32), preprocessing)
    assert np.abs(plane - picture).max() <= 1
