"""Processes that answer beside: the same rows with them, without them, and when they are lost."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.classify.conftest import COLOURS, plain
from tests.classify.test_command import MAIN
from tests.images.test_sources import zipped
from tuningfork.classify import Row, classify_pictures
from tuningfork.classify.helpers import EACH, Helpers, helpers_for
from tuningfork.classify.stream import Asked, classify_batch
from tuningfork.cores import cores
from tuningfork.images.sources import Picture, find_pictures
from tuningfork.model.session import Model, load_model

LABELS = list(COLOURS) * 40


@pytest.fixture
def pictures(tmp_path: Path) -> list[Picture]:
    """Give the pictures of a zip of 120, of which one is broken."""
    members = {f"{place:03}.png": plain(COLOURS[label]) for place, label in enumerate(LABELS)}
    members["007.png"] = members["007.png"][:60]
    (tmp_path / "set.zip").write_bytes(zipped(members))
    return list(find_pictures([tmp_path / "set.zip"]))


@pytest.fixture
def helpers(toy: Path) -> Iterator[Helpers]:
    """Start two helpers."""
    with Helpers(2, toy, Asked()) as started:
        yield started


def answered(helpers: Helpers, pictures: list[Picture], model: Model) -> list[Row]:
    """Have a helper answer, once there is one."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        rows = helpers.answer(pictures, model)
        if rows is not None:
            return rows
        time.sleep(0.01)
    raise AssertionError("no helper within a minute")


def fail(error: Exception) -> bytes:
    """Fail, in whatever process."""
    raise error


def test_a_helper_answers_as_this_process_does(
    helpers: Helpers, pictures: list[Picture], model: Model
) -> None:
    """Its rows are equal to the last digit, an unreadable picture's sentence among them."""
    rows = answered(helpers, pictures[:16], model)
    assert rows == classify_batch(model, pictures[:16], Asked())
    assert rows[7].classification is None
    assert rows[7].error.startswith(pictures[7].path)


def test_rows_keep_their_order_beside_helpers(
    helpers: Helpers, pictures: list[Picture], model: Model
) -> None:
    """A stream with helpers gives what one without gives."""
    answered(helpers, pictures[:1], model)
    assert list(classify_pictures(model, pictures, beside=helpers)) == list(
        classify_pictures(model, pictures)
    )


def test_helpers_that_are_killed_lose_no_row(
    helpers: Helpers, pictures: list[Picture], model: Model
) -> None:
    """What they had in hand is answered here, and so is the rest."""
    answered(helpers, pictures[:1], model)
    rows = classify_pictures(model, pictures, beside=helpers, batch=4)
    found = [next(rows)]
    for one in multiprocessing.active_children():
        assert one.pid is not None
        os.kill(one.pid, signal.SIGKILL)
    found += rows
    assert found == list(classify_pictures(model, pictures))
    assert helpers.answer(pictures[:1], model) is None


def test_a_helper_with_another_network_is_not_asked(
    helpers: Helpers, pictures: list[Picture], model: Model, toy: Path
) -> None:
    """A network that was exported anew meanwhile does not mix with the one that was loaded."""
    answered(helpers, pictures[:1], model)
    other = load_model(toy)
    other.card = replace(other.card, sha256="0" * 64)
    assert helpers.answer(pictures[:1], other) is None


def test_what_fails_in_a_helper_fails_here(helpers: Helpers, model: Model) -> None:
    """An error that is no picture's is raised as it would be without helpers."""
    good = Picture("1", "1.png", partial(plain, COLOURS["spiral"]))
    answered(helpers, [good], model)
    bad = Picture("2", "2.png", partial(fail, RuntimeError("the disk is gone")))
    with pytest.raises(RuntimeError, match="the disk is gone"):
        list(classify_pictures(model, [good, bad], beside=helpers))
    assert helpers.answer([good], model) is not None


def test_where_no_process_can_begin_there_are_none(
    toy: Path, pictures: list[Picture], model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container that allows no further process has no helpers, and all rows."""

    def refuse(_: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", refuse)
    with Helpers(2, toy, Asked()) as helpers:
        rows = list(classify_pictures(model, pictures, beside=helpers))
    assert rows == list(classify_pictures(model, pictures))


def test_few_pictures_and_streams_get_no_helpers(tmp_path: Path, toy: Path) -> None:
    """A helper begins for every so many files; what only this process can read gets none."""
    (tmp_path / "1.png").write_bytes(plain(COLOURS["spiral"]))
    for paths in ([tmp_path / "1.png"], [Path("-")]):
        with helpers_for(paths, toy, {}) as none:
            assert none is None
    many = {f"{place}.png": b"" for place in range(EACH)}
    (tmp_path / "many.zip").write_bytes(zipped(many))
    with helpers_for([tmp_path / "many.zip"], toy, {}) as some:
        assert (some is None) == (cores() == 1)
        assert len(multiprocessing.active_children()) == min(1, cores() - 1)
    assert not multiprocessing.active_children()


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Make a zip of so many pictures that a helper begins."""
    picture = plain(COLOURS["spiral"], side=200)
    members = {f"{place:05}.png": picture for place in range(10 * EACH)}
    (tmp_path / "many.zip").write_bytes(zipped(members))
    return tmp_path / "many.zip"


def running(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The command's helpers, once it has some."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(psutil.NoSuchProcess):
            found: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
            if any("spawn_main" in " ".join(one.cmdline()) for one in found):
                return found
        time.sleep(0.01)
    raise AssertionError("no helper within a minute")


@pytest.mark.skipif(cores() == 1, reason="one core has no room for a helper")
@pytest.mark.parametrize(
    ("number", "wait"),
    [(signal.SIGINT, 0.0), (signal.SIGINT, 1.0), (signal.SIGTERM, 1.0), (signal.SIGKILL, 0.2)],
)
def test_helpers_end_with_the_command(
    many: Path, toy: Path, tmp_path: Path, number: signal.Signals, wait: float
) -> None:
    """Whatever ends it, at whatever moment: no helper stays, no traceback, no table."""
    command = [sys.executable, "-c", MAIN, "classify", str(many), "--model", str(toy)]
    command += ["--output", str(tmp_path / "rows.csv")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        helpers = running(process)
        time.sleep(wait)
        for one in helpers if number == signal.SIGINT else ():  # a terminal tells the whole group
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(number)
        process.send_signal(number)
        said = process.stderr.read()
    killed = number == signal.SIGKILL
    assert process.returncode == (-number if killed else 130)
    assert "Traceback" not in said
    assert not psutil.wait_procs(helpers, timeout=30)[1]
    assert not (tmp_path / "rows.csv").exists()
    assert killed or not [one for one in tmp_path.iterdir() if one.name.startswith(".rows")]
