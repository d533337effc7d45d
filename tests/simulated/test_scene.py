"""Whole pictures: reproducible, balanced, to scale."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from tuningfork.errors import UnknownName
from tuningfork.images.simulated import render
from tuningfork.images.simulated.population import DRAWS
from tuningfork.images.simulated.scene import label_of, truth_of
from tuningfork.votes.rules import CLASSES

HASHES = """
import hashlib
from tuningfork.images.simulated import render
for index in (3, 0):
    print(hashlib.sha256(render(11, index).pixels.tobytes()).hexdigest())
"""


def test_classes_are_those_of_the_product() -> None:
    """The classes that can be drawn are the four of the reference rule."""
    assert tuple(DRAWS) == CLASSES


def test_same_seed_gives_the_same_pixels_in_another_process() -> None:
    """A picture depends on seed and index alone: not on the process, nor on what came before."""
    here = [hashlib.sha256(render(11, index).pixels.tobytes()).hexdigest() for index in (0, 3)]
    there = subprocess.run(
        [sys.executable, "-c", HASHES], capture_output=True, text=True, check=True
    ).stdout.split()
    assert there == here[::-1]
    assert here[0] != here[1]


def test_other_seeds_give_other_galaxies() -> None:
    """Neighbouring seeds share no picture, even for the same index and class."""
    first, second = render(1, 0, "spiral"), render(2, 0, "spiral")
    assert (first.pixels != second.pixels).mean() > 0.3
    assert first.parameters != second.parameters


def test_classes_take_turns_in_no_fixed_order() -> None:
    """Each run of four has every class once, and the order changes from run to run."""
    labels = [label_of(5, index) for index in range(80)]
    runs = [tuple(labels[first : first + 4]) for first in range(0, 80, 4)]
    assert all(set(run) == set(CLASSES) for run in runs)
    assert len(set(runs)) > 5
    assert Counter(labels) == dict.fromkeys(CLASSES, 20)


@pytest.mark.parametrize("label", CLASSES)
def test_picture_is_a_galaxy_on_a_dark_sky(label: str) -> None:
    """A picture has the size of Galaxy Zoo's, its light in the middle and a sky near black."""
    galaxy = render(21, 4, label)
    assert galaxy.label == label
    assert galaxy.pixels.shape == (424, 424, 3)
    assert galaxy.pixels.dtype == np.uint8
    brightness = galaxy.pixels.mean(axis=2)
    assert brightness[204:220, 204:220].mean() > 80
    assert np.median(brightness) < 20
    rows, columns = np.indices((61, 61)) - 30.0
    middle = brightness[181:242, 181:242]
    assert abs((rows * middle).sum() / middle.sum()) < 3
    assert abs((columns * middle).sum() / middle.sum()) < 3


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_truth_tells_how_the_galaxy_lies(index: int) -> None:
    """The position angle in the truth is that of the edge-on galaxy's second moments."""
    galaxy = render(31, index, "edge_on_spiral")
    patch = galaxy.pixels.mean(axis=2)[162:262, 162:262]
    rows, columns = np.indices(patch.shape) - 49.5
    weight = np.where((patch > 30) & (np.hypot(rows, columns) < 45), patch, 0)
    xx, yy, xy = (float((weight * m).sum()) for m in (columns**2, rows**2, -rows * columns))
    seen = np.degrees(0.5 * np.arctan2(2 * xy, xx - yy))
    told = galaxy.parameters["position_angle"]
    assert told is not None
    assert abs((seen - told + 90) % 180 - 90) < 6


def test_truth_is_known_without_drawing() -> None:
    """The truth that is told without drawing is that of the drawn picture."""
    for index in range(4):
        assert truth_of(8, index) == render(8, index).parameters


def test_truth_names_only_parts_that_are_there() -> None:
    """An elliptical has no inclination, and only a barred spiral has a bar's length."""
    truths = {label: truth_of(8, 0, label) for label in CLASSES}
    assert truths["elliptical"]["inclination"] is None
    with_bar = [label for label, truth in truths.items() if truth["bar_length"] is not None]
    assert with_bar == ["barred_spiral"]
    with_arms = [label for label, truth in truths.items() if truth["pitch_angle"] is not None]
    assert with_arms == ["spiral", "barred_spiral"]


def test_unknown_class_is_refused() -> None:
    """A class that does not exist is refused with those that do."""
    with pytest.raises(UnknownName, match="choose one of elliptical, spiral"):
        render(1, 0, "irregular")
