"""Augmentation against NumPy's own turns and shifts."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from tuningfork.train.augment import Ranges, augment, centre, rotated_view
from tuningfork.train.settings import AugmentationSettings

SIDE, STORED = 16, 24
STILL = AugmentationSettings(
    rotation=0, flip=False, zoom=0, shift=0, brightness=0, colour=0, noise=0, fill="reflection"
)


def pictures(count: int = 4) -> Tensor:
    """Noise, uint8 (count, STORED, STORED, 3)."""
    random = np.random.default_rng(0)
    return torch.from_numpy(random.integers(0, 256, (count, STORED, STORED, 3), dtype=np.uint8))


def changed(stored: Tensor, settings: AugmentationSettings, zoom: float = 0.0) -> Tensor:
    """Augmented with a fixed seed."""
    count = len(stored)
    ranges = Ranges(torch.full((count,), zoom), torch.full((count,), settings.colour))
    return augment(stored, SIDE, settings, ranges, torch.Generator().manual_seed(1))


def test_no_change_gives_the_centre() -> None:
    """With every range at zero the central pixels come back."""
    stored = pictures()
    assert torch.allclose(changed(stored, STILL), centre(stored, SIDE), atol=1e-2)
    cut = stored.numpy()[:, 4:20, 4:20].transpose(0, 3, 1, 2)
    assert np.array_equal(centre(stored, SIDE).numpy(), cut)


def test_quarter_turns_are_numpys() -> None:
    """A view turned by a quarter, half and three quarters of the circle is np.rot90."""
    stored = pictures(1)
    cut = stored.numpy()[0, 4:20, 4:20]
    for turns in (1, 2, 3):
        found = rotated_view(stored, SIDE, turns / 4)[0].numpy().transpose(1, 2, 0)
        wanted = (np.rot90(cut, turns), np.rot90(cut, -turns))
        assert any(np.allclose(found, one, atol=1e-2) for one in wanted)


def test_flip_mirrors_about_half_of_the_pictures() -> None:
    """Each picture comes out as it is or mirrored left to right, and both happen."""
    stored = pictures(64)
    found = changed(stored, STILL.model_copy(update={"flip": True}))
    whole = centre(stored, SIDE)
    same = (found - whole).abs().amax(dim=(1, 2, 3)) < 0.1
    mirrored = (found - whole.flip(3)).abs().amax(dim=(1, 2, 3)) < 0.1
    assert (same ^ mirrored).all()
    assert 16 < int(mirrored.sum()) < 48


def ramps(count: int) -> Tensor:
    """Pictures whose red is ten times the column, and green ten times the row."""
    steps = torch.arange(STORED, dtype=torch.uint8) * 10
    plane = torch.zeros(STORED, STORED, 3, dtype=torch.uint8)
    plane[:, :, 0], plane[:, :, 1] = steps[None, :], steps[:, None]
    return plane.repeat(count, 1, 1, 1)


def test_shifts_reach_the_stated_share_of_the_input() -> None:
    """A shift of 20 % moves a picture of 16 pixels by up to 3.2 pixels either way, and evenly."""
    stored = ramps(2000)
    settings = STILL.model_copy(update={"shift": 0.2})
    middle = changed(stored, settings)[:, :2, SIDE // 2, SIDE // 2] / 10
    moved = (middle - (SIDE // 2 + 4)).numpy()
    assert abs(moved).max() <= 3.2 + 1e-3
    assert moved.max() > 3.1
    assert moved.min() < -3.1
    assert abs(np.median(moved, axis=0)).max() < 0.25


def test_rotation_stays_within_its_range() -> None:
    """Up to 10 degrees to either side, read off the ramps' slopes."""
    found = changed(ramps(500), STILL.model_copy(update={"rotation": 10.0}))[:, :, 4:12, 4:12]
    across = (found[:, :, :, 1:] - found[:, :, :, :-1]).mean(dim=(2, 3))
    angles = torch.atan2(across[:, 1], across[:, 0]) * 180 / math.pi
    assert angles.abs().max() < 10.01
    assert angles.max() > 9
    assert angles.min() < -9


def test_zoom_stays_within_its_range() -> None:
    """A zoom of 20 % gives steps of a ramp between 10/1.2 and 10/0.8."""
    found = changed(ramps(500), STILL, zoom=0.2)[:, 0, 8, 4:12]
    step = (found[:, 1:] - found[:, :-1]).mean(dim=1)
    assert 10 / 1.2 - 0.01 < step.min() < 10 / 1.18
    assert 10 / 0.82 < step.max() < 10 / 0.8 + 0.01


def test_brightness_and_colour_scale_the_channels() -> None:
    """A grey picture of 100 stays within both ranges; brightness alone keeps it grey."""
    grey = torch.full((500, STORED, STORED, 3), 100, dtype=torch.uint8)
    bright = changed(grey, STILL.model_copy(update={"brightness": 0.2}))
    assert torch.allclose(bright[:, 0], bright[:, 2])
    assert 80 <= bright.min() < 82
    assert 118 < bright.max() <= 120
    tinted = changed(grey, STILL.model_copy(update={"colour": 0.1}))
    assert (tinted[:, 0] - tinted[:, 2]).abs().max() > 10
    assert tinted.min() >= 90
    assert tinted.max() <= 110.01


def test_border_fill_repeats_the_edge() -> None:
    """Shifted beyond its edge, a picture with fill "border" shows no value it did not have."""
    stored = ramps(200)[:, :SIDE, :SIDE]
    settings = STILL.model_copy(update={"shift": 0.5, "fill": "border"})
    assert changed(stored, settings)[:, 0].max() <= 150
    assert changed(stored, settings)[:, 2].max() == 0


def test_same_seed_same_pictures() -> None:
    """All chance comes from the generator."""
    settings = STILL.model_copy(update={"rotation": 180.0, "noise": 0.1, "flip": True})
    assert torch.equal(changed(pictures(), settings), changed(pictures(), settings))


def test_the_stated_share_of_pictures_loses_its_colour() -> None:
    """Three channels become their mean in about a quarter, and the others keep theirs."""
    stored = pictures(400)
    found = changed(stored, STILL.model_copy(update={"grey": 0.25}))
    whole = centre(stored, SIDE)
    grey = (found - whole.mean(dim=1, keepdim=True)).abs().amax(dim=(1, 2, 3)) < 0.1
    kept = (found - whole).abs().amax(dim=(1, 2, 3)) < 0.1
    assert (grey ^ kept).all()
    assert 70 < int(grey.sum()) < 130


def test_a_part_is_changed_as_in_the_whole() -> None:
    """Noise too, batch after batch: two processes see what one would."""
    stored = pictures(6)
    noisy = STILL.model_copy(update={"noise": 0.1, "rotation": 180.0, "grey": 0.5})
    ranges = Ranges(torch.full((6,), 0.2), torch.full((6,), 0.1))
    whole, parted = (torch.Generator().manual_seed(3) for _ in range(2))
    half = slice(2, 4)
    for _ in range(3):
        expected = augment(stored, SIDE, noisy, ranges, whole)[half]
        found = augment(stored[half], SIDE, noisy, ranges, parted, part=half)
        assert torch.equal(found, expected)
