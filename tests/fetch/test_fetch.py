"""The public data sets, fetched from the loopback's Zenodo, vote table's host and Kaggle."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from tests.fetch import made
from tests.web.loopback import HTML, KAGGLE_KEY, KAGGLE_NAME, Fault, Loopback
from tuningfork.data import read_set
from tuningfork.data.counts import count_labels
from tuningfork.errors import BadData, BadTable, ServiceFailed
from tuningfork.fetch import Done, carry_out, load_source, make_plan
from tuningfork.fetch.gz2 import join_gz2
from tuningfork.fetch.source import Source
from tuningfork.files import held
from tuningfork.votes.rules import load_rule
from tuningfork.votes.tables import read_votes
from tuningfork.web import Client

ROWS = 6


def small(name: str) -> Source:
    """A source whose files are the made ones: other hashes, and no room for what is made."""
    source = load_source(name)
    files = tuple(replace(one, md5="", sha256="", members=None) for one in source.files)
    return replace(source, files=files, made=0)


def joined_in(folder: Path, votes: str) -> None:
    """Join what lies in a folder under short names."""
    join_gz2(folder / votes, folder / "m.csv", folder / "i.zip", folder / "votes.csv")


def publish_gz2(server: Loopback) -> None:
    """Put Galaxy Zoo 2 where its sources have it: one picture lacks, one has no votes."""
    files = {
        "gz2_filename_mapping.csv": made.mapping(ROWS),
        "images_gz2.zip": made.images([*range(100, 105), 777], junk=2),
    }
    server.add_record(3565489, files)
    server.files["/gz2hart/gz2_hart16.csv.gz"] = made.hart(ROWS + 1)


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An account that Kaggle knows."""
    monkeypatch.setenv("KAGGLE_USERNAME", KAGGLE_NAME)
    monkeypatch.setenv("KAGGLE_KEY", KAGGLE_KEY)


def publish_kaggle(server: Loopback) -> dict[str, bytes]:
    """Put the challenge's files where Kaggle has them."""
    names = ("training_solutions_rev1", "images_training_rev1", "images_test_rev1")
    files = {f"{name}.zip": made.images([len(name)]) for name in names}
    server.add_competition(files)
    return files


def test_galaxy_zoo_2_becomes_a_set_that_the_trainer_reads(
    server: Loopback, client: Client, tmp_path: Path
) -> None:
    """Votes, names and pictures are joined; five of six named galaxies have picture and votes."""
    publish_gz2(server)
    folder = tmp_path / "gz2"
    done = carry_out(client, make_plan(client, small("gz2"), folder, ()))
    assert done.made["votes.csv"] == {
        "galaxies": 6,
        "pictured": 5,
        "without_picture": 1,
        "votes_without_name": 1,
        "votes_twice": 0,
        "pictures_without_votes": 1,
        "junk_files": 2,
    }
    found = read_set(folder, load_rule("reference"))
    assert sorted(one.id for one in found.galaxies) == ["100", "101", "102", "103", "104"]
    votes = found.galaxies[0].known
    assert votes.votes is not None
    assert votes.raw is not None
    assert votes.votes[:3] == pytest.approx([1 / 3] * 3, abs=1e-5)
    assert count_labels(folder, load_rule("reference")).dropped >= 5


