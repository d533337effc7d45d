"""Folders of simulated galaxies, and the verb that makes them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from tuningfork.cli import app
from tuningfork.data import read_set
from tuningfork.errors import BadData
from tuningfork.images.simulated import folder as folder_module
from tuningfork.images.simulated import simulate_folder
from tuningfork.images.simulated.folder import galaxy_id
from tuningfork.images.simulated.scene import SimulatedGalaxy, label_of, render
from tuningfork.votes.rules import CLASSES, load_rule


def _make(output: Path, count: int, seed: int = 3) -> list[bool]:
    return list(simulate_folder(output, count=count, seed=seed))


def _pictures(output: Path) -> dict[str, bytes]:
    paths = sorted(output.rglob("*.jpg"))
    return {str(path.relative_to(output)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five galaxies of seed 3."""
    output = tmp_path_factory.mktemp("sky") / "new"
    _make(output, 5)
    return output


def test_layout_is_class_folders_and_truth(sky: Path) -> None:
    """Pictures lie in class folders, and the table tells of each its class and its parts."""
    assert sorted(path.name for path in sky.iterdir()) == sorted([*CLASSES, "truth.csv"])
    with (sky / "truth.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {f"{row['class']}/{row['id']}.jpg" for row in rows} == set(_pictures(sky))
    spiral = next(row for row in rows if row["class"] == "spiral")
    assert 8 <= float(spiral["pitch_angle"]) <= 32
    assert spiral["bar_length"] == ""


def test_folder_is_a_set_of_galaxies(sky: Path) -> None:
    """What evaluate and the game read in the folder are its pictures with their classes."""
    found = read_set(sky, load_rule("reference"))
    assert not found.problems
    assert len(found.galaxies) == 5
    expected = {galaxy_id(3, index): label_of(3, index) for index in range(5)}
    assert {galaxy.id: galaxy.known.label for galaxy in found.galaxies} == expected


def test_pictures_tell_nothing_but_the_galaxy(sky: Path) -> None:
    """The files are JPEG of 424 pixels that carry no text, and their names no class."""
    for path in sky.rglob("*.jpg"):
        with Image.open(path) as picture:
            assert picture.format == "JPEG"
            assert picture.size == (424, 424)
            assert picture.mode == "RGB"
            assert not picture.getexif()
            assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert len(path.stem) == 8
        assert int(path.stem, 16) >= 0


def test_longer_run_begins_with_the_shorter(sky: Path, tmp_path: Path) -> None:
    """The first galaxies of a longer run are, byte for byte, those of a shorter one."""
    _make(tmp_path, 7)
    longer = _pictures(tmp_path)
    assert len(longer) == 7
    assert _pictures(sky).items() <= longer.items()


def test_stopped_run_goes_on(sky: Path, tmp_path: Path) -> None:
    """A run that was stopped draws only what is missing, and ends like one that was not."""
    run = simulate_folder(tmp_path, count=5, seed=3)
    assert [next(run), next(run)] == [True, True]
    assert len(_pictures(tmp_path)) == 2
    assert not (tmp_path / "truth.csv").exists()
    assert _make(tmp_path, 5) == [False, False, True, True, True]
    assert _pictures(tmp_path) == _pictures(sky)
    assert (tmp_path / "truth.csv").read_bytes() == (sky / "truth.csv").read_bytes()


def test_other_peoples_files_are_left_alone(tmp_path: Path) -> None:
    """A folder that holds anything else is refused by name, and nothing is written into it."""
    (tmp_path / "holiday.jpg").write_bytes(b"sun")
    with pytest.raises(BadData, match=r"already holds holiday\.jpg.*choose an empty folder"):
        _make(tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_folder_of_another_seed_is_refused(sky: Path) -> None:
    """Galaxies of another seed, or more of them than asked for, are not mixed into a set."""
    before = _pictures(sky)
    with pytest.raises(BadData, match="the count and seed with which that one was begun"):
        _make(sky, 5, seed=4)
    with pytest.raises(BadData, match="already holds"):
        _make(sky, 2)
    assert _pictures(sky) == before


@pytest.mark.parametrize(("count", "seed"), [(0, 1), (-3, 1), (2**32 + 1, 1), (4, -1)])
def test_impossible_counts_and_seeds_are_refused(tmp_path: Path, count: int, seed: int) -> None:
    """Counts below 1 or beyond the ids, and negative seeds, are refused before anything is made."""
    with pytest.raises(BadData, match="give a count from 1"):
        _make(tmp_path / "sky", count, seed)
    assert not (tmp_path / "sky").exists()


def test_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    """An output that is a file, or lies below one, is refused with what to do."""
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(BadData, match="notes is a file: name a folder"):
        _make(tmp_path / "notes", 1)
    with pytest.raises(BadData, match="cannot be written"):
        _make(tmp_path / "notes" / "sky", 1)


def test_full_disk_is_told_and_leaves_no_half_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk is full the message says so, and no half-written file stays."""

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BadData, match=r"No space left on device.*run the same command again"):
        _make(tmp_path, 1)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_ids_differ_and_follow_no_order() -> None:
    """Ids of a seed never coincide, and neither order nor class can be read from them."""
    ids = [galaxy_id(9, index) for index in range(20_000)]
    assert len(set(ids)) == len(ids)
    assert ids[:100] != sorted(ids[:100])
    assert not set(ids[:100]) & {galaxy_id(10, index) for index in range(100)}


def test_verb_draws_and_says_where(tmp_path: Path) -> None:
    """The verb draws the galaxies asked for and prints where they are."""
    result = CliRunner().invoke(
        app, ["simulate", "--count", "2", "--seed", "3", "--output", str(tmp_path / "sky")]
    )
    assert result.exit_code == 0, result.output
    assert "2 galaxies of seed 3 are in" in result.stdout
    assert len(_pictures(tmp_path / "sky")) == 2


def test_verb_refuses_a_count_of_none(tmp_path: Path) -> None:
    """A count below 1 is a usage error."""
    result = CliRunner().invoke(app, ["simulate", "--count", "0", "--output", str(tmp_path / "a")])
    assert result.exit_code == 2
    assert not (tmp_path / "a").exists()


def test_verb_stopped_by_the_keyboard_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C keeps what is drawn, says how many that are, and exits with 130."""

    def stopping(seed: int, index: int) -> SimulatedGalaxy:
        if index == 1:
            raise KeyboardInterrupt
        return render(seed, index)

    monkeypatch.setattr(folder_module, "render", stopping)
    result = CliRunner().invoke(app, ["simulate", "--count", "3", "--output", str(tmp_path)])
    assert result.exit_code == 130
    assert "Stopped with 1 of 3 galaxies drawn" in result.stderr
    assert len(_pictures(tmp_path)) == 1
    assert len(list(tmp_path.rglob("*.*"))) == 1
