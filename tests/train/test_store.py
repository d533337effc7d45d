"""Decoded pictures on disk."""

from __future__ import annotations

import errno
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from rich.progress import Progress

from tests.train.made import class_folders, known_set, of_class, picture, quiet, recipe
from tuningfork.data import read_set
from tuningfork.errors import BadData
from tuningfork.images.decode import decode
from tuningfork.images.frame import Preprocessing
from tuningfork.train.galaxies import Galaxies, gather
from tuningfork.train.recipe import Recipe
from tuningfork.train.store import ABANDONED, Store, open_store
from tuningfork.votes.rules import load_rule


def galaxies(*paths: Path, tmp: Path) -> Galaxies:
    """The sets at these paths under the tiny recipe."""
    sets = [read_set(path, load_rule("reference")) for path in paths]
    return gather(sets, recipe(tmp), excluded=frozenset(), same={})


def opened(found: Galaxies, tmp: Path, plan: Recipe | None = None) -> Store:
    """Decoded, or found decoded."""
    with Progress(console=quiet()) as progress:
        return open_store(found, plan or recipe(tmp), tmp / "cache", progress)


def test_rows_are_the_pictures_at_the_recipes_scale(tmp_path: Path) -> None:
    """Each row is its own picture's centre, as the images room cuts it."""
    found = galaxies(class_folders(tmp_path / "folders", 2), tmp=tmp_path)
    store = opened(found, tmp_path)
    cut = Preprocessing(frame_pixels=48, input_pixels=40)
    for row, entry in enumerate(found.entries):
        expected = cut.apply(decode(picture(int(entry.id)), "here"))
        assert np.array_equal(store.pixels[row], expected)


def test_sets_of_other_frames_come_to_one_scale(tmp_path: Path) -> None:
    """A set named "table" shows 0.8 of the frame, so its 48 pixels become 38 and a margin."""
    folder = class_folders(tmp_path / "table", 1)
    found = galaxies(folder, tmp=tmp_path)
    seen = decode(picture(int(found.entries[0].id)), "here")
    stored = opened(found, tmp_path).pixels[0]
    assert np.array_equal(stored, Preprocessing(48, 40).apply(seen, 0.8))
    assert not np.array_equal(stored, Preprocessing(48, 40).apply(seen))


def test_an_unreadable_picture_is_left_out_alone(tmp_path: Path) -> None:
    """It is named by its row, even where another set has a galaxy of the same id."""
    one, two = class_folders(tmp_path / "one", 2), class_folders(tmp_path / "two", 2)
    (two / "spiral" / "2001.jpg").write_bytes(b"no picture")
    found = galaxies(one, two, tmp=tmp_path)
    store = opened(found, tmp_path)
    broken = [row for row in range(len(found)) if not store.readable[row]]
    assert [found.entries[row].picture.path for row in broken] == [str(two / "spiral/2001.jpg")]
    assert list(store.refusals) == broken
    assert not store.pixels[broken].any()


def test_no_readable_picture_is_refused(tmp_path: Path) -> None:
    """With the first reason."""
    folder = class_folders(tmp_path / "folders", 1)
    for path in folder.glob("*/*.jpg"):
        path.write_bytes(b"no picture")
    with pytest.raises(BadData, match=r"no picture can be read; the first: .*check the data"):
        opened(galaxies(folder, tmp=tmp_path), tmp_path)


def test_decoded_once_until_a_picture_changes(tmp_path: Path) -> None:
    """A second run finds the first's file; another picture under the same name makes its own."""
    folder = class_folders(tmp_path / "folders", 1)
    first = opened(galaxies(folder, tmp=tmp_path), tmp_path)
    assert opened(galaxies(folder, tmp=tmp_path), tmp_path).checksums == first.checksums
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 1
    (folder / "spiral" / "2000.jpg").write_bytes(picture(99))
    changed = opened(galaxies(folder, tmp=tmp_path), tmp_path)
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 2
    assert changed.checksums != first.checksums
    assert not np.array_equal(changed.pixels, first.pixels)


