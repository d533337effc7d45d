"""The command ``tuningfork classify``."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.classify.conftest import COLOURS, plain
from tuningfork.cli.doubting import doubt_sentence

MAIN = "from tuningfork.cli import main; main()"


def run(
    *arguments: str | Path, typed: bytes = b"", code: str = MAIN
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with warnings as errors."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error::ResourceWarning",
            "-c",
            code,
            *(os.fspath(one) for one in arguments),
        ],
        input=typed,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def test_a_table_is_printed_and_a_failure_gives_1(mixed: Path, toy: Path) -> None:
    """Each picture has its line, the unreadable one its reason; the exit code is 1."""
    done = run("classify", mixed, "--model", toy)
    assert done.returncode == 1
    assert done.stderr == ""
    lines = [line.split() for line in done.stdout.splitlines() if line.split()]
    assert ["1", "elliptical"] in [line[:2] for line in lines]
    assert ["3", "spiral"] in [line[:2] for line in lines]
    assert ["2", "unreadable"] in lines
    assert f"{mixed / '2.png'}: the picture is damaged" in done.stdout
    assert "2 of 3 read: 1 elliptical, 1 spiral" in done.stdout


def test_all_read_gives_0_and_a_table_in_a_file(mixed: Path, toy: Path, tmp_path: Path) -> None:
    """With --output every row is in the file, and the exit code is 0."""
    (mixed / "2.png").unlink()
    output = tmp_path / "new" / "rows.csv"
    done = run("classify", mixed, "--model", toy, "--output", output)
    assert (done.returncode, done.stderr) == (0, "")
    with output.open(encoding="utf-8", newline="") as file:
        assert [(row["id"], row["class"]) for row in csv.DictReader(file)] == [
            ("1", "elliptical"),
            ("3", "spiral"),
        ]


def test_json_is_one_list_of_all_rows(mixed: Path, toy: Path) -> None:
    """What --json prints is JSON, with null where there is no answer."""
    done = run("classify", mixed, "--model", toy, "--json")
    rows = json.loads(done.stdout)
    assert [row["class"] for row in rows] == ["elliptical", None, "spiral"]
    assert rows[0]["p_elliptical"] > 0.9
    assert done.returncode == 1


def test_standard_input_is_classified(toy: Path) -> None:
    """A dash reads a picture from standard input."""
    done = run("classify", "-", "--model", toy, "--json", typed=plain(COLOURS["barred_spiral"]))
    assert (done.returncode, json.loads(done.stdout)[0]["class"]) == (0, "barred_spiral")


def test_names_of_any_kind_are_no_obstacle(mixed: Path, toy: Path, tmp_path: Path) -> None:
    """Line breaks, markup, colour codes and bytes that are not UTF-8 reach table and screen."""
    for name in (b"a\nb.png", b"[red]c.png", b"\x1b[31md.png", b"\xff.png"):
        (mixed / os.fsdecode(name)).write_bytes(plain(COLOURS["spiral"]))
    done = run("classify", mixed, "--model", toy, "--output", tmp_path / "rows.csv")
    assert done.returncode == 1
    assert all(one in done.stdout for one in (r"a\nb", "[red]c", r"\x1b[31md", r"\xff"))
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.png"], "absent.png: No such file"),
        ([""], "empty"),
        ([], "PATH"),
        (["{mixed}", "--output", "{mixed}/rows.xlsx"], "rows.xlsx: unknown kind of table"),
        (["{mixed}", "--frame", "0"], "--frame"),
        (["{mixed}", "--frame", "nan"], "--frame"),
        (["{mixed}", "--model", "colossal"], "colossal: no such network"),
        (["{mixed}", "--no-such-option"], "No such option"),
        (["{mixed}/empty"], "no picture in this folder"),
    ],
)
def test_wrong_commands_give_2_and_a_reason(
    mixed: Path, toy: Path, arguments: list[str], message: str
) -> None:
    """A command that cannot be carried out writes nothing and says why in a sentence."""
    (mixed / "empty").mkdir()
    filled = [one.format(mixed=mixed) for one in arguments]
    done = run("classify", "--model", toy, *filled)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert sorted(one.name for one in mixed.iterdir()) == ["1.png", "2.png", "3.png", "empty"]


def test_classifying_brings_neither_torch_nor_parquet(mixed: Path, toy: Path) -> None:
    """Without extras there is no torch; what one picture does not need is not loaded either."""
    code = (
        "import sys, tuningfork\n"
        "assert 'numpy' not in sys.modules\n"
        "tuningfork.load(sys.argv[1]).classify(sys.argv[2])\n"
        "from typer.testing import CliRunner\n"
        "from tuningfork.cli import app\n"
        "result = CliRunner().invoke(app, ['classify', '--model', sys.argv[1], sys.argv[2]])\n"
        "assert result.exit_code == 0, result.output\n"
        "heavy = {'torch', 'pyarrow', 'scipy', 'sklearn', 'flask', 'sqlalchemy', 'onnx'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    assert run(toy, mixed / "1.png", code=code).stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        (None, "At a coverage of 0.95: 3 sure, 1 unsure, 0 no galaxy here"),
        (0.3, "0 no galaxy here (sets are those of 0.5, the least that was fitted)"),
        (0.999, "(more than the 0.99 that was fitted, so sets hold every class)"),
    ],
)
def test_a_coverage_that_was_not_fitted_is_told(coverage: float | None, said: str) -> None:
    """Below and above the thresholds the sets are not what their number says."""
    told = doubt_sentence({"sure": 3, "unsure": 1}, coverage, (0.5, 0.99))
    assert told.endswith(said)
