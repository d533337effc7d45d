"""Every form that FITS comes in shows the same galaxy."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from tests.fits.made import disk, extensions, header, primary, three_bands, written
from tuningfork.errors import UnreadableImage
from tuningfork.images.fits import is_fits, read_fits
from tuningfork.images.framing import Reading, Shown

BANDS = three_bands(disk())
ONE = BANDS[1]


def _shown(data: bytes, **how: Any) -> Shown:
    assert is_fits(data)
    return read_fits(data, "x.fits", Reading(stretch=0.4, **how))


@pytest.mark.parametrize(
    ("order", "words"),
    [((0, 1, 2), "third axis"), ((1, 2, 0), "first axis"), ((1, 0, 2), "second axis")],
)
def test_a_cubes_axis_order_makes_no_difference(order: tuple[int, int, int], words: str) -> None:
    """Bands may be counted by any axis; which one is said."""
    wanted = _shown(extensions(BANDS, ("i", "r", "g")))
    found = _shown(primary(np.ascontiguousarray(BANDS.transpose(order))))
    np.testing.assert_array_equal(found.pixels, wanted.pixels)
    assert f"the {words} counts 3 bands" in found.note


@pytest.mark.parametrize("shape", [(1, 3, 200, 200), (1, 1, 3, 200, 200), (2, 3, 200, 200)])
def test_further_axes_are_taken_at_their_first_value(shape: tuple[int, ...]) -> None:
    """Axes beside the sky and the bands, of length 1 or more, do not disturb."""
    wanted = _shown(primary(BANDS))
    found = _shown(primary(np.broadcast_to(BANDS, shape).copy()))
    np.testing.assert_array_equal(found.pixels, wanted.pixels)
    assert ("at its first value" in found.note) == (shape[0] == 2)


def test_one_band_is_grey() -> None:
    """A plane of two axes, or with empty further ones, becomes grey."""
    flat, deep = _shown(primary(ONE)), _shown(primary(ONE[np.newaxis, np.newaxis]))
    np.testing.assert_array_equal(flat.pixels, deep.pixels)
    assert (flat.pixels == flat.pixels[:, :, :1]).all()
    assert flat.pixels.max() > 100


def test_gzip_makes_no_difference() -> None:
    """A gzipped file is unpacked."""
    data = primary(ONE)
    np.testing.assert_array_equal(_shown(gzip.compress(data)).pixels, _shown(data).pixels)


@pytest.mark.parametrize("kind", ["RICE_1", "GZIP_1", "GZIP_2"])
def test_tile_compression_of_whole_numbers_loses_nothing(kind: str) -> None:
    """Rice and GZIP tiles (.fz) give the pixels of the plain file."""
    counts = np.rint(ONE * 1000).astype(np.int16)
    tiles = fits.CompImageHDU(counts, header(), compression_type=kind)
    wanted = read_fits(primary(counts), "x", Reading(stretch=400))
    found = read_fits(written(fits.PrimaryHDU(), tiles), "x", Reading(stretch=400))
    np.testing.assert_array_equal(found.pixels, wanted.pixels)


def test_scaled_whole_numbers_are_the_values_they_stand_for() -> None:
    """BSCALE and BZERO are applied: 16-bit numbers come within a level of the floats."""
    unit = fits.PrimaryHDU(ONE.copy(), header())
    unit.scale("int16", bscale=1e-4, bzero=1.5)
    found, wanted = _shown(written(unit)), _shown(primary(ONE))
    assert np.abs(found.pixels.astype(int) - wanted.pixels).max() <= 1


def test_blank_whole_numbers_are_missing_pixels() -> None:
    """BLANK marks pixels without a value, which do not shine."""
    counts = np.rint(ONE * 1000).astype(np.int16)
    counts[20:40, 20:40] = -32768
    found = read_fits(primary(counts, BLANK=-32768), "x", Reading(stretch=400))
    wanted = read_fits(primary(np.rint(ONE * 1000).astype(np.int16)), "x", Reading(stretch=400))
    difference = np.abs(found.pixels.astype(int) - wanted.pixels)
    assert np.median(difference) <= 1
    assert found.pixels[165:175, 25:35].max() < 10


def test_pixels_that_are_nan_are_filled_from_around() -> None:
    """A dead column through the middle leaves no dark line; infinities do not blind the rest."""
    broken = BANDS.copy()
    broken[:, :, 100] = np.nan
    broken[0, 60, 60] = np.inf
    found, wanted = _shown(primary(broken)).pixels, _shown(primary(BANDS)).pixels
    # Next to the peak the disk falls by a tenth a pixel, which no filling can know.
    assert np.abs(found[80:120, 98:103].astype(int) - wanted[80:120, 98:103]).max() < 60
    assert np.abs(found.astype(int) - wanted).mean() < 1
    assert found[98:103, 100].min() > 80


def test_a_mask_beside_the_picture_is_heeded() -> None:
    """Pixels that an extension MASK marks are left out, and the mask is not taken for a band."""
    struck = ONE.copy()
    struck[30:34, 150:154] = 50  # a cosmic ray brighter than the galaxy
    mask = (struck > 10).astype(np.uint8)
    units = (fits.PrimaryHDU(struck, header()), fits.ImageHDU(mask, name="MASK"))
    found = read_fits(written(*units), "x")
    assert "galaxy found" not in found.note
    assert found.pixels[-34:-30, 150:154].max() < 30


def test_the_first_image_is_taken_and_others_by_name_or_number() -> None:
    """Errors and weights are passed over; --hdu takes what it names."""
    other = three_bands(disk(scale=20))[1]
    science = [fits.ImageHDU(one, header(), name="SCI") for one in (ONE, other)]
    err = fits.ImageHDU(ONE * 0 + 1, header(), name="ERR")
    data = written(fits.PrimaryHDU(), err, *science, fits.ImageHDU(other, header(), name="deep"))
    first = _shown(data)
    np.testing.assert_array_equal(first.pixels, _shown(primary(ONE)).pixels)
    assert "first of 3 images (HDU 2 SCI" in first.note
    for name in ("deep", "DEEP", "3"):
        np.testing.assert_array_equal(
            _shown(data, hdus=(name,)).pixels, _shown(primary(other)).pixels
        )


def test_three_named_extensions_are_ordered_by_wavelength() -> None:
    """Whatever their order in the file, the reddest is red; --bands says otherwise."""
    wanted = _shown(extensions(BANDS, ("i", "r", "g"))).pixels
    found = _shown(extensions(BANDS[::-1], ("SDSS-g", "SDSS-r", "SDSS-i")))
    np.testing.assert_array_equal(found.pixels, wanted)
    assert "red SDSS-I, green SDSS-R, blue SDSS-G" in found.note.replace("-i", "-I")
    calibrated = extensions(BANDS, ("i", "r", "g"), BUNIT="nanomaggy")
    assert _shown(calibrated).pixels[100, 100].argmax() == 0
    turned = _shown(calibrated, bands=("g", "r", "i"))
    assert turned.pixels[100, 100].argmax() == 2


def test_a_legacy_survey_cube_is_read_by_its_header() -> None:
    """BANDS = 'grz' says that the first plane is the bluest."""
    found = _shown(primary(BANDS[::-1].copy(), BANDS="grz"))
    assert "red z, green r, blue g" in found.note
    assert found.pixels[100, 100].argmax() == 0


def test_the_picture_stands_upright() -> None:
    """FITS counts rows from the bottom: light in the last row is at the picture's top."""
    light = disk(at=(100, 160))
    found = _shown(primary(three_bands(light)[0]), center="frame", size="frame")
    down, _ = np.unravel_index(found.pixels[:, :, 0].argmax(), found.pixels.shape[:2])
    assert down == pytest.approx(40, abs=3)