@pytest.mark.parametrize("suffix", [".npy", ".json"])
@pytest.mark.parametrize("left", [0, 20])
def test_damaged_files_are_made_anew(tmp_path: Path, suffix: str, left: int) -> None:
    """A file that was cut off is no trouble but time."""
    (tmp_path / "folders" / "spiral").mkdir(parents=True)
    (tmp_path / "folders" / "spiral" / "1.jpg").write_bytes(b"no picture")
    folder = class_folders(tmp_path / "more", 1)
    shutil.copytree(folder, tmp_path / "folders", dirs_exist_ok=True)
    found = galaxies(tmp_path / "folders", tmp=tmp_path)
    whole = np.array(opened(found, tmp_path).pixels)
    damaged = next((tmp_path / "cache").glob(f"*{suffix}"))
    damaged.write_bytes(damaged.read_bytes()[:left])
    again = opened(found, tmp_path)
    assert np.array_equal(again.pixels, whole)
    assert len(again.refusals) == 1


@pytest.mark.parametrize("damage", [bytes(3000), b"PK\x03\x04"], ids=["zeros", "zip"])
def test_damage_inside_a_file_is_seen(tmp_path: Path, damage: bytes) -> None:
    """Pixels that a disk lost are not learned from; zeros in the middle, a zip's first bytes."""
    found = galaxies(class_folders(tmp_path / "folders", 1), tmp=tmp_path)
    whole = np.array(opened(found, tmp_path).pixels)
    path = next((tmp_path / "cache").glob("*.npy"))
    content = path.read_bytes()
    at = len(content) // 2 if len(damage) > 4 else 0
    path.write_bytes(content[:at] + damage + content[at + len(damage) :])
    assert np.array_equal(opened(found, tmp_path).pixels, whole)
    assert path.read_bytes() == content


def test_what_killed_runs_left_is_cleared(tmp_path: Path) -> None:
    """Half-written files that nobody writes any more; a young one may be another run's.

    Also by a run whose pictures are all there.
    """
    found = galaxies(class_folders(tmp_path / "folders", 1), tmp=tmp_path)
    cache = tmp_path / "cache"
    opened(found, tmp_path)
    old, young = cache / ".pictures-1.npy.a.npy", cache / ".pictures-2.npy.b.npy"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, time.time() - 2 * ABANDONED))
    opened(found, tmp_path)
    assert (old.exists(), young.exists()) == (False, True)


def test_a_disk_that_fills_up_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the cache's, which may be another than the run's."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    found = galaxies(class_folders(tmp_path / "folders", 1), tmp=tmp_path)
    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", full)
    with pytest.raises(OSError, match="No space left") as caught:
        opened(found, tmp_path)
    assert str(tmp_path / "cache") in str(caught.value.filename)


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_a_disk_without_space_is_told_before_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no half file stays behind."""
    found = gather(
        [known_set("a", {"x": of_class("spiral")})], recipe(tmp_path), excluded=frozenset(), same={}
    )
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(10, 10, 0))
    with pytest.raises(OSError, match="No space left") as caught:
        opened(found, tmp_path)
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_two_runs_may_decode_at_once(tmp_path: Path) -> None:
    """Each writes its own file under the same name at its end; both read whole pictures."""
    found = galaxies(class_folders(tmp_path / "folders", 3), tmp=tmp_path)
    plan = recipe(tmp_path)
    with ThreadPoolExecutor(3) as pool:
        stores = list(pool.map(lambda _: opened(found, tmp_path, plan), range(3)))
    assert all(np.array_equal(one.pixels, stores[0].pixels) for one in stores)
    assert stores[0].pixels.any(axis=(1, 2, 3)).all()
    assert len(list((tmp_path / "cache").iterdir())) == 2
