"""The audit names everything that is wrong with a set, once."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.data.made import jpeg, pictures
from tests.images.pictures import encoded
from tests.web.loopback import HTML, black_frame, message_frame
from tuningfork.data import audit
from tuningfork.data.audit import audit_set, write_findings
from tuningfork.errors import BadData, BadTable
from tuningfork.votes.tree import TREE


def votes(ids: list[str], broken: str = "") -> str:
    """Kaggle's table with even fractions that keep every sum; one galaxy breaks question 1."""
    weighted: dict[str, float] = {}
    for question in TREE.questions:
        parent = question.weighted_parent
        whole = 1.0 if parent is None else weighted[TREE.answers[TREE.place(parent)].column]
        for column in question.columns:
            weighted[column] = whole / len(question.columns)
    lines = ["GalaxyID," + ",".join(TREE.columns)]
    for id_ in ids:
        values = [repr(weighted[name]) for name in TREE.columns]
        if id_ == broken:
            values[0] = "0.9"
        lines.append(f"{id_}," + ",".join(values))
    return "\n".join(lines) + "\n"


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """A set with one of everything that can be wrong, and two galaxies that are right."""
    folder = tmp_path / "set"
    images = pictures(folder / "images_training_rev1", ["1", "2"])
    (images / "3.jpg").write_bytes(b"")
    (images / "4.jpg").write_bytes(jpeg(4)[:600])
    (images / "5.jpg").write_bytes(HTML)
    (images / "6.jpg").write_bytes(message_frame("Requested (ra, dec) is outside.", 300))
    (images / "7.jpg").write_bytes(black_frame(100))
    (images / "8.jpg").write_bytes(encoded(np.full((60, 60, 3), 99, np.uint8)))
    (images / "9.jpg").write_bytes((images / "1.jpg").read_bytes())
    (images / "10.jpg").write_bytes(b"\0" * 3000)
    (images / "11.jpg").write_bytes(jpeg(11))
    (images / "13.jpg").write_bytes(jpeg(13)[:-2])
    (images / "._1.jpg").write_bytes(b"\0\5\26\7")
    ids = [str(number) for number in (*range(1, 11), 12, 13, 14)]
    (folder / "training_solutions_rev1.csv").write_text(votes(ids, broken="14"))
    return folder


WRONG = {
    ("empty file", "3"),
    ("truncated picture", "4"),
    ("truncated picture", "13"),
    ("text in place of a picture", "5"),
    ("error message in place of a picture", "6"),
    ("black frame", "7"),
    ("frame of one colour", "8"),
    ("duplicate picture", "9"),
    ("unreadable picture", "10"),
    ("picture without a row in the table", "11"),
    ("row in the table without a picture", "12"),
    ("votes that break a sum", "14"),
    ("junk file", ""),
}


def test_everything_wrong_is_named_once(spoilt: Path) -> None:
    """Each made trouble is found under its own name, and nothing else is."""
    found = audit_set(spoilt)
    assert {(one.kind, one.id) for one in found.findings} == WRONG
    assert len(found.findings) == len(WRONG)
    assert (found.pictures, found.rows) == (12, 12)


def test_a_sound_set_has_no_findings(tmp_path: Path) -> None:
    """Ten pictures with votes that keep their sums."""
    ids = [str(number) for number in range(10)]
    pictures(tmp_path / "images_training_rev1", ids)
    (tmp_path / "training_solutions_rev1.csv").write_text(votes(ids))
    found = audit_set(tmp_path)
    assert found.findings == ()
    assert (found.pictures, found.rows) == (10, 10)


def test_pictures_alone_can_be_audited(tmp_path: Path) -> None:
    """A folder without a table has its pictures looked at; one without either is refused."""
    pictures(tmp_path / "some", ["a", "b"])
    (tmp_path / "some" / "c.jpg").write_bytes(black_frame(50))
    assert [one.kind for one in audit_set(tmp_path / "some").findings] == ["black frame"]
    (tmp_path / "nothing").mkdir()
    with pytest.raises(BadData, match="neither pictures nor a table"):
        audit_set(tmp_path / "nothing")


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_findings_are_written_for_programs(spoilt: Path, tmp_path: Path, ending: str) -> None:
    """Both files hold every finding."""
    path = tmp_path / f"findings.{ending}"
    write_findings(audit_set(spoilt), path)
    if ending == "csv":
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    else:
        rows = json.loads(path.read_text())["findings"]
    assert {(row["kind"], row["id"]) for row in rows} == WRONG


def test_findings_need_a_known_ending(spoilt: Path, tmp_path: Path) -> None:
    """A name such as findings.xls is refused before anything is read."""
    with pytest.raises(BadTable, match=r"\.csv or \.json"):
        audit.check_output(tmp_path / "findings.xls")


def test_the_command_exits_with_1_where_something_is_wrong(spoilt: Path) -> None:
    """Counts come as JSON; the exit code tells a script."""
    program = "from tuningfork.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "data", "audit", str(spoilt), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["counts"]["truncated picture"] == 2
    assert done.stderr == ""


def test_real_sets_are_nearly_sound(shared_data: Path) -> None:
    """In Kaggle's 700 nothing is found but rows whose pictures are not at hand."""
    kinds = set(audit_set(shared_data / "kaggle").by_kind)
    assert kinds <= {"row in the table without a picture", "votes slightly off a sum"}
