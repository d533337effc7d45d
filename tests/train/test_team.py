"""Several processes train one network together, by PyTorch's own launcher."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.train.made import all_sets, tiny
from tuningfork.train.team import Team

WAIT = 300
ALONE = os.environ | {"OMP_NUM_THREADS": "1"}
"""Each process on one core."""


def command(processes: int, sets: list[Path], recipe: Path, output: Path) -> list[str]:
    """As docs/cloud.md writes it."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    tuningfork = str(Path(sys.executable).with_name("tuningfork"))
    return [
        *launcher,
        f"--nproc-per-node={processes}",
        "--no-python",
        tuningfork,
        "train",
        *map(str, sets),
        "--recipe",
        str(recipe),
        "--output",
        str(output),
        "--cache",
        str(output.parent / "cache"),
    ]


def lines(output: Path) -> list[dict[str, Any]]:
    """The run's record."""
    text = (output / "metrics.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def run(arguments: list[str]) -> str:
    """To its end, and what it says on stdout; the rest is shown where it fails."""
    done = subprocess.run(
        arguments, check=True, timeout=WAIT, env=ALONE, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def workers_after_an_epoch(launcher: subprocess.Popen[bytes], output: Path) -> list[int]:
    """Wait for the first checkpoint; gives the launcher's processes."""
    began = time.monotonic()
    while not (output / "checkpoint.pt").exists() and time.monotonic() - began < WAIT:
        time.sleep(0.05)
    found = subprocess.run(
        ["pgrep", "-P", str(launcher.pid)], capture_output=True, text=True, check=True
    )
    return [int(one) for one in found.stdout.split()]


EXACT = """
builds_on = "reference"
name = "exact"
description = "without batch normalisation and dropout, so that parts of a batch make the whole"
batch = 24
[network]
kind = "reference"
dropout = 0.0
[pictures]
frame_pixels = 48
input_pixels = 46
stored_pixels = 48
mean = 15.3
scale = 30.6
[[rounds]]
epochs = 4
pictures = 96
rate = 0.01
"""


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], Path]:
    """Sets and a recipe without chance in dropout, whose parts see alike batches."""
    folder = tmp_path_factory.mktemp("team")
    recipe = tiny(folder, dropout="0.0", batch="24", pictures="96", rate="2e-3")
    return all_sets(folder / "sets"), recipe


def test_two_processes_learn_as_one(material: tuple[list[Path], Path], tmp_path: Path) -> None:
    """The loss curve is that of one process with the same batches.

    Without batch normalisation nothing but the order of sums differs. Gradients that were not
    shared would leave the curve of batches of half the size, which lies 1 to 10 % away.
    """
    sets, _ = material
    recipe = tmp_path / "exact.toml"
    recipe.write_text(EXACT, encoding="utf-8")
    run(command(1, sets, recipe, tmp_path / "one"))
    said = run(command(2, sets, recipe, tmp_path / "two"))
    assert said.splitlines() == [str(tmp_path / "two" / "model.onnx")]
    one, two = lines(tmp_path / "one"), lines(tmp_path / "two")
    assert [line["pictures"] for line in two] == [96] * 4
    for name in ("loss", "validation_loss"):
        curves = [[line[name] for line in curve] for curve in (one, two)]
        np.testing.assert_allclose(curves[1], curves[0], rtol=5e-3)
    assert (tmp_path / "two" / "model.onnx").exists()
    weights = torch.load(tmp_path / "two" / "checkpoint.pt", weights_only=True)["network"]
    assert all(torch.isfinite(tensor).all() for tensor in weights.values())


def test_processes_that_were_killed_go_on_where_the_run_stood(
    material: tuple[list[Path], Path], tmp_path: Path
) -> None:
    """After a SIGKILL of all of them --resume misses no epoch and doubles none."""
    sets, recipe = material
    output = tmp_path / "killed"
    arguments = command(2, sets, recipe, output)
    with subprocess.Popen(arguments, env=ALONE) as launcher:
        workers = workers_after_an_epoch(launcher, output)
        for process in (launcher.pid, *workers):
            os.kill(process, signal.SIGKILL)
    assert not (output / "model.onnx").exists()
    run([*arguments, "--resume"])
    assert [line["epoch"] for line in lines(output)] == [1, 2, 3, 4]
    assert (output / "model.onnx").exists()


@pytest.mark.parametrize("lost", [0, 1])
def test_torchrun_starts_a_lost_process_again(
    material: tuple[list[Path], Path], tmp_path: Path, lost: int
) -> None:
    """One process is killed; all are started again and go on from the last checkpoint."""
    sets, recipe = material
    output = tmp_path / "lost"
    arguments = command(2, sets, recipe, output)
    arguments.insert(arguments.index("--no-python"), "--max-restarts=2")
    with subprocess.Popen(arguments, env=ALONE) as launcher:
        workers = workers_after_an_epoch(launcher, output)
        os.kill(workers[lost], signal.SIGKILL)
        try:
            assert launcher.wait(WAIT) == 0
        finally:
            launcher.kill()
    assert [line["epoch"] for line in lines(output)] == [1, 2, 3, 4]
    assert (output / "model.onnx").exists()


def test_a_batch_smaller_than_the_team_is_said(tmp_path: Path) -> None:
    """Nothing would be learned; nothing is left that could be resumed."""
    sets, recipe = all_sets(tmp_path / "sets"), tiny(tmp_path, batch="1", pictures="4")
    arguments = command(2, sets, recipe, tmp_path / "run")
    done = subprocess.run(
        arguments, check=False, timeout=WAIT, env=ALONE, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "picture for each of 2 processes; give a larger batch" in done.stderr
    assert not (tmp_path / "run" / "checkpoint.pt").exists()


@pytest.mark.parametrize(("count", "size"), [(64, 1), (64, 2), (7, 2), (1, 2), (9, 4)])
def test_parts_are_equal_and_apart(count: int, size: int) -> None:
    """Together they are the batch but for fewer than there are processes."""
    rows = np.arange(count)
    parts = [rows[Team(rank, size).part(rows)].tolist() for rank in range(size)]
    assert len({len(part) for part in parts}) == 1
    whole = [row for part in parts for row in part]
    assert whole == list(range(count - count % size))
