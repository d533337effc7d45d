"""Every form that FITS comes in shows the same galaxy."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

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


def test_three_extensions_without_names_are_bands_in_their_order() -> None:
    """Nothing says what they are but that there are three of one shape; errors by name are not."""
    plain = [fits.ImageHDU(one, header()) for one in BANDS]
    found = _shown(written(fits.PrimaryHDU(), *plain))
    np.testing.assert_array_equal(found.pixels, _shown(primary(BANDS)).pixels)
    assert "bands from HDU 1, HDU 2, HDU 3" in found.note
    mask = fits.ImageHDU((ONE > 5).astype(np.int16))
    with_mask = _shown(written(fits.PrimaryHDU(ONE, header()), fits.ImageHDU(ONE), mask))
    assert "first of 3 images" in with_mask.note


def test_a_preview_before_the_bands_is_passed_over() -> None:
    """Of a small picture and three larger ones named after filters, the larger are taken."""
    bands = [
        fits.ImageHDU(one, header(), name=name) for one, name in zip(BANDS, "irg", strict=True)
    ]
    found = _shown(written(fits.PrimaryHDU(ONE[::8, ::8].copy()), *bands))
    assert "red I, green R, blue G" in found.note
    assert found.pixels.shape[:2] == (200, 200)


@pytest.mark.parametrize("empty", [np.nan, 0])
def test_a_band_that_holds_nothing_is_passed_over(empty: float) -> None:
    """Two bands make the picture; three that hold nothing are refused or no galaxy."""
    broken = BANDS.copy()
    broken[0] = empty
    found = _shown(primary(broken, BANDS="irg"))
    assert "band i is empty and passed over" in found.note
    assert "red r, green the mean, blue g" in found.note


@pytest.mark.parametrize("pad", [0, -999])
def test_padding_is_no_sky(pad: float) -> None:
    """A cutout over the edge of a survey, filled up with a constant, is measured without it."""
    sky = BANDS + 2
    wanted = _shown(primary(sky.copy()))
    cut = sky.copy()
    cut[:, :, :60] = pad
    cut[:, :20] = pad
    found = _shown(primary(cut))
    assert "R90" not in found.note
    assert "galaxy found" not in found.note
    apart = np.abs(found.pixels[:, 70:].astype(int) - wanted.pixels[:, 70:])[:170]
    assert np.median(apart) <= 2


def test_a_galaxy_cut_out_of_its_sky_is_not_padded() -> None:
    """Where all but the galaxy is 0, as in stamps from segmentation maps, 0 is the sky."""
    stamp = np.where(ONE > 0.05, ONE, 0).astype(np.float32)
    found = _shown(primary(stamp))
    assert found.pixels[100, 100].min() > 100
    assert found.pixels[5, 5].max() < 30


@pytest.mark.parametrize("kind", ["TAN-SIP", "TPV"])
@pytest.mark.parametrize("bands", [1, 3])
def test_distorted_projections_have_a_scale(kind: str, bands: int) -> None:
    """SIP and TPV of a plane or a cube, whose distortion astropy may not take, say the scale."""
    cards = header()
    for axis, name in ((1, "RA---"), (2, "DEC--")):
        cards[f"CTYPE{axis}"] = name + kind
        cards[f"PV{axis}_1"] = 1.0
    if "SIP" in kind:
        cards["A_ORDER"] = cards["B_ORDER"] = 2
        cards["A_2_0"] = cards["B_0_2"] = 1e-7
    data = BANDS if bands == 3 else ONE
    note = _shown(written(fits.PrimaryHDU(data, cards))).note
    assert "0.396″ a pixel by the WCS" in note


def test_a_wcs_without_numbers_says_nothing() -> None:
    """A pixel as large as a degree is none."""
    cards = header()
    del cards["CDELT1"], cards["CDELT2"]
    assert "no WCS" in _shown(written(fits.PrimaryHDU(ONE, cards))).note


@pytest.mark.parametrize(
    ("value", "said"),
    [(19.8, True), ("19.8", True), (1e6, False), (1e-6, False), (-99.0, False), ("large", False)],
)
def test_a_size_in_the_header_that_cannot_be_is_passed_over(value: Any, said: bool) -> None:
    """Text is read as a number; what no galaxy in the picture can have is named and not heeded."""
    note = _shown(primary(ONE, PETROR90=value)).note
    assert ("from PETROR90" in note) == said
    assert ("PETROR90 passed over" in note) == (value in (1e6, 1e-6))


def test_a_wished_position_holds_where_pixels_are_made_square() -> None:
    """--center counts the file's pixels, also where they are oblong."""
    cards = header()
    cards["CDELT2"] *= 2
    flat = np.ascontiguousarray(three_bands(disk(at=(60, 140)))[0][::2])
    light = read_fits(
        written(fits.PrimaryHDU(flat, cards)), "x", Reading(center="60.5,70.5", size="20px")
    )
    height, width = light.pixels.shape[:2]
    down, across = np.unravel_index(light.pixels[:, :, 0].argmax(), (height, width))
    assert (light.window.x, light.window.y) == pytest.approx((across, down), abs=2.5)


@pytest.mark.parametrize("center", ["100,900", "9999,9999", "-900,100", "100,-9999"])
def test_a_position_far_outside_is_named(center: str) -> None:
    """FITS counts from below, so that far above is far below the first row."""
    with pytest.raises(UnreadableImage, match=f"the center {center} lies outside its"):
        _shown(primary(ONE), center=center)


@pytest.mark.parametrize(
    "plane",
    [
        np.tile(np.linspace(0, 1, 1024, dtype=np.float32), (1024, 1)),
        np.random.default_rng(1).normal(0, 1, (10, 50_000)).astype(np.float32),
        np.random.default_rng(1).normal(0, 1, (5_000, 9)).astype(np.float32),
    ],
)
def test_planes_that_no_galaxy_fills_are_shown_too(plane: NDArray[np.float32]) -> None:
    """A ramp brighter than the sky nearly everywhere, and thin strips, end in a picture."""
    assert _shown(primary(plane)).pixels.dtype == np.uint8


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
        (gzip.compress(primary(ONE), mtime=0)[:5000], "gzip is damaged"),
        (gzip.compress(b"no FITS at all" * 1000, mtime=0), "damaged"),
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
