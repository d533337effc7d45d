"""What ends a run early becomes one sentence."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tuningfork.errors import BadData, TrainingInterrupted, TrainingStopped
from tuningfork.train.stops import RECORD, alone_in, clear_stops


def _save_on_full_disk() -> None:
    with Path("/dev/full").open("wb") as file:
        torch.save({"a": torch.zeros(100_000)}, file)


def _raises(error: BaseException) -> Callable[[], object]:
    def act() -> None:
        raise error

    return act


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: torch.empty(10**16), "out of memory"),
        (lambda: np.ones(10**16), "out of memory"),
        (_raises(RuntimeError("std::bad_alloc")), "out of memory"),
        (_raises(OSError(errno.ENOMEM, "Cannot allocate memory")), "out of memory"),
        (_save_on_full_disk, "no space left on the disk of"),
        (_raises(OSError(errno.EDQUOT, "Disk quota exceeded", "/there")), "disk of /there"),
        (lambda: Path("/proc/none/x").mkdir(), "/proc/none/x: No such file"),
        (_raises(RuntimeError("[1] recv: Connection reset by peer")), "process .* was lost"),
        (_raises(KeyboardInterrupt()), "stopped by Ctrl-C"),
    ],
    ids=["torch", "numpy", "c++", "kernel", "full disk", "quota", "path", "peer", "ctrl-c"],
)
def test_stops_say_what_happened_and_how_to_go_on(
    tmp_path: Path, act: Callable[[], object], said: str
) -> None:
    """With --resume once a run has begun, without before."""
    with (
        pytest.raises(TrainingStopped, match=f"{said}.*the same command again"),
        clear_stops(tmp_path),
    ):
        act()
    (tmp_path / RECORD).write_text("{}")
    with pytest.raises(TrainingStopped, match=f"{said}.*--resume"), clear_stops(tmp_path):
        act()


def test_sigterm_stops_as_ctrl_c_does(tmp_path: Path) -> None:
    """A container or a spot machine ends a process so; afterwards it ends one as before."""
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(TrainingInterrupted, match="stopped by SIGTERM; "), clear_stops(tmp_path):
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_mistakes_in_the_program_are_not_hidden(tmp_path: Path) -> None:
    """A complaint about the layout in memory is no lack of it."""
    error = RuntimeError("required rank 4 tensor to use channels_last memory format")
    with pytest.raises(RuntimeError, match="channels_last"), clear_stops(tmp_path):
        raise error


def test_our_own_errors_pass(tmp_path: Path) -> None:
    """They say already what to do."""
    with pytest.raises(BadData, match=r"^as it is$"), clear_stops(tmp_path):
        raise BadData("as it is")


def test_a_second_run_in_one_folder_is_refused(tmp_path: Path) -> None:
    """While the first holds it, and no longer."""
    with (
        alone_in(tmp_path),
        pytest.raises(BadData, match="another run is training here"),
        alone_in(tmp_path),
    ):
        pass
    with alone_in(tmp_path):
        pass


def test_a_run_that_was_refused_leaves_no_folder(tmp_path: Path) -> None:
    """One that held something, or that the user made, stays."""
    new, used, own = tmp_path / "new", tmp_path / "used", tmp_path / "own"
    own.mkdir()
    for folder in (new, own):
        with alone_in(folder):
            pass
    with alone_in(used):
        (used / RECORD).touch()
    assert not new.exists()
    assert (used / RECORD).exists()
    assert own.is_dir()
