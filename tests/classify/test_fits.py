"""FITS files through the front doors: the library, the command, folders and zips."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tuningfork
from tests.classify.test_command import run
from tests.fits.made import disk, extensions, light_of, primary, three_bands
from tests.model.toy import write_toy
from tuningfork.images.decode import decode
from tuningfork.images.framing import Reading
from tuningfork.votes.rules import load_rule

RED = three_bands(disk())


@pytest.fixture
def sky(tmp_path: Path) -> Path:
    """Make a folder of FITS files of every ending, one below another folder, one damaged."""
    folder = tmp_path / "sky"
    (folder / "deeper").mkdir(parents=True)
    data = primary(RED)
    (folder / "1.fits").write_bytes(data)
    (folder / "2.FIT").write_bytes(extensions(RED, ("i", "r", "g")))
    (folder / "3.fits.gz").write_bytes(gzip.compress(data))
    (folder / "deeper" / "4.fits.fz").write_bytes(data)
    (folder / "5.fts").write_bytes(data[:20_000])
    return folder


def test_folders_and_zips_are_searched_for_fits(tmp_path: Path, sky: Path) -> None:
    """Every ending is found and left out of the id; a damaged file is a row."""
    toy = write_toy(tmp_path / "toy")
    archive = tmp_path / "sky.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(sky.rglob("*.*")):
            if path.is_file():
                file.write(path, path.relative_to(sky))
    for where in (sky, archive):
        done = run("classify", where, "--model", toy, "--json")
        rows = {row["id"]: row for row in json.loads(done.stdout)}
        assert sorted(rows) == ["1", "2", "3", "4", "5"]
        assert "damaged" in rows["5"]["error"]
        assert len({rows[name]["class"] for name in "1234"} - {None}) == 1
        assert "third axis counts 3 bands" in rows["1"]["note"]
        assert done.returncode == 1


def test_the_command_says_what_it_did_with_the_galaxy(tmp_path: Path) -> None:
    """The table has a line on bands, scale, size and place, with and without wishes."""
    toy = write_toy(tmp_path / "toy")
    path = tmp_path / "off.fits"
    path.write_bytes(primary(three_bands(disk(300, at=(200.0, 90.0))), PETROR90=12.0))
    shown = run("classify", path, "--model", toy).stdout
    assert "0.396″ a pixel by the WCS" in shown
    assert "R90 12″ (30.3 px) from PETROR90" in shown
    assert "galaxy found 50 px right of and 60 px below the middle, and centred" in shown
    wished = run(
        "classify", path, "--model", toy, "--center", "200,90", "--size", "10arcsec",
        "--bands", "2", "--stretch", "0.4", "--softening", "8",
    ).stdout  # fmt: skip
    assert "centred on 200,90" in wished
    assert "R90 10″ (25.3 px) as asked" in wished
    assert "asinh stretch 0.4 as asked, softening 8" in wished


@pytest.mark.parametrize(
    "wish", [["--center", "left"], ["--size", "huge"], ["--bands", "1,2"], ["--stretch", "0"]]
)
def test_wrong_wishes_give_2_and_a_reason(tmp_path: Path, wish: list[str]) -> None:
    """Options that mean nothing are refused before anything is read."""
    done = run("classify", tmp_path, *wish)
    assert done.returncode == 2
    assert "give" in done.stderr


def test_fits_libraries_are_loaded_only_for_fits(tmp_path: Path) -> None:
    """A plain picture brings no astropy."""
    toy = write_toy(tmp_path / "toy")
    code = (
        "import sys, numpy, tuningfork\n"
        "tuningfork.load(sys.argv[1]).classify(numpy.zeros((40, 40), 'u1'))\n"
        "print(sorted({'astropy', 'scipy'} & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, str(toy)], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


def test_real_galaxies_wrapped_in_fits_keep_their_class(tmp_path: Path, shared_data: Path) -> None:
    """Turned back into nanomaggies with a WCS, nine in ten galaxies are what their JPEG is."""
    from tuningfork.data import read_set

    galaxies = read_set(shared_data / "kaggle", load_rule("reference")).galaxies
    classifier = tuningfork.load()
    same, total = 0, 0
    for galaxy in [one for one in galaxies if one.known.label][:30]:
        data = galaxy.picture.read()
        wanted = classifier.classify(data, reading=Reading(center="frame", size="frame"))
        path = tmp_path / f"{galaxy.id}.fits"
        path.write_bytes(primary(light_of(decode(data, "x")), BUNIT="nanomaggy", BANDS="irg"))
        same += classifier.classify(path).label == wanted.label
        total += 1
    assert same >= 0.9 * total


def test_a_finished_picture_saved_as_fits_is_shown_as_it_is(shared_data: Path) -> None:
    """8-bit planes, as converters write them, give the JPEG's own answer, in colour and in grey."""
    path = sorted((shared_data / "kaggle" / "images_training_rev1").glob("*.jpg"))[0]
    picture = decode(path.read_bytes(), "x")
    planes = np.ascontiguousarray(np.moveaxis(picture[::-1], -1, 0))
    classifier = tuningfork.load()
    wanted = classifier.classify(picture)
    for form in (planes, planes.astype(np.float32), planes / np.float32(255)):
        found = classifier.classify(primary(form))
        assert found.probabilities == pytest.approx(wanted.probabilities, abs=1e-4)
        assert "shown as it is" in found.note
