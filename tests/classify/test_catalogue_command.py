"""The command ``tuningfork classify --catalog``, and what its page says of it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.classify.conftest import COLOURS, plain
from tests.classify.test_command import MAIN, run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "catalogues.md"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the files that the page speaks of, in the folder where commands run."""
    table = pa.table({"id": [1, 2, 3], "ra": [0.5, 1.5, 2.5]})
    pq.write_table(table, tmp_path / "galaxies.parquet")
    pyarrow.csv.write_csv(table, tmp_path / "galaxies.csv")
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for folder in ("cutouts", "my_galaxies"):
            (tmp_path / folder).mkdir()
            for id_, colour in zip((1, 2, 3), COLOURS.values(), strict=True):
                (tmp_path / folder / f"{id_}.png").write_bytes(plain(colour))
        for path in (tmp_path / "cutouts").iterdir():
            archive.write(path, path.name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands() -> list[str]:
    """Give the commands of the page's first block."""
    block = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[0]
    return re.findall(r"^tuningfork ([^#\n]*)", block, re.M)


@pytest.mark.parametrize("command", commands())
def test_documented_commands_run(here: Path, toy: Path, command: str) -> None:
    """Each command of the page gives a row for each galaxy, in order."""
    done = run(*shlex.split(command), "--model", toy)
    assert done.returncode == 0, done.stderr
    assert "3 of 3 read: 1 elliptical, 1 spiral, 1 barred_spiral" in done.stdout
    found = pq.read_table(here / "predictions")
    assert [str(one) for one in found["id"].to_pylist()] == ["1", "2", "3"]
    assert found["class"].to_pylist() == list(COLOURS)


def test_documented_python_runs(here: Path, toy: Path) -> None:
    """The page's Python blocks run as they are once the command was given."""
    run(*shlex.split(commands()[0]), "--model", toy)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 3
    for block in blocks:
        names: dict[str, object] = {}
        exec(compile(block, PAGE.name, "exec"), names)
        if "answers" in names:
            assert len(names["answers"]) == 3  # type: ignore[arg-type]


def test_the_documented_types_are_the_types(here: Path, toy: Path) -> None:
    """Every column of the output stands in the page with its Arrow type."""
    run(*shlex.split(commands()[0]), "--model", toy)
    rows = re.findall(r"^\| (`.*?) \| (string|float) \|", PAGE.read_text(encoding="utf-8"), re.M)
    schema = pq.read_schema(here / "predictions" / "part-000000.parquet")
    told = {name: kind for names, kind in rows for name in re.findall(r"`([\w.]+)`", names)}
    for field in list(schema)[2:]:
        kind = told["Class1.1" if field.name.startswith("Class") else field.name]
        assert str(field.type) == kind
    assert str(schema.field("id").type) == "int64"
    assert schema.names[:3] == ["id", "ra", "class"]


def test_a_missing_picture_gives_1_and_json_a_summary(here: Path, toy: Path) -> None:
    """Errors are counted, and the exit code tells of them, also after resuming."""
    (here / "cutouts" / "2.png").unlink()
    command = [*shlex.split(commands()[0]), "--model", str(toy), "--json"]
    for resume in ((), ("--resume",)):
        done = run(*command, *resume)
        assert done.returncode == 1
        assert json.loads(done.stdout) == {
            "output": "predictions",
            "rows": 3,
            "errors": 1,
            "classes": {"elliptical": 1, "barred_spiral": 1},
        }
    assert "0 of 3 rows to classify" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--catalog galaxies.parquet", "--catalog needs --output"),
        ("--catalog galaxies.parquet --output a.csv", "answers come in parts"),
        ("--catalog galaxies.parquet --output new/ cutouts", "paths or --catalog, not both"),
        ("--catalog absent.parquet --output new/", "absent.parquet: no such catalogue"),
        ("--catalog galaxies.parquet --images absent --output new/", "absent: no such folder"),
        ("--images cutouts cutouts", "goes with --catalog"),
        ("cutouts --output a.csv --resume", "only a folder of parts can be resumed"),
        ("- --output new/", "standard input can be read only once"),
        ("--catalog cutouts/1.png --output new/", "unknown kind of catalogue"),
    ],
)
def test_wrong_commands_write_nothing(here: Path, toy: Path, arguments: str, message: str) -> None:
    """What cannot be carried out is said in a sentence before anything is written."""
    before = sorted(here.rglob("*"))
    done = run("classify", *shlex.split(arguments), "--model", toy)
    assert done.returncode == 2
    assert message in " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stderr).split())
    assert sorted(here.rglob("*")) == before


