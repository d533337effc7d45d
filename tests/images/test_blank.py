"""Frames without sky are told from galaxies."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.web.loopback import black_frame, message_frame
from tuningfork.images.blank import BLACK, CONSTANT, MESSAGE, PARTLY, blank_kind, is_text
from tuningfork.images.decode import decode
from tuningfork.images.simulated import render


def pixels(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Decode a made frame."""
    return decode(data, "made")


@pytest.mark.parametrize("side", [69, 256, 424, 1024])
def test_black_frames_are_told(side: int) -> None:
    """Off their footprint surveys answer with black."""
    assert blank_kind(pixels(black_frame(side))) == BLACK


@pytest.mark.parametrize("level", [30, 128, 255])
def test_frames_of_one_colour_are_told(level: int) -> None:
    """Grey, white, and what JPEG makes of them."""
    assert blank_kind(np.full((200, 200, 3), level, np.uint8)) == CONSTANT


@pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255), (120, 120, 120)])
@pytest.mark.parametrize("side", [212, 424])
def test_messages_are_told(ground: tuple[int, int, int], side: int) -> None:
    """A sentence on a plain ground, as JPEG, whatever the colours."""
    image = Image.new("RGB", (side, side), ground)
    ink = (255, 40, 40) if ground[0] < 200 else (0, 0, 0)
    text = "Requested (ra, dec) is outside\nthe SDSS footprint.\nPlease try again later."
    ImageDraw.Draw(image).text((8, side // 3), text, fill=ink)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=85)
    assert blank_kind(pixels(data.getvalue())) == MESSAGE
    assert blank_kind(pixels(message_frame(text, side))) == MESSAGE


def test_the_edge_of_a_survey_is_told() -> None:
    """A frame whose middle is black shows no galaxy, whatever lies beside it."""
    found = render(3, 1).pixels.copy()
    found[:, : found.shape[1] * 2 // 3] = 0
    assert blank_kind(found) == PARTLY


def test_real_galaxies_are_no_blank_frames(shared_data: Path) -> None:
    """None of 700 + 800 real pictures is taken for one, nor of 300 of the test."""
    folders = [shared_data / "kaggle" / "images_training_rev1", shared_data / "gz2" / "images"]
    paths = [path for folder in folders for path in sorted(folder.glob("*.jpg"))[::3]]
    taken = {path.name: kind for path in paths if (kind := blank_kind(pixels(path.read_bytes())))}
    assert len(paths) >= 500
    assert taken == {}


def test_stars_and_faint_galaxies_are_no_blank_frames() -> None:
    """A dark, noisy sky with one star, or with nothing, is still sky."""
    sky = np.random.default_rng(0).normal(6, 3, (200, 200, 3)).clip(0, 255)
    assert blank_kind(sky.astype(np.uint8)) == ""
    sky[95:105, 95:105] = 250
    assert blank_kind(sky.astype(np.uint8)) == ""


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<html><body>Down</body></html>", True),
        (b"\xef\xbb\xbf  <?xml version='1.0'?>", True),
        (b'{"error": "rate limit"}', True),
        (b"Internal Server Error", True),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", False),
        (b"\x89PNG\r\n\x1a\n", False),
        (b"", False),
    ],
)
def test_text_in_place_of_a_picture_is_told(data: bytes, text: bool) -> None:
    """Web pages, XML, JSON and plain words are no pictures."""
    assert is_text(data) is text
