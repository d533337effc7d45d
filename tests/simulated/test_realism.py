"""The deck beside real galaxies: brightness, colour and noise, as measured of both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tuningfork.images.simulated import deck_folder
from tuningfork.votes.rules import CLASSES

REAL_NAMES = {"edge_on_spiral": "edge_view_spiral"}
SIDE = 299
RINGS = ((0.0, 0.2), (0.35, 0.5), (0.75, 1.0))
"""Inner and outer radius in R90, which is 50 of 424 pixels."""


def _pictures(folder: Path) -> np.ndarray:
    """Thirty pictures of a folder at the scale of the real ones, (30, 299, 299, 3)."""
    paths = sorted(folder.glob("*.jpg"))
    pictures = []
    for path in paths[:: len(paths) // 30][:30]:
        with Image.open(path) as picture:
            resized = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        pictures.append(np.asarray(resized, dtype=np.float32))
    return np.stack(pictures)


def _both(shared_data: Path, label: str) -> tuple[np.ndarray, np.ndarray]:
    real = shared_data / "reference_test" / REAL_NAMES.get(label, label)
    return _pictures(deck_folder() / label), _pictures(real)


def _distance() -> np.ndarray:
    """From the middle, in R90."""
    rows, columns = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2
    distance: np.ndarray = np.hypot(rows, columns) * (424 / SIDE) / 50
    return distance


def _light(pictures: np.ndarray) -> np.ndarray:
    """Mean red, green and blue in each ring, (rings, 3)."""
    distance = _distance()
    rings = [(distance >= inner) & (distance < outer) for inner, outer in RINGS]
    return np.stack([pictures[:, ring].mean(axis=(0, 1)) for ring in rings])


@pytest.mark.parametrize("label", CLASSES)
def test_galaxies_are_as_bright_as_real_ones(shared_data: Path, label: str) -> None:
    """From the centre out to R90 the mean brightness of a class is within a third of the real."""
    simulated, real = (_light(pictures).mean(axis=1) for pictures in _both(shared_data, label))
    np.testing.assert_allclose(simulated / real, 1, atol=0.33)


@pytest.mark.parametrize("label", CLASSES)
def test_galaxies_have_the_colours_of_real_ones(shared_data: Path, label: str) -> None:
    """In the centre and half-way out, red over blue is within a fifth of the real mean."""
    simulated, real = (_light(pictures)[:2] for pictures in _both(shared_data, label))
    np.testing.assert_allclose(simulated[:, 0] / simulated[:, 2], real[:, 0] / real[:, 2], rtol=0.2)


def _grain(pictures: np.ndarray) -> np.ndarray:
    """Sky in a corner of each picture about its median, (30, 70, 70); NaN where a source is."""
    corner = pictures[:, :70, :70].mean(axis=3)
    grain = corner - np.median(corner, axis=(1, 2), keepdims=True)
    return np.where(np.abs(grain) < 10, grain, np.nan)


@pytest.mark.parametrize("label", CLASSES)
def test_sky_is_as_dark_and_as_grainy_as_the_real_one(shared_data: Path, label: str) -> None:
    """In a corner, the median sky is within 2 of 255 of the real, its scatter within a quarter."""
    simulated, real = _both(shared_data, label)
    dark = [np.median(pictures[:, :70, :70], axis=(0, 1, 2)) for pictures in (simulated, real)]
    np.testing.assert_allclose(dark[0], dark[1], atol=2)
    assert np.nanstd(_grain(simulated)) / np.nanstd(_grain(real)) == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("label", CLASSES)
def test_noise_is_as_smooth_as_in_real_cutouts(shared_data: Path, label: str) -> None:
    """Neighbouring pixels of the sky are alike to the degree that enlarging makes real ones."""
    alike = []
    for pictures in _both(shared_data, label):
        grain = _grain(pictures)
        products = grain[:, :, :-1] * grain[:, :, 1:]
        alike.append(np.nanmean(products) / np.nanmean(grain**2))
    assert alike[0] == pytest.approx(alike[1], abs=0.12)