def test_joined_ids_keep_every_digit(server: Loopback, client: Client, tmp_path: Path) -> None:
    """SDSS's 64-bit ids are the same text before and after; samples decide between pictures."""
    publish_gz2(server)
    carry_out(client, make_plan(client, small("gz2"), tmp_path, ()))
    with (tmp_path / "votes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["objid"]) for row in rows] == [made.OBJID + n for n in range(6)]
    assert [row["asset_id"] for row in rows] == ["100", "101", "102", "103", "104", "105"]
    assert rows[0]["gz2_class"] == "Sc2m"
    assert len(rows[0]) == 3 + 4 + 2 * 37


def test_both_editions_of_the_class_column_are_read(tmp_path: Path) -> None:
    """``gz2class`` in the votes becomes ``gz2_class`` in the table."""
    (tmp_path / "v.csv.gz").write_bytes(made.hart(3, "gz2class"))
    (tmp_path / "m.csv").write_bytes(made.mapping(3))
    (tmp_path / "i.zip").write_bytes(made.images([100]))
    joined_in(tmp_path, "v.csv.gz")
    with (tmp_path / "votes.csv").open(newline="") as file:
        assert [row["gz2_class"] for row in csv.DictReader(file)] == ["Sc2m"] * 3


def test_the_joined_table_says_what_the_shared_one_says(shared_data: Path, tmp_path: Path) -> None:
    """Real votes, put in Hart et al.'s form and joined again, read as the same fractions."""
    with (shared_data / "gz2" / "votes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[:40]
    names = [name.replace("objid", "dr7objid", 1) for name in rows[0] if name != "asset_id"]
    with (tmp_path / "v.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow([*names, "sample"])
        for row in rows:
            table.writerow([*(row[name.removeprefix("dr7")] for name in names), "original"])
    lines = [f"{row['objid']},original,{row['asset_id']}" for row in rows]
    (tmp_path / "m.csv").write_text("objid,sample,asset_id\n" + "\n".join(lines) + "\n")
    (tmp_path / "i.zip").write_bytes(made.images([100]))
    joined_in(tmp_path, "v.csv")
    shared = read_votes(shared_data / "gz2" / "votes.csv")
    joined = read_votes(tmp_path / "votes.csv")
    wanted = dict(zip(shared.ids, shared.weighted, strict=True))
    assert len(joined.ids) == 40
    for id_, found in zip(joined.ids, joined.weighted, strict=True):
        np.testing.assert_allclose(found, wanted[id_], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("v.csv.gz", made.hart(3)[:-300], "fetch it again"),
        ("v.csv.gz", b"\x1f\x8bnonsense", "fetch it again"),
        ("m.csv", b"a,b\n1,2\n", "not the list"),
        ("m.csv", b"objid,sample,asset_id\n1,original,1\n", "no galaxy of it is named"),
    ],
)
def test_damaged_tables_are_refused_and_leave_no_votes(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    """One sentence says which file to fetch again; no half table appears."""
    (tmp_path / "v.csv.gz").write_bytes(made.hart(3))
    (tmp_path / "m.csv").write_bytes(made.mapping(3))
    (tmp_path / "i.zip").write_bytes(made.images([100]))
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadTable, match=said):
        joined_in(tmp_path, "v.csv.gz")
    assert not (tmp_path / "votes.csv").exists()


@pytest.mark.parametrize("layout", [{}, {"chunks": (7, 8, 8, 1), "compression": "gzip"}])
def test_galaxy10_becomes_pictures_and_labels(
    server: Loopback, client: Client, tmp_path: Path, layout: dict[str, Any]
) -> None:
    """Every picture is there with its class, and ten classes become the four they allow."""
    counts = (3, 2, 9, 1, 4, 5, 2, 8, 3, 3)
    data = made.galaxy10(tmp_path / "made.h5", counts, **layout)
    server.add_record(10845026, {"Galaxy10_DECals.h5": data})
    folder = tmp_path / "galaxy10"
    done = carry_out(client, make_plan(client, small("galaxy10"), folder, ("decals",)))
    assert tuple(done.made["labels.csv"].values()) == counts
    found = count_labels(folder, load_rule("reference"))
    assert dict(found.classes) == {
        "elliptical": 14,
        "spiral": 10,
        "barred_spiral": 5,
        "edge_on_spiral": 6,
    }
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with zipfile.ZipFile(folder / "images.zip") as archive:
        for row in rows:
            with archive.open(f"images/{row['id']}.jpg") as picture:
                red = np.asarray(Image.open(picture))[:, :, 0].mean()
            assert red == pytest.approx(20 * int(row["galaxy10_class"]), abs=3)
    assert rows[-1]["pxscale"] == str(float(sum(counts) - 1))


def test_galaxy10s_published_hashes_are_in_force(
    server: Loopback, client: Client, tmp_path: Path
) -> None:
    """Another file under Galaxy10's address is refused by the published SHA-256."""
    data = made.galaxy10(tmp_path / "made.h5", (1,) * 10)
    server.add_record(10844811, {"Galaxy10.h5": data})
    plan = make_plan(client, load_source("galaxy10"), tmp_path / "new", ("sdss",))
    with pytest.raises(ServiceFailed, match="969a6b1cefcc36e09fffa86febd2f699a4aa19b837ba0427"):
        carry_out(client, plan)
    assert not (tmp_path / "new" / "Galaxy10.h5").exists()


def test_the_disk_is_checked_before_anything_is_fetched(
    server: Loopback, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without room for files and what is made of them, nothing is asked for or written."""

    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    publish_gz2(server)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 1000))
    plan = make_plan(client, small("gz2"), tmp_path / "gz2", ())
    with pytest.raises(BadData, match=r"the disk has 1\.0 kB free"):
        carry_out(client, plan)
    assert not (tmp_path / "gz2").exists()
    assert not server.asked("/zenodo/records")


def test_a_plan_writes_nothing_and_knows_the_sources_sizes(
    server: Loopback, client: Client, tmp_path: Path
) -> None:
    """Zenodo's record states size and MD5; the vote table's host states nothing beforehand."""
    publish_gz2(server)
    plan = make_plan(client, load_source("gz2"), tmp_path / "gz2", ())
    by_name = {one.file.name: one for one in plan.wanted}
    zipped = by_name["images_gz2.zip"]
    data = server.files["/zenodo/records/3565489/files/images_gz2.zip"]
    assert (zipped.size, zipped.exact) == (len(data), True)
    assert zipped.remote.hashes == {"md5": hashlib.md5(data).hexdigest()}
    assert not by_name["gz2_hart16.csv.gz"].exact
    assert any("others have read" in remark for remark in plan.remarks)
    assert not (tmp_path / "gz2").exists()


def test_what_is_there_and_right_is_not_fetched_again(
    server: Loopback, client: Client, tmp_path: Path
) -> None:
    """A second run asks for no file; a damaged file is found by its hash and fetched anew."""
    publish_gz2(server)
    first = carry_out(client, make_plan(client, small("gz2"), tmp_path, ()))
    asked = len(server.asked("/zenodo/records/")) + len(server.asked("/gz2hart"))
    second = carry_out(client, make_plan(client, small("gz2"), tmp_path, ()))
    assert second.files == first.files
    assert len(server.asked("/zenodo/records/")) + len(server.asked("/gz2hart")) == asked
    path = tmp_path / "gz2_hart16.csv.gz"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    carry_out(client, make_plan(client, small("gz2"), tmp_path, ()))
    assert path.read_bytes() == server.files["/gz2hart/gz2_hart16.csv.gz"]


def test_first_sight_is_remembered_and_held_against_later_files(
    server: Loopback, client: Client, tmp_path: Path
) -> None:
    """The vote table, whose host publishes no hash, may not silently become another one."""
    publish_gz2(server)
    done = carry_out(client, make_plan(client, small("gz2"), tmp_path / "one", ()))
    assert done.files["gz2_hart16.csv.gz"].verified == "first sight"
    assert done.files["images_gz2.zip"].verified == "published MD5"
    server.files["/gz2hart/gz2_hart16.csv.gz"] = made.hart(ROWS + 2)
    with pytest.raises(ServiceFailed, match="not the expected file") as caught:
        carry_out(client, make_plan(client, small("gz2"), tmp_path / "two", ()))
    assert not (tmp_path / "two" / "gz2_hart16.csv.gz").exists()
    records = client.settings.records / "first-sight.json"
    assert f"remove the line of gz2_hart16.csv.gz from {records}" in str(caught.value)
    records.write_text("{}")
    carry_out(client, make_plan(client, small("gz2"), tmp_path / "two", ()))


def test_two_runs_do_not_fetch_into_one_folder(
    server: Loopback, client: Client, tmp_path: Path
) -> None:
    """They would write into each other's files: the second is told to wait."""
    publish_gz2(server)
    plan = make_plan(client, small("gz2"), tmp_path, ())
    with held(tmp_path) as alone:
        assert alone
        with pytest.raises(BadData, match="another run is fetching into this folder"):
            carry_out(client, plan)
    assert carry_out(client, plan).made


def test_licence_and_citation_lie_beside_the_data(
    server: Loopback, client: Client, tmp_path: Path
) -> None:
    """SOURCE.md for people and the record for programs hold hashes that hashlib agrees with."""
    publish_gz2(server)
    carry_out(client, make_plan(client, small("gz2"), tmp_path, ()))
    about = (tmp_path / "SOURCE.md").read_text()
    assert "CC-BY 4.0" in about
    assert "Willett et al. 2013" in about
    record = json.loads((tmp_path / "tuningfork-data.json").read_text())
    for one in record["files"]:
        data = (tmp_path / one["name"]).read_bytes()
        assert one["sha256"] == hashlib.sha256(data).hexdigest()
        assert one["sha256"] in about


def test_kaggle_hands_out_files_to_who_logs_in(
    server: Loopback, client: Client, tmp_path: Path, login: None
) -> None:
    """The login goes to Kaggle and not to the storage that it redirects to."""
    files = publish_kaggle(server)
    folder = tmp_path / "kaggle"
    carry_out(client, make_plan(client, small("kaggle"), folder, ()))
    assert (folder / "images_training_rev1.zip").read_bytes() == files["images_training_rev1.zip"]
    assert not (folder / "images_test_rev1.zip").exists()
    assert all("authorization" in one.headers for one in server.asked("/kaggle"))
    assert server.asked("/storage")
    assert not any("authorization" in one.headers for one in server.asked("/storage"))


def test_kaggles_interrupted_files_are_gone_on_with(
    server: Loopback, client: Client, tmp_path: Path, login: None
) -> None:
    """Through the redirect, and from the byte at which the storage cut the connection."""
    files = publish_kaggle(server)
    server.fail("/storage/images_training", Fault(cut=100), Fault(cut=100))
    carry_out(client, make_plan(client, small("kaggle"), tmp_path, ()))
    assert (tmp_path / "images_training_rev1.zip").read_bytes() == files["images_training_rev1.zip"]
    ranges = [one.headers.get("range") for one in server.asked("/storage/images_training")]
    assert ranges == [None, "bytes=100-", "bytes=200-"]


def test_kaggles_refusals_say_what_to_do(
    server: Loopback, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No login, an unknown one, rules not accepted: each has its own instructions, none the key."""
    publish_kaggle(server)
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("KAGGLE_USERNAME", raising=False)
    monkeypatch.delenv("KAGGLE_KEY", raising=False)
    source = small("kaggle")

    def refusal() -> str:
        with pytest.raises(ServiceFailed) as told:
            carry_out(client, make_plan(client, source, tmp_path / "new", ()))
        return str(told.value)

    assert "accept the rules at https://www.kaggle.com/competitions" in refusal()
    plan = make_plan(client, source, tmp_path / "new", (), dry=True)
    assert [one.file.name for one in plan.wanted] == [
        "training_solutions_rev1.zip",
        "images_training_rev1.zip",
    ]
    assert "accept the rules" in plan.remarks[0]
    (tmp_path / "kaggle.json").write_text('{"username": "ada", "key": "wrong-key-0815"}')
    unknown = refusal()
    assert "does not know this user name and key" in unknown
    assert "wrong-key-0815" not in unknown
    (tmp_path / "kaggle.json").write_text('{"username": "ada", "key": ')
    assert "kaggle.json" in refusal()
    (tmp_path / "kaggle.json").write_text(json.dumps({"username": KAGGLE_NAME, "key": KAGGLE_KEY}))
    server.rules_accepted = False
    rules = refusal()
    assert "accept the rules" in rules
    assert KAGGLE_KEY not in rules
    server.rules_accepted = True
    assert isinstance(carry_out(client, make_plan(client, source, tmp_path / "new", ())), Done)


def test_a_maintenance_page_in_place_of_a_file_is_tried_again(
    server: Loopback, client: Client, tmp_path: Path
) -> None:
    """Zenodo's 429 with Retry-After, a 500 and a web page delay the set, and no more."""
    publish_gz2(server)
    path = "/zenodo/records/3565489/files/images_gz2.zip"
    server.fail(
        path,
        Fault(status=429, headers={"Retry-After": "0"}, body=b""),
        Fault(status=500, body=HTML),
        Fault(body=HTML),
    )
    carry_out(client, make_plan(client, small("gz2"), tmp_path, ()))
    assert (tmp_path / "images_gz2.zip").read_bytes() == server.files[path]


def test_a_file_in_place_of_the_folder_is_refused(client: Client, tmp_path: Path) -> None:
    """The message asks for a folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(BadData, match="name a folder"):
        make_plan(client, small("gz2"), tmp_path / "file", ())
