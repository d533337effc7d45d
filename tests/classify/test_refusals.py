"""Every line of docs/refusals.md, done."""

from __future__ import annotations

import io
import os
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.classify.conftest import COLOURS, plain
from tests.images.pictures import encoded
from tuningfork.classify import Row, classify_pictures
from tuningfork.errors import BadData
from tuningfork.images.sources import LARGEST_FILE, Picture, find_pictures
from tuningfork.model.session import Model

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "refusals.md"
NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
GREEN = COLOURS["spiral"]
Make = Callable[[Path], Path]


def table(heading: str) -> dict[str, str]:
    """Give the second column of a section's table by the first."""
    section = DOCUMENT.read_text(encoding="utf-8").partition(f"## {heading}\n")[2]
    rows = re.findall(r"^\| (.*?) \| (.*?) \|$", section.partition("\n## ")[0], re.M)
    return dict(rows[1:])


def saved(name: str, data: bytes) -> Make:
    """Write the bytes under a name."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def in_folder(make: Make) -> Make:
    """Make a file and give the folder around it."""

    def around(folder: Path) -> Path:
        make(folder)
        return folder

    return around


def bomb() -> bytes:
    """Give a PNG of a few bytes that claims 60,000×60,000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        checked = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + checked

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(999)))


def many_scans() -> bytes:
    """Give a JPEG that claims 7000×7000 pixels and goes over them two thousand times."""
    data = encoded(NOISE, "JPEG", progressive=True)
    size = data.index(b"\xff\xc2") + 5
    scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:size] + struct.pack(">HH", 7000, 7000) + data[size + 4 : -2] + scan * 2000


def zipped(*names: str) -> bytes:
    """Give a zip with pictures of noise."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, encoded(NOISE))
    return file.getvalue()


def with_password() -> bytes:
    """Mark a zip's member as encrypted."""
    data = bytearray(zipped("1.png"))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def damaged_member() -> bytes:
    """Flip a byte inside a member."""
    data = bytearray(zipped("1.png"))
    data[500] ^= 255
    return bytes(data)


def fits(array: object, *, bare: bool = False) -> bytes:
    """Give a FITS file with the array as its image, or with nothing but a table."""
    from astropy.io import fits as library

    column = library.Column("ra", "D", array=np.arange(3.0))
    lists = (
        [library.PrimaryHDU(), library.BinTableHDU.from_columns([column])]
        if bare
        else [library.PrimaryHDU(np.asarray(array, np.float32))]
    )
    file = io.BytesIO()
    library.HDUList(lists).writeto(file)
    return file.getvalue()


def huge(folder: Path) -> Path:
    """Make a file that claims more bytes than are read, without writing them."""
    path = folder / "1.jpg"
    path.touch()
    os.truncate(path, LARGEST_FILE + 1)
    return path


def link_to_itself(folder: Path) -> Path:
    """Make a link that leads round in a circle."""
    (folder / "1.jpg").symlink_to(folder / "1.jpg")
    return folder / "1.jpg"


def pipe(folder: Path) -> Path:
    """Make a named pipe that nobody writes to."""
    os.mkfifo(folder / "1.jpg")
    return folder


def locked(folder: Path) -> Path:
    """Make a folder that may not be read, beside a good picture."""
    (folder / "closed").mkdir()
    saved("1.png", plain(GREEN))(folder / "closed")
    (folder / "closed").chmod(0)
    return folder


def not_to_enter(folder: Path) -> Path:
    """Make a folder whose names may be listed and whose files not be reached."""
    (folder / "inside").mkdir()
    saved("1.png", plain(GREEN))(folder / "inside")
    (folder / "inside").chmod(0o644)
    return folder / "inside"


def device(folder: Path) -> Path:
    """Make a link to a device that never ends."""
    (folder / "1.jpg").symlink_to("/dev/zero")
    return folder


def closed_zip(folder: Path) -> Path:
    """Make a zip that may not be read."""
    path = saved("set.zip", zipped("1.png"))(folder)
    path.chmod(0)
    return path


def unreadable(folder: Path) -> Path:
    """Make a file that may not be read."""
    path = saved("1.png", plain(GREEN))(folder)
    path.chmod(0)
    return path


REFUSED: dict[str, Make] = {
    "an empty file": saved("1.jpg", b""),
    "a truncated JPEG": saved("1.jpg", encoded(NOISE, "JPEG")[:1500]),
    "a truncated PNG": saved("1.png", encoded(NOISE)[:-3000]),
    "a picture of 1×1 pixel": saved("1.png", encoded(NOISE[:1, :1])),
    "a picture that claims 60,000×60,000 pixels": saved("1.png", bomb()),
    "a JPEG of thousands of scans": saved("1.jpg", many_scans()),
    "a web page named `.jpg`": saved("1.jpg", b"<!doctype html><title>404 Not Found</title>"),
    "a file larger than 256 MiB": huge,
    "a FITS file of NaN only": saved("1.fits", fits(np.full((32, 32), np.nan))),
    "a FITS file without an image": saved("1.fits", fits(None, bare=True)),
    "a truncated FITS file": saved("1.fits", fits(NOISE[:, :, 0])[:4000]),
    "a damaged member of a zip": saved("set.zip", damaged_member()),
    "a member of a zip that needs a password": saved("set.zip", with_password()),
    "a zip that breaks off": saved("set.zip", zipped("1.png", "2.png")[:-3000]),
    "a file that you may not read": unreadable,
    "a zip that you may not read": closed_zip,
    "a folder that you may not read, within another": locked,
    "a picture in a folder that you may not enter": not_to_enter,
    "a link to itself, in a folder": in_folder(link_to_itself),
    "a named pipe, in a folder": pipe,
    "a link to a device, in a folder": device,
}
REFUSED_AT_ONCE: dict[str, Make] = {
    "a path that does not exist": lambda folder: folder / "absent.jpg",
    "an address": lambda _: Path("https://skyserver.sdss.org/1.jpg"),
    "a folder without pictures": lambda folder: folder,
    "a zip without pictures": saved("set.zip", zipped("read.me")),
    "a link to itself, by its name": link_to_itself,
}


