"""Bytes to pixels."""

from __future__ import annotations

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.images.pictures import encoded, scene
from tuningfork.errors import UnreadableImage
from tuningfork.images.decode import coloured, decode, eight_bits

GREY = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (16, 1))


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {"compression": "tiff_lzw"}),
    ],
)
def test_lossless_formats_give_the_pixels_that_were_drawn(kind: str, how: dict[str, Any]) -> None:
    """Formats that lose nothing come back exactly, as uint8 (height, width, 3)."""
    found = decode(encoded(scene(), kind, **how), "x")
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, scene())


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"subsampling": 0}])
def test_jpeg_comes_close(how: dict[str, Any]) -> None:
    """JPEG loses little: no pixel is far off."""
    found = decode(encoded(scene(), "JPEG", quality=95, **how), "x")
    assert np.abs(found.astype(int) - scene()).max() < 25


def test_grey_has_three_equal_channels() -> None:
    """A greyscale picture becomes colour with its values kept."""
    found = decode(encoded(GREY), "x")
    np.testing.assert_array_equal(found, np.stack([GREY] * 3, axis=2))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(("factor", "dtype"), [(257, np.uint16), (1, np.uint16)])
def test_sixteen_bit_grey_looks_like_its_eight_bit_twin(
    kind: str, factor: int, dtype: type[np.uint16]
) -> None:
    """Full-range 16 bits are scaled down; 8-bit values stored in 16 bits are kept."""
    found = decode(encoded(GREY.astype(dtype) * dtype(factor), kind), "x")
    np.testing.assert_array_equal(found[:, :, 0], GREY)


def test_big_endian_sixteen_bit_tiff_is_read_alike() -> None:
    """The order of bytes in a 16-bit TIFF makes no difference."""
    height, width = GREY.shape
    pixels = (GREY.astype(">u2") * 257).astype(">u2").tobytes()
    tags = [
        (256, 3, width), (257, 3, height), (258, 3, 16), (259, 3, 1), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 3, height), (279, 4, len(pixels)),
    ]  # fmt: skip
    entries = b"".join(
        struct.pack(">HHI", tag, kind, 1)
        + (struct.pack(">HH", value, 0) if kind == 3 else struct.pack(">I", value))
        for tag, kind, value in tags
    )
    directory = struct.pack(">H", len(tags)) + entries + struct.pack(">I", 0)
    data = b"MM\0*" + struct.pack(">I", 8 + len(pixels)) + pixels + directory
    np.testing.assert_array_equal(decode(data, "x")[:, :, 0], GREY)


def test_float_tiff_between_0_and_1_spans_black_to_white() -> None:
    """Floats from 0 to 1 are shares of white; NaN is black."""
    values = GREY.astype(np.float32) / 255
    values[0, 5] = np.nan
    found = decode(encoded(values, "TIFF"), "x")[:, :, 0]
    assert found[0, 5] == 0
    np.testing.assert_array_equal(found[1:], GREY[1:])


def test_integers_below_zero_are_stretched_between_their_extremes() -> None:
    """A 32-bit TIFF with negative values becomes darkest 0, brightest 255."""
    values = np.tile(np.linspace(-1000, 3000, 16).astype(np.int32), (16, 1))
    found = decode(encoded(values, "TIFF"), "x")[:, :, 0]
    assert (found.min(), found.max()) == (0, 255)
    assert found[0, 4] == round((values[0, 4] + 1000) / 4000 * 255)