def test_oblong_pixels_are_made_square() -> None:
    """Pixels that are twice as high as wide by the WCS make a picture twice as high."""
    square = disk(200)
    flat = three_bands(square[::2])[0]
    cards = header()
    cards["CDELT2"] *= 2
    found = read_fits(
        written(fits.PrimaryHDU(flat, cards)), "x", Reading(stretch=0.4, center="frame")
    )
    bright = found.pixels[:, :, 0] > 60
    assert np.ptp(np.flatnonzero(bright.any(0))) == pytest.approx(
        np.ptp(np.flatnonzero(bright.any(1))), abs=3
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (written(fits.PrimaryHDU()), "holds no image"),
        (primary(np.full((50, 50), np.nan, np.float32)), "no pixel holds a finite value"),
        (primary(np.zeros(100, np.float32)), "holds no image"),
        (primary(np.zeros((1, 100), np.float32)), "is a line, no picture"),
        (primary(np.zeros((5, 60), np.float32)), "too few"),
        (primary(ONE)[:30_000], "damaged"),
        (b"SIMPLE  =                    T" + b"x" * 9000, "damaged"),
        (gzip.compress(primary(ONE))[:5000], "gzip is damaged"),
        (gzip.compress(b"no FITS at all" * 1000), "damaged"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(data: bytes, words: str) -> None:
    """Files without an image, without a value or cut short say what is wrong and what to do."""
    with pytest.raises(UnreadableImage, match=words) as caught:
        read_fits(data, "x.fits")
    assert str(caught.value).startswith("x.fits: ")
    assert ";" in str(caught.value)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"hdus": ("nothing",)}, "its images are 1 I, 2 R, 3 G"),
        ({"hdus": ("0",)}, "holds no image"),
        ({"bands": ("u", "g", "r")}, "no band 'u'"),
        ({"bands": ("4",)}, "from 1 to 3"),
        ({"center": "900,20"}, "outside its 200×200 pixels"),
    ],
)
def test_wishes_that_a_file_cannot_fulfil_are_refused(wish: dict[str, Any], words: str) -> None:
    """What is named and is not there is named again, with what is there."""
    with pytest.raises(UnreadableImage, match=words):
        read_fits(extensions(BANDS, ("i", "r", "g")), "x.fits", Reading(**wish))


def test_a_header_that_promises_terabytes_is_refused_at_once() -> None:
    """The size is judged by the header, before memory is taken."""
    data = primary(np.zeros((100, 100), np.float32))
    data = data.replace(b"NAXIS1  =                  100", b"NAXIS1  =              1000000")
    with pytest.raises(UnreadableImage, match=r"more than 32 million|damaged"):
        read_fits(data, "x.fits")
