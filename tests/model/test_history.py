"""The record of a training run beside the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model.toy import write_toy
from tuningfork.errors import BadModel
from tuningfork.model.history import read_history


def test_the_bundled_network_brings_its_record() -> None:
    """Curves can be drawn of the network that ships: each epoch once, in order."""
    epochs = [one["epoch"] for one in read_history()]
    assert epochs == list(range(1, len(epochs) + 1))
    assert len(epochs) > 3


def test_a_runs_folder_has_one_and_other_networks_none(tmp_path: Path) -> None:
    """The record lies in the run's folder; a lone file has no curves."""
    run = write_toy(tmp_path / "run").parent
    (run / "metrics.jsonl").write_text('{"epoch": 1}\n{"epoch": 2}\n')
    assert [one["epoch"] for one in read_history(run)] == [1, 2]
    calibrated = write_toy(tmp_path / "run", "calibrated")
    assert [one["epoch"] for one in read_history(calibrated)] == [1, 2]
    alone = write_toy(tmp_path / "alone", "lone")
    assert read_history(alone) == ()
    (alone.parent / "lone.metrics.jsonl").write_text('{"epoch": 7}\n')
    assert [one["epoch"] for one in read_history(alone)] == [7]


@pytest.mark.parametrize("text", ['{"epoch": 1', "[1, 2]", '{"loss": 3}'])
def test_a_damaged_record_is_named(tmp_path: Path, text: str) -> None:
    """What is no record is refused with the file's name."""
    run = write_toy(tmp_path / "run").parent
    (run / "metrics.jsonl").write_text(text + "\n")
    with pytest.raises(BadModel, match=r"metrics\.jsonl"):
        read_history(run)
