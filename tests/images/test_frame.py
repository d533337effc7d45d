"""The crop that a network sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.images.pictures import scene
from tuningfork.images.frame import Preprocessing


@given(
    st.integers(8, 90), st.integers(8, 90), st.floats(0.05, 4.0), st.integers(8, 60),
    st.integers(8, 60),
)  # fmt: skip
def test_any_picture_becomes_the_square(
    height: int, width: int, share: float, frame: int, side: int
) -> None:
    """Whatever the picture, its share and the crop, the result has the network's size."""
    found = Preprocessing(frame, side).apply(scene(height, width), share)
    assert found.shape == (side, side, 3)
    assert found.dtype == np.uint8


def test_the_crop_is_central_and_keeps_the_scale() -> None:
    """A spot at a known offset from the centre lands at that offset times the scale."""
    picture = np.zeros((424, 424, 3), np.uint8)
    picture[208:216, 248:256] = 255  # 40 pixels right of the centre
    found = Preprocessing(212, 112).apply(picture)[:, :, 0].astype(float)
    down, right = np.mgrid[0:112, 0:112] + 0.5
    assert (found * right).sum() / found.sum() - 56 == pytest.approx(20, abs=0.05)
    assert (found * down).sum() / found.sum() - 56 == pytest.approx(0, abs=0.05)


def test_a_picture_of_the_central_half_gives_the_same_crop_at_its_share() -> None:
    """Half a frame, told to be half a frame, looks like the whole frame's centre."""
    smooth = scene(424, 424)
    whole = Preprocessing(212, 80).apply(smooth).astype(int)
    half = Preprocessing(212, 80).apply(smooth[106:318, 106:318], 0.5).astype(int)
    assert np.abs(whole - half).max() <= 1


def test_resolution_makes_no_difference() -> None:
    """The same picture at half the resolution gives nearly the same pixels."""
    whole = Preprocessing(106, 56).apply(scene(424, 424)).astype(int)
    small = Preprocessing(106, 56).apply(scene(212, 212)).astype(int)
    assert np.abs(whole - small).max() <= 3


def test_oblong_pictures_are_cut_not_squeezed() -> None:
    """A wide picture is measured by its shorter side, about its centre."""
    square = scene(64, 64)
    wide = np.concatenate(
        [np.zeros((64, 30, 3), np.uint8), square, np.zeros((64, 30, 3), np.uint8)], 1
    )
    crop = Preprocessing(64, 32)
    np.testing.assert_array_equal(crop.apply(wide), crop.apply(square))


def test_what_a_small_picture_lacks_is_reflected() -> None:
    """Beyond the picture's edge comes its mirror image, on both sides alike."""
    found = Preprocessing(64, 32).apply(scene(16, 16), 0.25).astype(int)
    np.testing.assert_array_equal(found[8:24, 8:24], scene(16, 16))
    np.testing.assert_array_equal(found[8:24, 7], found[8:24, 9])
    np.testing.assert_array_equal(found[24, 8:24], found[22, 8:24])


@pytest.mark.parametrize("share", [0.0, -1.0, float("nan"), float("inf")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    """The share must be a number above 0."""
    with pytest.raises(ValueError, match="frame_share"):
        Preprocessing(64, 32).apply(scene(), share)
