"""Reading sets of galaxies: vote tables and class folders with their pictures."""

from __future__ import annotations

import csv
import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.data.made import jpeg, pictures, zipped
from tests.votes.made import span, votes, write_kaggle
from tuningfork.data import GalaxySet, read_set
from tuningfork.errors import BadData, BadTable, UnknownName
from tuningfork.votes.rules import load_rule

IDS = [str(100001 + row) for row in range(5)]
REFERENCE = load_rule("reference")


def read(path: Path) -> GalaxySet:
    """Read a set with the reference's rule."""
    return read_set(path, REFERENCE)


def ids(found: GalaxySet) -> list[str]:
    """The galaxies' ids."""
    return [galaxy.id for galaxy in found.galaxies]


def kinds(found: GalaxySet) -> dict[str, tuple[str, ...]]:
    """Ids by kind of problem."""
    return {one.kind: one.ids for one in found.problems}


@pytest.fixture
def kaggle(tmp_path: Path) -> Path:
    """A folder with Kaggle's table of five galaxies, the first of which is an elliptical."""
    weighted = votes(5, unasked=0)
    weighted[0, span(1)] = 0.9, 0.1, 0
    weighted[0, span(2)] = 0, 0.1
    weighted[0, span(9)] = 0
    for question in (3, 4, 5):
        weighted[0, span(question)] = 0
        weighted[0, span(question).start] = 0.1
    for question in (10, 11):
        weighted[0, span(question)] = 0
        weighted[0, span(question).start] = 0.1
    weighted[0, span(6)] = 0.1, 0.9
    weighted[0, span(7)] = 0.9, 0, 0
    weighted[0, span(8)] = 0.1, 0, 0, 0, 0, 0, 0
    folder = tmp_path / "kaggle"
    folder.mkdir()
    write_kaggle(folder / "training_solutions_rev1.csv", IDS, weighted)
    return folder


def test_kaggle_folder(kaggle: Path) -> None:
    """Kaggle's layout gives each galaxy its picture, votes and label."""
    pictures(kaggle / "images_training_rev1", IDS)
    found = read(kaggle)
    assert (found.name, ids(found), found.problems) == ("kaggle", IDS, ())
    first = found.galaxies[0]
    assert first.picture.read() == jpeg(0)
    assert first.known.label == "elliptical"
    assert first.known.possible == {"elliptical"}
    assert first.known.votes is not None
    assert first.known.votes[0] == 0.9


@pytest.mark.parametrize("inside", ["", "images_training_rev1/", "a/b/"])
def test_kaggle_zips(kaggle: Path, inside: str) -> None:
    """Pictures and table are read straight out of Kaggle's zips, nothing is unpacked."""
    zipped(kaggle / "images_training_rev1.zip", IDS, inside)
    table = kaggle / "training_solutions_rev1.csv"
    with zipfile.ZipFile(kaggle / "training_solutions_rev1.zip", "w") as archive:
        archive.write(table, table.name)
    table.unlink()
    found = read(kaggle)
    assert ids(found) == IDS
    assert found.problems == ()
    with ThreadPoolExecutor(4) as pool:
        assert (
            list(pool.map(lambda one: one.picture.read(), found.galaxies * 5))
            == [jpeg(seed) for seed in range(5)] * 5
        )
    assert sorted(path.name for path in kaggle.iterdir()) == [
        "images_training_rev1.zip",
        "training_solutions_rev1.zip",
    ]


def test_galaxies_go_to_other_processes(kaggle: Path) -> None:
    """A set can be pickled, open zips and all."""
    zipped(kaggle / "images.zip", IDS)
    found = read(kaggle)
    found.galaxies[0].picture.read()
    again = pickle.loads(pickle.dumps(found))
    assert again.galaxies[4].picture.read() == jpeg(4)


def test_kaggles_benchmarks_beside_are_no_trouble(kaggle: Path) -> None:
    """Other tables that Kaggle ships do not stand in the way of the solutions."""
    pictures(kaggle / "images_training_rev1", IDS)
    write_kaggle(kaggle / "all_ones_benchmark.csv", IDS, np.ones((5, 37)))
    assert ids(read(kaggle)) == IDS


def test_missing_and_further_pictures(kaggle: Path) -> None:
    """Galaxies without a picture, and pictures without a row, are counted and named."""
    pictures(kaggle / "images_training_rev1", [*IDS[:3], "999999"])
    found = read(kaggle)
    assert ids(found) == IDS[:3]
    assert kinds(found) == {
        "missing picture": (IDS[3], IDS[4]),
        "picture without a usable row": ("999999",),
    }


def test_endings_and_junk(kaggle: Path) -> None:
    """Endings of any case are pictures; what macOS leaves and hidden files are not."""
    folder = kaggle / "images"
    for id_, suffix in zip(IDS, [".JPG", ".jpeg", ".PNG", ".webp", ".TIFF"], strict=True):
        pictures(folder, [id_], suffix)
    pictures(folder, ["._100001"])
    pictures(folder / "__MACOSX", IDS)
    found = read(kaggle)
    assert ids(found) == IDS
    assert found.problems == ()