def animated(kind: str) -> bytes:
    """Give a green frame and a red one after it."""
    file = io.BytesIO()
    frames = [Image.new("RGB", (40, 40), COLOURS[name]) for name in ("spiral", "elliptical")]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return file.getvalue()


def turned() -> bytes:
    """Give a JPEG that says it lies on its side."""
    exif = Image.Exif()
    exif[274] = 6
    return encoded(np.full((40, 60, 3), GREEN, np.uint8), "JPEG", exif=exif.tobytes())


def linked_round(folder: Path) -> Path:
    """Make a folder that links to itself beside a good picture."""
    saved("1.png", plain(GREEN))(folder)
    (folder / "up").symlink_to(folder)
    return folder


FLAT = np.full((40, 40, 3), GREEN, np.uint8)
GREY = np.tile(np.linspace(0, 60_000, 40).astype(np.uint16), (40, 1))
READ: dict[str, Make] = {
    "a CMYK JPEG": saved("1.jpg", encoded(FLAT, "JPEG", "CMYK")),
    "a picture with a palette": saved("1.png", encoded(FLAT, mode="P")),
    "an animated GIF": saved("1.gif", animated("GIF")),
    "an animated WebP": saved("1.webp", animated("WEBP")),
    "a JPEG turned by EXIF": saved("1.jpg", turned()),
    "16 bits a pixel, and floats": saved("1.tif", encoded(GREY.astype(np.float32), "TIFF")),
    "a PNG named `.jpg`": saved("1.jpg", plain(GREEN)),
    "a FITS file named `.jpg`": saved("1.jpg", fits(NOISE[:, :, 0])),
    "a name with a line break": saved("a\nb.png", plain(GREEN)),
    "a name that is not UTF-8": saved(os.fsdecode(b"\xff.png"), plain(GREEN)),
    "a folder that links to its own parent": linked_round,
}  # fmt: skip
COLOURLESS = {"16 bits a pixel, and floats", "a FITS file named `.jpg`"}


@contextmanager
def as_nobody() -> Iterator[None]:
    """Do without the rights of root, which may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def rows(path: Path, model: Model) -> list[Row]:
    """Classify what lies at a path."""
    return list(classify_pictures(model, find_pictures([path])))


def matches(pattern: str, sentence: str) -> bool:
    """Whether a sentence is the documented one, ``…`` standing for anything."""
    wanted = re.escape(pattern.strip("`")).replace("…", ".*")
    return re.fullmatch(f".*: {wanted}", sentence, re.S) is not None


def test_the_tables_are_complete() -> None:
    """No line of the document is without a case here, and no case without a line."""
    assert set(table("Refused, as a row with its error")) == set(REFUSED)
    assert set(table("Refused at once, with exit code 2")) == set(REFUSED_AT_ONCE)
    assert set(table("Read all the same")) == set(READ)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder that a user without rights may reach, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_picture_is_a_row_with_its_error(folder: Path, model: Model, case: str) -> None:
    """The last row has no class, and says what is documented; it begins with the file's name."""
    path = REFUSED[case](folder)
    list(classify_pictures(model, [Picture("", "", lambda: plain(GREEN))]))  # all is imported now
    with as_nobody() if "you may not" in case else nullcontext():
        *others, row = rows(path, model)
    assert row.classification is None
    assert matches(table("Refused, as a row with its error")[case], row.error), row.error
    assert row.error.startswith(str(folder))
    assert [one.error for one in others] == [""] * len(others)


@pytest.mark.parametrize("case", REFUSED_AT_ONCE)
def test_a_wrong_command_is_refused_at_once(folder: Path, case: str) -> None:
    """Nothing begins; the sentence is the documented one."""
    with pytest.raises(BadData) as caught:
        find_pictures([REFUSED_AT_ONCE[case](folder)])
    sentence = str(caught.value)
    assert matches(table("Refused at once, with exit code 2")[case], sentence), sentence


@pytest.mark.parametrize("case", READ)
def test_what_looks_odd_is_read(folder: Path, model: Model, case: str) -> None:
    """The picture has its row and its class."""
    (row,) = rows(READ[case](folder), model)
    assert row.error == ""
    assert row.classification is not None
    if case not in COLOURLESS:
        assert row.classification.label == "spiral"
