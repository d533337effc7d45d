"""The command look: one place, and catalogues that any kill leaves resumable."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from PIL import Image

from tests.model.toy import write_toy
from tests.web.loopback import Fault, Loopback
from tuningfork.classify.journal import Journal
from tuningfork.classify.look import Target
from tuningfork.classify.positions import columns_of, open_positions, targets_of
from tuningfork.classify.survey import survey_catalogue
from tuningfork.errors import BadTable, ServiceFailed
from tuningfork.model.session import Model, load_model
from tuningfork.web import Client

PROGRAM = "from tuningfork.cli import main; main()"


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """Write the toy network."""
    return write_toy(tmp_path / "toy")


@pytest.fixture
def model(toy: Path) -> Model:
    """Load the toy network."""
    return load_model(toy)


def run(
    server: Loopback, folder: Path, *words: str, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command with the loopback's addresses."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        capture_output=True,
        text=True,
        check=False,
        env=environment(server, folder),
        **options,
    )


def environment(server: Loopback, folder: Path) -> dict[str, str]:
    """Give the loopback's addresses, and folders of the test's own."""
    return {
        **os.environ,
        **server.environment(
            TUNINGFORK_CACHE=str(folder / "cache"), TUNINGFORK_RECORDS=str(folder / "records")
        ),
    }


def positions(path: Path, count: int) -> Path:
    """Write a catalogue with ids of 18 digits, and one row in five off the sky."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("objid", "ra", "dec", "petroR90_r", "remark"))
        for row in range(count):
            dec = 95 if row % 5 == 4 else 30
            table.writerow((made_id(row), 10 + row, dec, 8, f"row {row}"))
    return path