def test_picture_twice(kaggle: Path) -> None:
    """Of two pictures of one id one is kept, and the id named."""
    pictures(kaggle / "images", IDS)
    pictures(kaggle / "images", IDS[1:2], ".png")
    found = read(kaggle)
    assert ids(found) == IDS
    assert kinds(found) == {"picture twice": (IDS[1],)}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("share", [0.35, 0.7, 0.97])
def test_truncated_zip(kaggle: Path, share: float, streamed: bool) -> None:
    """A zip that breaks off gives the pictures before the break; it and the lost are named."""
    path = zipped(kaggle / "images_training_rev1.zip", IDS, streamed=streamed)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    found = read(kaggle)
    whole = len(found.galaxies)
    assert whole in (int(share * 5), int(share * 5) + 1)
    assert ids(found) == IDS[:whole]
    assert [one.picture.read() for one in found.galaxies] == [jpeg(seed) for seed in range(whole)]
    problems = kinds(found)
    assert problems.get("missing picture", ()) == tuple(IDS[whole:])
    assert problems["damaged zip"] == (path.name,)


def test_damaged_table_and_the_rest(kaggle: Path) -> None:
    """Trouble in table and pictures together is told, and the rest goes on."""
    pictures(kaggle / "images_training_rev1", IDS[:4])
    table = kaggle / "training_solutions_rev1.csv"
    lines = table.read_text().splitlines()
    lines[1] = lines[1].replace("0.9", "much", 1)
    table.write_text("\n".join([*lines, lines[2]]))
    found = read(kaggle)
    assert ids(found) == IDS[1:4]
    assert kinds(found) == {
        "id twice": (IDS[1],),
        "votes that are no numbers": (IDS[0],),
        "missing picture": (IDS[4],),
        "picture without a usable row": (IDS[0],),
    }


def test_real_sets(shared_data: Path) -> None:
    """All sets at hand are read whole, with the counts that their list states."""
    counts = {"kaggle": 700, "gz2": 800, "kaggle_five": 19853, "gz1": 2000, "efigi": 4458}
    for name, count in counts.items():
        found = read(shared_data / name)
        assert (found.name, len(found.galaxies)) == (name, count)
        assert not [one for one in found.problems if one.dropped]
        assert found.galaxies[-1].picture.read()


def test_votes_before_debiasing_are_kept_beside(shared_data: Path) -> None:
    """Galaxy Zoo 2's table states both; Kaggle's states debiased votes alone."""
    table = shared_data / "gz2" / "votes.csv"
    name = "t01_smooth_or_features_a01_smooth_weighted_fraction"
    with table.open(newline="") as file:
        smooth = {row["asset_id"]: float(row[name]) for row in csv.DictReader(file)}
    found = {one.id: one.known.raw for one in read(shared_data / "gz2").galaxies}
    assert len(found) == 800
    for id_, raw in found.items():
        assert raw is not None
        assert raw[0] == pytest.approx(smooth[id_], abs=0.02)  # answers are brought to sum to 1
    assert all(one.known.raw is None for one in read(shared_data / "kaggle").galaxies)


def test_reference_test(shared_data: Path) -> None:
    """The reference's folders of classes, one under an alias, give its counts."""
    found = read(shared_data / "reference_test")
    labels = [galaxy.known.label for galaxy in found.galaxies]
    counts = {name: labels.count(name) for name in REFERENCE.class_names}
    assert counts == {"elliptical": 815, "spiral": 421, "barred_spiral": 95, "edge_on_spiral": 186}


def test_folder_of_sets_lists_them(shared_data: Path) -> None:
    """A folder that holds several sets is refused with their names."""
    with pytest.raises(BadData) as caught:
        read(shared_data)
    for name in ("efigi", "gz1", "gz2", "kaggle", "kaggle_five", "reference_test"):
        assert str(shared_data / name) in str(caught.value)


def test_class_folders(tmp_path: Path) -> None:
    """Folders named after classes or their aliases, in a zip too, are a set."""
    pictures(tmp_path / "set" / "Edge-on", ["1", "2"])
    pictures(tmp_path / "set" / "barred_spiral", ["3"])
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in (tmp_path / "set").rglob("*.jpg"):
            archive.write(path, path.relative_to(tmp_path))
    for path in (tmp_path / "set", tmp_path / "set.zip"):
        found = read(path)
        assert found.name == "set"
        assert {one.id: one.known.label for one in found.galaxies} == {
            "1": "edge_on_spiral",
            "2": "edge_on_spiral",
            "3": "barred_spiral",
        }