def on_terminal(*arguments: str | Path) -> tuple[str, int]:
    """Run the command with a terminal for standard error; give what it showed, and its code."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm"}
    shown = b""
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, *map(str, arguments)],
        stderr=theirs,
        stdout=subprocess.DEVNULL,
        env=environment,
    ) as process:
        os.close(theirs)
        while True:
            ready, _, _ = select.select([ours], [], [], 60)
            try:
                data = os.read(ours, 4096) if ready else b""
            except OSError:  # Linux's way to say that the other side is closed
                break
            if not data:
                break
            shown += data
    os.close(ours)
    return shown.decode(), process.returncode


@pytest.mark.parametrize("catalogue", [False, True])
def test_a_terminal_shows_how_much_is_left(here: Path, toy: Path, catalogue: bool) -> None:
    """The bar tells done and all, how many a second, and the time left."""
    for place in range(4, 400):
        (here / "cutouts" / f"{place}.png").write_bytes(plain((9, 9, place % 256)))
    table = pa.table({"id": range(1, 400)})
    pq.write_table(table, here / "galaxies.parquet")
    things = "rows" if catalogue else "pictures"
    given = ["--catalog", "galaxies.parquet", "--images"] if catalogue else []
    output = "new" if catalogue else "new.csv"
    shown, code = on_terminal("classify", *given, "cutouts", "--output", output, "--model", toy)
    assert code == 0
    assert re.search(rf"\d+/399 {things}", shown)
    assert "left" in shown
    assert f"{things}/s" in shown


def test_stopping_says_how_to_go_on(here: Path, toy: Path) -> None:
    """Ctrl-C ends with what was done and how to resume, without a traceback."""
    table = pa.table({"id": [1] * 100_000})
    pq.write_table(table, here / "galaxies.parquet")
    command = [sys.executable, "-c", MAIN, *shlex.split(commands()[0]), "--model", str(toy)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "100,000 rows to classify" in process.stderr.readline()
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert re.search(r"[\d,]+ of 100,000 rows answered.*--resume", said)
    assert json.loads((here / "predictions" / "_manifest.json").read_text())["complete"] is False


@pytest.mark.parametrize("name", ["run-2026.11.27", "answers.v2"])
def test_a_folder_of_parts_may_have_a_dot_in_its_name(tmp_path: Path, toy: Path, name: str) -> None:
    """With a catalogue only the endings of tables are taken for those of files."""
    catalogue = tmp_path / "galaxies.csv"
    catalogue.write_text("id\n1\n")
    (tmp_path / "1.png").write_bytes(plain(COLOURS["spiral"]))
    done = run("classify", "--catalog", catalogue, "--output", tmp_path / name, "--model", toy)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / name / "part-000000.parquet").is_file()


def test_ids_that_lost_digits_take_no_other_galaxys_picture(tmp_path: Path, toy: Path) -> None:
    """SDSS's id as a double names a neighbour's picture, which lies there: the row is an error."""
    rounded = 587722952230174996.0
    (tmp_path / f"{int(rounded)}.png").write_bytes(plain(COLOURS["spiral"]))
    pq.write_table(pa.table({"objid": [rounded, 7.0]}), tmp_path / "c.parquet")
    (tmp_path / "7.png").write_bytes(plain(COLOURS["spiral"]))
    run("classify", "--catalog", tmp_path / "c.parquet", "--output", tmp_path / "o", "--model", toy)
    rows = pq.read_table(tmp_path / "o").to_pylist()
    assert "lost the last digits" in rows[0]["error"]
    assert rows[1]["class"] == "spiral"