def made_id(row: int) -> int:
    """An id that no double can hold."""
    return 588017703996096501 + row


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read a CSV file back."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_one_place_as_json_and_as_a_picture(server: Loopback, toy: Path, tmp_path: Path) -> None:
    """Position, frame, survey, class and votes; the sheet is a picture, the cutout the survey's."""
    words = ("look", "Mrk 421", "--size", "10", "--model", str(toy), "--json")
    done = run(server, tmp_path, *words, "--output", str(tmp_path / "sheet.png"))
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["ra"], found["dec"]) == (166.113808, 38.208833)
    assert found["frame_arcsec"] == pytest.approx(84.8)
    assert found["survey"] == "sdss"
    assert sum(
        found[f"p_{name}"] for name in ("elliptical", "spiral", "barred_spiral", "edge_on_spiral")
    ) == pytest.approx(1)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.format == "PNG"
        assert np.asarray(sheet.convert("L")).std() > 10
    assert run(server, tmp_path, *words, "--output", str(tmp_path / "cut.jpg")).returncode == 0
    with Image.open(tmp_path / "cut.jpg") as cut:
        assert cut.size == (424, 424)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("look", "10.5", "-80"), "black frame"),
        (("look", "10.5", "-40", "--survey", "sdss"), "error message in place of a picture"),
        (("look", "Nowhere at all"), "neither OpenNGC nor Sesame"),
        (("look", "400", "10"), "no place on the sky"),
        (("look",), "give a name, a position, or --catalog"),
        (("look", "M51", "--nope"), "no such option"),
        (("look", "M51", "--survey", "hubble"), "choose auto, sdss or legacy"),
        (("look", "--catalog", "absent.csv", "--output", "x.csv"), "no such catalogue"),
        (("look", "M51", "--output", "m51.gif"), "end it in .png or .jpg"),
    ],
)
def test_refusals_are_sentences(
    server: Loopback, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """Exit code 2, a sentence on standard error, nothing on standard output, no traceback."""
    done = run(server, tmp_path, *words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_rows_in_rows_out(
    server: Loopback, client: Client, model: Model, tmp_path: Path, ending: str
) -> None:
    """Same rows, same order, all columns and digits kept; bad positions are rows with errors."""
    path = tmp_path / f"answers.{ending}"
    catalogue = open_positions(positions(tmp_path / "positions.csv", 12))
    counts = survey_catalogue(model, catalogue, path, client=client)
    assert counts[""] == 2
    assert sum(counts.values()) == 12
    if ending == "csv":
        rows: list[dict[str, Any]] = [*rows_of(path)]
    elif ending == "jsonl":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    else:
        rows = pa.parquet.read_table(path).to_pylist()
    assert [int(row["objid"]) for row in rows] == [made_id(row) for row in range(12)]
    assert [row["remark"] for row in rows] == [f"row {row}" for row in range(12)]
    assert [float(row["frame_arcsec"] or 0) for row in rows] == pytest.approx(
        [0 if row % 5 == 4 else 67.84 for row in range(12)]
    )
    assert "no place on the sky" in rows[4]["error"]
    assert not rows[4]["class"]
    assert rows[3]["class"]
    assert list(tmp_path.glob("*.journal")) == []


@pytest.mark.parametrize("kind", ["fits", "vot", "parquet", "csv"])
def test_every_kind_of_catalogue_says_the_same(tmp_path: Path, kind: str) -> None:
    """The same targets from each; hours and radians in FITS become degrees."""
    from astropy.table import Table

    names, ras, decs = ["a", "b"], [202.5, 15.0], [47.2, -1.5]
    path = tmp_path / f"positions.{kind}"
    if kind == "parquet":
        pa.parquet.write_table(pa.table({"name": names, "RA": ras, "DEC": decs}), path)
    elif kind == "csv":
        path.write_text("Name,RAJ2000,DEJ2000\na,202.5,47.2\nb,15.0,-1.5\n")
    else:
        table = Table({"NAME": names, "RA": ras, "DEC": decs})
        table["RA"].unit = table["DEC"].unit = "deg"
        if kind == "fits":
            table["RA"] = table["RA"] / 15
            table["RA"].unit = "h"
            table["DEC"] = table["DEC"].quantity.to("rad")
        table.write(path, format="fits" if kind == "fits" else "votable")
    catalogue = open_positions(path)
    columns = columns_of(catalogue.schema, catalogue.where)
    found = [one for rows in catalogue.parts(1) for one in targets_of(rows, columns)]
    assert [one.name for one in found] == names
    assert [one.position for one in found] == [
        pytest.approx(p) for p in zip(ras, decs, strict=True)
    ]


def test_catalogues_of_names_and_of_text(tmp_path: Path) -> None:
    """A column of names is enough; positions may be written with minutes and seconds."""
    path = tmp_path / "names.csv"
    path.write_text("name,size\nM51,1\n,2\n")
    catalogue = open_positions(path)
    columns = columns_of(catalogue.schema, str(path))
    found = [one for rows in catalogue.parts(9) for one in targets_of(rows, columns)]
    assert found[0] == Target("M51")
    assert "no name" in found[1].error
    path.write_text("ra,dec\n13:29:52.7,+47:11:43\nnothing,here\n,\n")
    catalogue = open_positions(path)
    columns = columns_of(catalogue.schema, str(path))
    found = [one for rows in catalogue.parts(9) for one in targets_of(rows, columns)]
    assert found[0].position == pytest.approx((202.46958, 47.19528), abs=1e-4)
    assert "no position" in found[1].error
    assert "no position" in found[2].error


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.fits", b"nonsense"),
        ("x.vot", b"<html></html>"),
        ("x.csv", b"a,b\n1,2\n"),
        ("x.fits", b""),
    ],
)
def test_catalogues_that_are_none_are_refused(tmp_path: Path, name: str, data: bytes) -> None:
    """BadTable with a sentence, whatever astropy raises."""
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(BadTable):
        columns_of(open_positions(path).schema, str(path))