def test_unknown_class_folder_is_refused(tmp_path: Path) -> None:
    """A folder that names no class is refused with the nearest one."""
    pictures(tmp_path / "elliptical", ["1"])
    pictures(tmp_path / "spirall", ["2"])
    with pytest.raises(UnknownName, match=r"'spirall'.*nearest is spiral "):
        read(tmp_path)


def test_one_name_in_several_classes(tmp_path: Path) -> None:
    """Galaxies numbered anew in each class have the class in their ids; other ids stay."""
    pictures(tmp_path / "elliptical", ["1", "2", "3"])
    pictures(tmp_path / "spiral", ["2", "4"])
    pictures(tmp_path / "elliptical", ["3"], ".png")
    found = read(tmp_path)
    assert {one.id: one.known.label for one in found.galaxies} == {
        "1": "elliptical",
        "elliptical/2": "elliptical",
        "spiral/2": "spiral",
        "3": "elliptical",
        "4": "spiral",
    }
    by_id = {one.id: one.picture.read() for one in found.galaxies}
    assert by_id["elliptical/2"] == (tmp_path / "elliptical" / "2.jpg").read_bytes()
    assert by_id["spiral/2"] == (tmp_path / "spiral" / "2.jpg").read_bytes()
    assert kinds(found) == {
        "picture twice": ("3",),
        "one name in folders of several classes": ("2",),
    }


def test_one_picture_in_several_classes(tmp_path: Path) -> None:
    """The same picture under two classes contradicts itself, so that galaxy is left out."""
    pictures(tmp_path / "elliptical", ["1", "2"])
    pictures(tmp_path / "spiral", ["3"])
    (tmp_path / "spiral" / "2.jpg").write_bytes(jpeg(1))
    found = read(tmp_path)
    assert sorted(ids(found)) == ["1", "3"]
    assert kinds(found) == {"one picture in folders of several classes": ("2",)}


def test_a_deck_numbered_anew_in_every_class_keeps_every_galaxy(tmp_path: Path) -> None:
    """Folders that all hold 1.jpg, 2.jpg … lose nothing."""
    for seed, name in enumerate(("elliptical", "spiral", "barred_spiral", "edge_on_spiral")):
        (tmp_path / name).mkdir()
        for number in (1, 2):
            (tmp_path / name / f"{number}.jpg").write_bytes(jpeg(2 * seed + number))
    found = read(tmp_path)
    assert len({one.id for one in found.galaxies}) == 8
    assert not [one for one in found.problems if one.dropped]


def test_galaxy_zoos_list_of_pictures(tmp_path: Path) -> None:
    """Galaxy Zoo 2's table under SDSS's ids finds its pictures through Galaxy Zoo 2's list."""
    from tests.votes.test_gz2 import galaxy, made

    made(tmp_path / "gz2_hart16.csv", np.stack([galaxy()] * 2), "dr7objid")
    (tmp_path / "gz2_filename_mapping.csv").write_text(
        "objid,sample,asset_id\n1,original,501\n2,original,502\n3,extra,503\n"
    )
    zipped(tmp_path / "images_gz2.zip", ["501", "502"], "images/")
    assert ids(read(tmp_path)) == ["501", "502"]


def test_no_set(tmp_path: Path) -> None:
    """What is no set is refused, saying why."""
    with pytest.raises(BadData, match="no such folder"):
        read(tmp_path / "absent")
    with pytest.raises(BadData, match="no set of galaxies is recognised"):
        read(tmp_path)
    pictures(tmp_path, ["1"])
    with pytest.raises(BadData, match="nothing tells what they are"):
        read(tmp_path)
    (tmp_path / "list.csv").write_text("name,size\na,1\n")
    with pytest.raises(BadTable, match="neither votes nor labels"):
        read(tmp_path / "list.csv")


def test_no_usable_galaxy(kaggle: Path) -> None:
    """A set of which nothing is usable is refused with the reasons."""
    with pytest.raises(BadData, match=r"no usable galaxy.*missing picture \(5 left out"):
        read(kaggle)


def test_several_tables(kaggle: Path) -> None:
    """Of tables without well-known names the one to take must be named, and can be."""
    pictures(kaggle / "images", IDS)
    table = (kaggle / "training_solutions_rev1.csv").rename(kaggle / "mine.csv")
    assert ids(read(kaggle)) == IDS
    (kaggle / "yours.csv").write_text("id,class\n100001,spiral\n")
    with pytest.raises(BadData, match="several tables"):
        read(kaggle)
    assert ids(read(table)) == IDS
    assert ids(read(kaggle / "yours.csv")) == IDS[:1]


def test_kaggles_table_needs_every_column(kaggle: Path) -> None:
    """Kaggle's table with a misspelt column is no partial knowledge, but refused."""
    pictures(kaggle / "images", IDS)
    table = kaggle / "training_solutions_rev1.csv"
    table.write_text(table.read_text().replace("Class3.1", "Class3_1"))
    with pytest.raises(BadTable, match=r"is 'Class3_1' meant for Class3\.1"):
        read(kaggle)
