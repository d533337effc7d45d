"""Deletion and insertion, where what the network goes by is known pixel by pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.model.toy import BIAS, CLASSES, SIDE, write_toy
from tuningfork.explain.faithfulness import STEPS, centre_gaussian, curves, random_map
from tuningfork.model.session import Model, load_model

SPIRAL = CLASSES.index("spiral")


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """Load the toy network: green anywhere speaks for spiral, each pixel as much as it is green."""
    return load_model(write_toy(tmp_path / "toy"))


def _picture() -> tuple[np.ndarray, np.ndarray]:
    """Give a picture with a green quarter, and the map that knows it."""
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[4:12, 4:12, 1] = 255
    return picture, (picture[..., 1] / 255).astype(np.float32)


def _probability(green: float) -> float:
    """Compute the toy's answer by hand for a mean green of 0 to 1."""
    odds = np.exp([0, 4 * green, 0, BIAS])
    return float(odds[SPIRAL] / odds.sum())


def test_curves_begin_and_end_where_they_must(model: Model) -> None:
    """Deletion ends in empty sky, insertion in the picture itself."""
    picture, truth = _picture()
    found = curves(model, picture, SPIRAL, [truth])[0]
    assert found.deletion.shape == found.insertion.shape == (STEPS + 1,)
    assert found.deletion[0] == pytest.approx(_probability(0.25), abs=1e-5)
    assert found.deletion[-1] == pytest.approx(_probability(0), abs=1e-5)
    assert found.insertion[-1] == pytest.approx(_probability(0.25), abs=1e-5)


def test_deletion_by_the_true_map_falls_as_worked_out_by_hand(model: Model) -> None:
    """The quarter that is green goes first, so a quarter of the way all of it is gone."""
    picture, truth = _picture()
    found = curves(model, picture, SPIRAL, [truth])[0]
    gone = np.minimum(np.rint(np.linspace(0, SIDE**2, STEPS + 1)), SIDE**2 / 4)
    expected = [_probability(0.25 - one / SIDE**2) for one in gone]
    np.testing.assert_allclose(found.deletion, expected, atol=1e-5)


def test_a_better_map_has_the_better_areas(model: Model) -> None:
    """The map that knows beats chance, and chance beats the map that is wrong."""
    picture, truth = _picture()
    chance = random_map(SIDE, np.random.default_rng(0))
    knows, guesses, wrong = curves(model, picture, SPIRAL, [truth, chance, 1 - truth])
    assert knows.deletion_area < guesses.deletion_area < wrong.deletion_area
    assert knows.insertion_area > wrong.insertion_area


def test_a_flat_map_changes_pixels_evenly(model: Model) -> None:
    """Where a map says nothing, pixels go in no order of place, so that no corner is favoured."""
    picture, _ = _picture()
    found = curves(model, picture, SPIRAL, [np.zeros((SIDE, SIDE), np.float32)])[0]
    half = found.deletion[STEPS // 2]
    assert half == pytest.approx(_probability(0.125), abs=0.02)


def test_baselines_are_what_they_say() -> None:
    """The Gaussian is greatest in the middle and even about it; random maps differ by seed."""
    gaussian = centre_gaussian(21)
    assert gaussian.argmax() == 10 * 21 + 10
    np.testing.assert_allclose(gaussian, gaussian[::-1, ::-1], atol=1e-6)
    np.testing.assert_allclose(gaussian, gaussian.T, atol=1e-6)
    one, other = (random_map(64, np.random.default_rng(seed)) for seed in (1, 2))
    assert 0 <= one.min() < one.max() <= 1
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] < 0.3
