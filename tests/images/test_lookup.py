"""Finding pictures by the names in a catalogue."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.images.pictures import encoded, scene
from tests.images.test_sources import zipped
from tuningfork.errors import BadData, UnreadableImage
from tuningfork.images.lookup import Lookup
from tuningfork.images.sources import Picture

PNG = encoded(scene())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a folder whose pictures hold their own names."""
    root = tmp_path / "images"
    for name in (
        "1.jpg",
        "2.PNG",
        "a.b.png",
        "deep/3.jpg",
        "deep/4.jpg",
        "deeper/x/4.png",
        "5.Jpg",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def content(picture: Picture) -> str:
    """What the picture's file holds."""
    return picture.read().decode()


@pytest.mark.parametrize(
    ("id_", "name"),
    [
        ("1", "1.jpg"),
        ("2", "2.PNG"),
        ("a.b", "a.b.png"),
        ("1.jpg", "1.jpg"),
        ("3", "deep/3.jpg"),
        ("deep/4", "deep/4.jpg"),
        ("5", "5.Jpg"),
    ],
)
def test_ids_find_pictures_of_any_ending(root: Path, id_: str, name: str) -> None:
    """An id is the file's name without its ending, directly in the folder or below it."""
    found = Lookup(root).by_id(id_)
    assert content(found) == name
    assert Path(found.path) == root / name


def test_the_folder_itself_comes_before_those_below(root: Path) -> None:
    """A picture directly in the folder hides one of the same name below."""
    (root / "deep" / "1.jpg").write_text("other")
    assert content(Lookup(root).by_id("1")) == "1.jpg"


def test_an_id_that_several_folders_have_is_refused(root: Path) -> None:
    """Which of two pictures is meant cannot be guessed; both are named."""
    with pytest.raises(UnreadableImage, match=r"several pictures.*deep/4\.jpg, deeper/x/4\.png"):
        Lookup(root).by_id("4").read()


def test_an_id_without_a_picture_is_refused_by_name(root: Path) -> None:
    """What is missing is said when the picture is read, not before."""
    with pytest.raises(UnreadableImage, match=r"images: holds no picture 77 .*; add it"):
        Lookup(root).by_id("77").read()


def test_paths_are_relative_to_the_root_or_absolute(root: Path, tmp_path: Path) -> None:
    """Both forms of a path find the file; its stem is the picture's id."""
    found = Lookup(root).by_path("deep/3.jpg")
    assert (content(found), found.id) == ("deep/3.jpg", "3")
    assert content(Lookup(tmp_path).by_path(str(root / "1.jpg"))) == "1.jpg"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent.jpg", "No such file"),
        ("deep", "a folder"),
        ("https://example.org/1.jpg", "an address, not a file; fetch it first"),
        ("s3://bucket/1.jpg", "an address"),
        ("bad\0name.jpg", "null"),
        ("x" * 300 + ".jpg", "too long"),
    ],
)
def test_paths_that_are_no_picture_say_why(root: Path, name: str, reason: str) -> None:
    """Missing files, folders, web addresses and impossible names are refused one by one."""
    with pytest.raises(UnreadableImage, match=reason):
        Lookup(root).by_path(name).read()
    with pytest.raises(UnreadableImage, match=r"an address|holds no picture"):
        Lookup(root).by_id(name).read()


def test_pipes_and_devices_are_refused_unread(root: Path) -> None:
    """A named pipe would keep a reader waiting for ever."""
    os.mkfifo(root / "pipe.jpg")
    with pytest.raises(UnreadableImage, match="no plain file"):
        Lookup(root).by_path("pipe.jpg").read()
    with pytest.raises(UnreadableImage, match="no plain file"):
        Lookup(root).by_path("/dev/zero").read()


def test_names_that_are_not_utf8_are_found_as_tables_spell_them(root: Path) -> None:
    r"""``\xff`` in a catalogue is the byte 255 in a file's name, unless a file is named so."""
    (root / os.fsdecode(b"gal\xff.png")).write_text("byte")
    assert content(Lookup(root).by_id(r"gal\xff")) == "byte"
    assert content(Lookup(root).by_path(r"gal\xff.png")) == "byte"
    (root / r"gal\xff.png").write_text("letters")
    assert content(Lookup(root).by_id(r"gal\xff")) == "letters"


@pytest.mark.parametrize("name", ["1.png", "a/1.png", "set/a/1.png"])
def test_members_of_a_zip_are_found_by_path_and_by_id(tmp_path: Path, name: str) -> None:
    """A member is named whole or by the end of its name."""
    (tmp_path / "set.zip").write_bytes(zipped({"set/a/1.png": b"one", "set/b/2.png": b"two"}))
    lookup = Lookup(tmp_path / "set.zip")
    assert lookup.by_path(name).read() == b"one"
    assert lookup.by_id(name.removesuffix(".png")).read() == b"one"
    assert lookup.by_id("2").read() == b"two"


def test_members_that_several_folders_of_a_zip_have_are_refused(tmp_path: Path) -> None:
    """The end of a name that is not unique is not enough; a longer end is."""
    (tmp_path / "set.zip").write_bytes(
        zipped({"a/1.png": b"one", "b/1.png": b"two", "11.png": b""})
    )
    lookup = Lookup(tmp_path / "set.zip")
    with pytest.raises(UnreadableImage, match="several pictures"):
        lookup.by_id("1").read()
    assert lookup.by_path("b/1.png").read() == b"two"
    with pytest.raises(UnreadableImage, match="holds no picture 3"):
        lookup.by_id("3").read()


def test_a_zip_that_breaks_off_still_gives_what_is_whole(tmp_path: Path) -> None:
    """The pictures before the break are found, the others are missing."""
    (tmp_path / "set.zip").write_bytes(zipped({"1.png": PNG, "2.png": PNG})[:-10])
    assert Lookup(tmp_path / "set.zip").by_id("2").read() == PNG


def test_a_root_that_is_no_folder_and_no_zip_is_refused(tmp_path: Path) -> None:
    """A wrong --images ends the work before it begins."""
    with pytest.raises(BadData, match="no such folder or zip"):
        Lookup(tmp_path / "absent")
    (tmp_path / "1.png").write_bytes(PNG)
    with pytest.raises(BadData, match="neither a folder nor a zip"):
        Lookup(tmp_path / "1.png")
