"""Finding pictures."""

from __future__ import annotations

import io
import os
import pickle
import sys
import tracemalloc
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.images.pictures import encoded, scene
from tuningfork.errors import BadData, UnreadableImage
from tuningfork.images import sources
from tuningfork.images.sources import count_pictures, find_pictures

PNG = encoded(scene())


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Give the bytes of a zip that holds the files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Let standard input hold these bytes."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def ids(*paths: Path) -> list[str]:
    """Give the ids of the pictures found, in order."""
    return [one.id for one in find_pictures(paths)]


def test_folders_are_searched_to_the_bottom_in_order(tmp_path: Path) -> None:
    """Pictures come sorted, whatever the case of their endings; other files are passed over."""
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for name in ("b/deep/3.JPEG", "b/2.tiff", "1.Png", "notes.txt", "b/table.csv"):
        (tmp_path / name).write_bytes(PNG)
    assert ids(tmp_path) == ["1", "2", "3"]


def test_hidden_files_and_what_macos_leaves_are_passed_over(tmp_path: Path) -> None:
    """Names that begin with a dot and __MACOSX hold no pictures of the user's."""
    for name in ("good.png", "._good.png", ".hidden/a.png", "__MACOSX/good.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(PNG)
    assert ids(tmp_path) == ["good"]
    archive = tmp_path / "set.zip"
    archive.write_bytes(zipped({"good.png": PNG, "._good.png": PNG, "__MACOSX/x.png": PNG}))
    assert ids(archive) == ["good"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    """A folder that links to its own parent is walked once."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(PNG)
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert ids(tmp_path) == ["1"]


def test_zips_are_read_without_unpacking(tmp_path: Path) -> None:
    """Members come sorted, with the zip in their path, and from zips inside folders too."""
    (tmp_path / "set.zip").write_bytes(zipped({"b/2.png": PNG, "a/1.png": b"one", "read.me": b""}))
    for path in (tmp_path, tmp_path / "set.zip"):
        found = list(find_pictures([path]))
        assert [one.id for one in found] == ["1", "2"]
        assert found[0].path == f"{tmp_path}/set.zip/a/1.png"
        assert found[0].read() == b"one"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["set.zip"]


def test_zip_members_can_be_read_by_threads_and_other_processes(tmp_path: Path) -> None:
    """One archive serves many threads, and pictures can be sent to another process."""
    members = {f"{place}.png": bytes([place]) * 5000 for place in range(50)}
    (tmp_path / "set.zip").write_bytes(zipped(members))
    found = list(find_pictures([tmp_path / "set.zip"]))
    with ThreadPoolExecutor(8) as pool:
        assert all(
            data == bytes([int(one.id)]) * 5000
            for one, data in zip(found, pool.map(lambda one: one.read(), found), strict=True)
        )
    assert pickle.loads(pickle.dumps(found[3])).read() == found[3].read()


@pytest.mark.parametrize(("kept", "whole"), [(0, 0), (1, 0), (100, 0), (-10, 2), (-200, 1)])
def test_a_truncated_zip_gives_what_is_whole_and_says_so(
    tmp_path: Path, kept: int, whole: int
) -> None:
    """Of a zip that breaks off the whole pictures are read; a row of its own names the break."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    pictures = {"1.png": PNG, "2.png": encoded(noise)}
    (tmp_path / "cut.zip").write_bytes(zipped(pictures)[:kept])
    (tmp_path / "good.png").write_bytes(PNG)
    *saved, bad, good = find_pictures([tmp_path / "cut.zip", tmp_path / "good.png"])
    assert [(one.id, one.read()) for one in saved] == [
        (name[0], data) for name, data in list(pictures.items())[:whole]
    ]
    assert (bad.id, good.id) == ("cut", "good")
    said = f"; the {whole} whole" if whole else "again$"
    with pytest.raises(UnreadableImage, match=rf"cut\.zip: not a whole zip.*{said}"):
        bad.read()
    assert good.read() == PNG


def test_a_zip_of_a_version_that_is_not_known_is_said(tmp_path: Path) -> None:
    """Its list of members asks for zip 9.9; the next picture is read all the same."""
    data = bytearray(zipped({"1.png": PNG}))
    data[data.rindex(b"PK\x01\x02") + 6] = 99
    (tmp_path / "new.zip").write_bytes(data)
    (tmp_path / "good.png").write_bytes(PNG)
    *_, bad, good = find_pictures([tmp_path / "new.zip", tmp_path / "good.png"])
    with pytest.raises(UnreadableImage, match=r"new\.zip: not a whole zip \(zip file version 9\.9"):
        bad.read()
    assert good.read() == PNG


def test_a_truncated_zip_on_standard_input_gives_what_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bytes from a pipe are saved as a file's are."""
    stdin(monkeypatch, zipped({"1.png": PNG})[:-10])
    saved, bad = find_pictures([Path("-")])
    assert (saved.id, saved.read()) == ("1", PNG)
    with pytest.raises(UnreadableImage, match="not a whole zip"):
        bad.read()


def test_a_member_that_unpacks_to_more_than_it_says_is_stopped(tmp_path: Path) -> None:
    """A "zip bomb" whose directory lies about its size is refused or cut, never unpacked whole."""
    data = bytearray(zipped({"1.png": b"\0" * 50_000_000}))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.index(mark) + place
        data[start : start + 4] = (1000).to_bytes(4, "little")
    (tmp_path / "bomb.zip").write_bytes(bytes(data))
    (found,) = find_pictures([tmp_path / "bomb.zip"])
    tracemalloc.start()
    with pytest.raises(UnreadableImage, match=r"bomb\.zip/1\.png"):
        found.read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_damaged_member_is_named_and_others_go_on(tmp_path: Path) -> None:
    """A wrong checksum inside a zip is that member's error only."""
    data = zipped({"1.png": PNG, "2.png": PNG})
    place = data.index(b"1.png") + 40
    (tmp_path / "set.zip").write_bytes(
        data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :]
    )
    bad, good = find_pictures([tmp_path / "set.zip"])
    with pytest.raises(UnreadableImage, match=r"set\.zip/1\.png"):
        bad.read()
    assert good.read() == PNG


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    """A member that needs a password says so."""
    data = bytearray(zipped({"1.png": PNG}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "set.zip").write_bytes(bytes(data))
    (found,) = find_pictures([tmp_path / "set.zip"])
    with pytest.raises(UnreadableImage, match="password"):
        found.read()


def test_a_named_file_is_taken_whatever_its_ending(tmp_path: Path) -> None:
    """What the user names is tried by its content: a picture or a zip."""
    (tmp_path / "m51").write_bytes(PNG)
    (tmp_path / "set.bin").write_bytes(zipped({"1.png": PNG}))
    assert ids(tmp_path / "m51", tmp_path / "set.bin") == ["m51", "1"]


def test_names_that_are_not_utf8_are_spelled_out(tmp_path: Path) -> None:
    """Any name of a file can be written to any table."""
    name = os.fsdecode(b"gal\xff\n1.png")
    (tmp_path / name).write_bytes(PNG)
    (found,) = find_pictures([tmp_path])
    assert found.id == "gal\\xff\n1"
    assert found.path.encode("utf-8")
    assert found.read() == PNG


@pytest.mark.parametrize("name", ["absent", "absent.png", "bad\0name"])
def test_a_path_that_does_not_exist_is_refused_at_once(tmp_path: Path, name: str) -> None:
    """A misspelled path ends the work before it begins, even behind a good one."""
    (tmp_path / "good.png").write_bytes(PNG)
    with pytest.raises(BadData, match=name.rstrip("\0name")):
        find_pictures([tmp_path / "good.png", tmp_path / name])


def test_folders_and_zips_without_pictures_are_refused(tmp_path: Path) -> None:
    """Nothing to do is an error that says what was looked for."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.zip").write_bytes(zipped({"read.me": b""}))
    for name in ("empty", "empty.zip"):
        with pytest.raises(BadData, match=r"no picture in this .*\.png"):
            find_pictures([tmp_path / name])


def test_a_file_that_vanishes_or_may_not_be_read_is_an_error_of_its_own(tmp_path: Path) -> None:
    """What goes wrong after finding is the picture's error."""
    (tmp_path / "1.png").write_bytes(PNG)
    (found,) = find_pictures([tmp_path])
    (tmp_path / "1.png").unlink()
    with pytest.raises(UnreadableImage, match=r"1\.png: No such file"):
        found.read()


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files and members of zips beyond the limit are refused instead of filling the memory."""
    monkeypatch.setattr(sources, "LARGEST_FILE", len(PNG) - 1)
    (tmp_path / "1.png").write_bytes(PNG)
    (tmp_path / "set.zip").write_bytes(zipped({"2.png": PNG}))
    found = list(find_pictures([tmp_path]))
    assert len(found) == 2
    for one in found:
        with pytest.raises(UnreadableImage, match="larger than"):
            one.read()


def test_standard_input_holds_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash reads one picture from standard input."""
    stdin(monkeypatch, PNG)
    (found,) = find_pictures([Path("-")])
    assert (found.id, found.path, found.read()) == ("stdin", "-", PNG)


def test_standard_input_holds_a_zip(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash reads the pictures of a zip from standard input."""
    stdin(monkeypatch, zipped({"1.png": PNG, "2.png": PNG}))
    assert [(one.id, one.read()) for one in find_pictures([Path("-")])] == [("1", PNG), ("2", PNG)]


def test_standard_input_holds_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash reads lines with paths, as find prints them; a wrong one is an error of its own."""
    (tmp_path / "1.png").write_bytes(PNG)
    stdin(monkeypatch, f"{tmp_path / '1.png'}\n{tmp_path / '2.png'}\n".encode())
    good, bad = find_pictures([Path("-")])
    assert good.read() == PNG
    with pytest.raises(UnreadableImage, match=r"2\.png: No such file"):
        bad.read()


def test_standard_input_that_names_no_file_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list whose first path is wrong is not taken for a picture of an unknown kind."""
    stdin(monkeypatch, b"galaxies/absent.jpg\ngalaxies/2.jpg\n")
    (found,) = find_pictures([Path("-")])
    with pytest.raises(UnreadableImage, match=r"line, galaxies/absent\.jpg, names no file"):
        found.read()


def test_members_packed_from_beside_are_read(tmp_path: Path) -> None:
    """A name that begins with ../ is no hidden one; nothing is ever written where it says."""
    archive = tmp_path / "set.zip"
    archive.write_bytes(zipped({"../night/1.png": PNG, ".cache/2.png": PNG}))
    assert ids(archive) == ["1"]


def test_an_address_is_shown_as_it_was_given() -> None:
    """A path drops one of an address's slashes; the sentence has both."""
    with pytest.raises(BadData, match=r"^https://example\.org/1\.jpg: an address"):
        find_pictures([Path("https://example.org/1.jpg")])


def test_pictures_are_counted_beforehand_where_they_can_be(tmp_path: Path) -> None:
    """Folders and zips are counted without reading a picture; standard input is not."""
    (tmp_path / "1.png").write_bytes(b"broken")
    (tmp_path / "set.zip").write_bytes(zipped({"2.png": PNG, "3.png": PNG}))
    assert count_pictures([tmp_path, tmp_path / "1.png"]) == 4
    assert count_pictures([tmp_path, Path("-")]) is None