def test_palette_gives_the_palettes_colours() -> None:
    """An indexed picture is looked up in its palette."""
    image = Image.new("P", (16, 16), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    file = io.BytesIO()
    image.save(file, "PNG")
    assert (decode(file.getvalue(), "x") == [200, 100, 50]).all()


def test_cmyk_jpeg_gives_ink_on_paper() -> None:
    """Full cyan and yellow ink is green, no ink is white."""
    for ink, colour in (((255, 0, 255, 0), (0, 255, 0)), ((0, 0, 0, 0), (255, 255, 255))):
        file = io.BytesIO()
        Image.new("CMYK", (16, 16), ink).save(file, "JPEG")
        assert np.abs(decode(file.getvalue(), "x").astype(int) - colour).max() < 6


def test_transparent_parts_are_black() -> None:
    """Alpha is laid over black: half opaque is half as bright, in colour and in grey."""
    layers = np.zeros((16, 16, 4), np.uint8)
    layers[:, :, :3], layers[:, 4:8, 3], layers[:, 8:, 3] = 200, 128, 255
    found = decode(encoded(layers), "x")
    assert {int(found[0, 0, 0]), int(found[0, 15, 0])} == {0, 200}
    assert abs(int(found[0, 5, 0]) - 100) <= 1
    assert decode(encoded(layers, mode="LA"), "x")[0, 0].max() == 0
    assert abs(int(eight_bits(layers, "x")[0, 5, 0]) - 100) <= 1


def test_transparent_palette_raises_no_warning() -> None:
    """A palette with a transparent entry shows it black."""
    image = Image.new("P", (16, 16), 1)
    image.putpalette([255, 255, 255, 200, 100, 50])
    image.putpixel((0, 0), 0)
    file = io.BytesIO()
    image.save(file, "PNG", transparency=b"\0\xff")
    found = decode(file.getvalue(), "x")
    assert found[0, 0].tolist() == [0, 0, 0]
    assert found[1, 1].tolist() == [200, 100, 50]


@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, lambda a: a), (2, lambda a: a[:, ::-1]), (3, lambda a: a[::-1, ::-1]),
        (4, lambda a: a[::-1]), (5, lambda a: a.transpose(1, 0, 2)), (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: np.rot90(a, 2).transpose(1, 0, 2)), (8, lambda a: np.rot90(a, 1)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_exif_orientation_is_honoured(kind: str, orientation: int, undo: object) -> None:
    """A picture that a camera marked as turned is shown upright (EXIF tag 274)."""
    exif = Image.Exif()
    exif[274] = orientation
    found = decode(encoded(scene(), kind, exif=exif), "x")
    assert callable(undo)
    np.testing.assert_array_equal(found, undo(scene()))


def test_sixteen_bit_picture_is_turned_too() -> None:
    """Orientation holds for deep greys as well."""
    exif = Image.Exif()
    exif[274] = 6
    found = decode(encoded(GREY.astype(np.uint16) * np.uint16(257), exif=exif), "x")
    np.testing.assert_array_equal(found[:, :, 0], np.rot90(GREY, -1))


def test_damaged_exif_is_no_obstacle() -> None:
    """A whole picture with broken remarks is read, without a warning."""
    data = encoded(scene(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f broken")
    assert decode(data, "x").shape == (24, 32, 3)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_frames_the_first_is_read(kind: str) -> None:
    """An animation, or a file of many pages, shows its first frame."""
    first, second = Image.new("RGB", (16, 16), (255, 0, 0)), Image.new("RGB", (16, 16), (0, 0, 255))
    file = io.BytesIO()
    how = {"lossless": True} if kind == "WEBP" else {}
    first.save(file, kind, save_all=True, append_images=[second], **how)
    assert decode(file.getvalue(), "x")[8, 8].tolist() == [255, 0, 0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
def test_truncated_files_are_refused(kind: str, share: float) -> None:
    """A file cut off anywhere says so and where; it never gives half a picture."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    data = encoded(noise, kind)
    with pytest.raises(UnreadableImage, match=r"^M31\.jpg: "):
        decode(data[: int(len(data) * share)], "M31.jpg")


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"not a picture", b"<html>500</html>", b"\xff\xd8\xff"]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    """Empty files and other kinds of files are refused with their name."""
    with pytest.raises(UnreadableImage, match=r"^here: .*; "):
        decode(data, "here")


def test_damage_anywhere_is_refused_or_read_but_never_crashes() -> None:
    """Flipped bytes give pixels or a refusal, never another error or a warning."""
    random = np.random.default_rng(1)
    for kind in ("JPEG", "PNG", "TIFF", "WEBP", "GIF"):
        whole = np.frombuffer(encoded(scene(), kind), np.uint8)
        for _ in range(60):
            data = whole.copy()
            data[random.integers(0, len(data), 3)] = random.integers(0, 256, 3)
            with suppress(UnreadableImage):
                assert decode(data.tobytes(), "x").shape[2] == 3


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 300), (300, 7)])
def test_tiny_pictures_are_refused(height: int, width: int) -> None:
    """Less than 8 pixels on a side show no galaxy."""
    with pytest.raises(UnreadableImage, match="at least 8×8"):
        decode(encoded(np.zeros((height, width, 3), np.uint8)), "x")


def test_eight_pixels_are_enough() -> None:
    """The smallest picture that is read has 8 pixels on a side."""
    assert decode(encoded(np.zeros((8, 9, 3), np.uint8)), "x").shape == (8, 9, 3)


@pytest.mark.parametrize("side", [7_072, 15_000, 60_000])
def test_decompression_bombs_are_refused_before_they_are_unpacked(side: int) -> None:
    """A small file that claims over 50 million pixels is refused, without a warning."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 999))
    with pytest.raises(UnreadableImage, match="50 million pixels"):
        decode(data, "x")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("TIFF", "F"), ("BMP", "L")],
)
def test_large_pictures_are_converted_strip_by_strip(
    monkeypatch: pytest.MonkeyPatch, kind: str, mode: str
) -> None:
    """The size of the strips changes no pixel."""
    file = io.BytesIO()
    if mode == "I;16":
        Image.fromarray(GREY.astype(np.uint16) * 200).save(file, kind)
    else:
        Image.fromarray(scene(60, 50)).convert(mode).save(file, kind)
    whole = decode(file.getvalue(), "x")
    monkeypatch.setattr("tuningfork.images.decode.STRIP", 70)
    np.testing.assert_array_equal(decode(file.getvalue(), "x"), whole)


def test_jpegs_of_thousands_of_scans_are_refused() -> None:
    """A few bytes a scan would keep the decoder busy for hours on a large picture."""
    data = encoded(scene(), "JPEG", progressive=True)
    start = data.index(b"\xff\xc2")
    large = data[: start + 5] + struct.pack(">HH", 7000, 7000) + data[start + 9 :]
    scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(UnreadableImage, match="scans over 7000×7000 pixels"):
        decode(large[:-2] + scan * 2000 + b"\xff\xd9", "x")
    assert decode(data[:-2] + scan * 200 + b"\xff\xd9", "x").shape == (24, 32, 3)


def test_threads_get_the_same_pixels() -> None:
    """Many threads at once decode as one does."""
    kinds = ["PNG", "BMP", "TIFF"] * 20
    files = [encoded(scene(), kind) for kind in kinds]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda data: decode(data, "x"), files):
            np.testing.assert_array_equal(found, scene())


@pytest.mark.parametrize("shape", [(16,), (16, 16, 2), (2, 16, 16, 3), (0, 16, 3)])
def test_arrays_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    """Only (height, width) with 1, 3 or 4 channels is a picture."""
    with pytest.raises(UnreadableImage):
        eight_bits(np.zeros(shape), "x")


def test_arrays_without_a_finite_value_are_refused() -> None:
    """All NaN is no picture."""
    with pytest.raises(UnreadableImage, match="finite"):
        eight_bits(np.full((16, 16), np.nan), "x")


def test_truncated_pillow_image_is_refused() -> None:
    """A Pillow image whose file breaks off is refused like the file itself."""
    data = encoded(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    with Image.open(io.BytesIO(data[:-3000])) as image, pytest.raises(UnreadableImage):
        coloured(image, "x")