def test_a_killed_catalogue_is_resumed_with_every_row_once(
    server: Loopback, toy: Path, tmp_path: Path
) -> None:
    """SIGKILL within a row; without --resume the run is not begun anew by mistake."""
    catalogue = positions(tmp_path / "positions.csv", 30)
    output = tmp_path / "answers.csv"
    words = ("look", "--catalog", str(catalogue), "--output", str(output), "--model", str(toy))
    journal = output.with_name("answers.csv.journal")
    server.fail("/sdss", *[Fault()] * 12, *[Fault(wait=60)] * 8)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        env=environment(server, tmp_path),
        stderr=subprocess.DEVNULL,
    )
    while not journal.exists() or journal.read_bytes().count(b"\n") < 9:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    server.faults["/sdss"].clear()
    with journal.open("ab") as file:
        file.write(b'{"name": "half a li')
    assert not output.exists()
    again = run(server, tmp_path, *words)
    assert again.returncode == 2
    assert "--resume" in again.stderr
    done = run(server, tmp_path, *words, "--resume", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["rows"] == 30
    rows = rows_of(output)
    assert [int(row["objid"]) for row in rows] == [made_id(row) for row in range(30)]
    assert sum(not row["error"] for row in rows) == 24
    assert not journal.exists()


def test_two_runs_do_not_write_one_journal(tmp_path: Path) -> None:
    """The second is told to wait, also with --resume, and changes nothing; later it goes on."""
    output = tmp_path / "answers.csv"
    first = Journal(output, {"catalogue": "one"}, resume=False)
    first.add({"name": "a"})
    for resume in (True, False):
        with pytest.raises(BadTable, match=r"another run is writing|earlier run was stopped"):
            Journal(output, {"catalogue": "one"}, resume=resume)
    first.add({"name": "b"})
    first.close(remove=False)
    second = Journal(output, {"catalogue": "one"}, resume=True)
    assert (second.done, [one["name"] for one in second.rows()]) == (2, ["a", "b"])
    second.close(remove=True)


def test_another_runs_journal_is_not_gone_on_with(
    client: Client, model: Model, tmp_path: Path, server: Loopback
) -> None:
    """A changed catalogue or survey would mix rows of two runs."""
    catalogue = open_positions(positions(tmp_path / "positions.csv", 3))
    output = tmp_path / "answers.csv"
    output.with_name("answers.csv.journal").write_text('{"catalogue": "another"}\n{"name": "x"}\n')
    with pytest.raises(BadTable, match="another catalogue"):
        survey_catalogue(model, catalogue, output, client=client, resume=True)


def test_a_service_that_fails_for_good_ends_the_run_resumable(
    server: Loopback, client: Client, model: Model, tmp_path: Path
) -> None:
    """Places are not written off because SkyServer is down: the rest is looked at later."""
    catalogue = open_positions(positions(tmp_path / "positions.csv", 20))
    output = tmp_path / "answers.csv"
    server.fail("/sdss", *[Fault()] * 4, *[Fault(status=500, body=b"")] * 200)
    with pytest.raises(ServiceFailed, match=r"of 20 rows are done: go on later with --resume"):
        survey_catalogue(model, catalogue, output, client=client)
    server.faults["/sdss"].clear()
    client.manners.succeeded(client.settings.service("sdss").host)
    counts = survey_catalogue(model, catalogue, output, client=client, resume=True)
    assert counts[""] == 4
    assert len(rows_of(output)) == 20
    assert not any("SkyServer" in row["error"] for row in rows_of(output))


def test_few_places_and_no_service_give_no_table_of_errors(
    server: Loopback, client: Client, model: Model, tmp_path: Path
) -> None:
    """Two places are too few for the service to be left alone, and all the same none was seen."""
    catalogue = open_positions(positions(tmp_path / "positions.csv", 2))
    output = tmp_path / "answers.csv"
    server.fail("/sdss", *[Fault(status=500, body=b"")] * 200)
    with pytest.raises(ServiceFailed, match=r"fails .*; 0 of 2 rows are done: go on later with"):
        survey_catalogue(model, catalogue, output, client=client)
    assert not output.exists()
