"""Whole runs on drawn galaxies: what they leave, how they stop, how they go on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from PIL import Image
from torch import Tensor
from typer.testing import CliRunner

from tests.train.made import (
    all_sets,
    class_folders,
    known_set,
    of_class,
    plan,
    printed,
    quiet,
    recipe,
    tiny,
)
from tuningfork.cli import app, main
from tuningfork.data import Known
from tuningfork.errors import BadData, BadModel, BadRule, TrainingStopped, UnknownName
from tuningfork.model import load_model
from tuningfork.model.card import sha256_of
from tuningfork.train import run as runs
from tuningfork.train.loop import Trainer
from tuningfork.train.recipe import Recipe
from tuningfork.train.run import train
from tuningfork.train.state import State
from tuningfork.train.stops import alone_in
from tuningfork.votes.rules import CLASSES

TIMES = ("seconds", "loading_seconds")


@dataclass(frozen=True)
class Finished:
    """A run that nothing disturbed."""

    folder: Path
    paths: list[Path]
    said: str

    @property
    def output(self) -> Path:
        return self.folder / "whole"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Two epochs from labels and two from the network's own answers."""
    folder = tmp_path_factory.mktemp("runs")
    paths = all_sets(folder)
    console = quiet()
    train(plan(paths, recipe(folder), folder / "whole"), console)
    return Finished(folder, paths, printed(console))


@pytest.fixture
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the slow last step, where a test looks at the training alone."""
    monkeypatch.setattr(runs, "_export", lambda *_: None)
    monkeypatch.setattr(runs, "draw_curves", lambda *_: None)


def metrics(folder: Path) -> list[dict[str, Any]]:
    """The record, without what the clock says."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [{key: one[key] for key in one if key not in TIMES} for one in records]


def leaves(value: object) -> list[object]:
    """Everything in a checkpoint, tensors as their bytes."""
    if isinstance(value, Tensor):
        return [value.contiguous().numpy().tobytes()]
    if isinstance(value, dict):
        return [leaf for key in value for leaf in (key, *leaves(value[key]))]
    if isinstance(value, list | tuple):
        return [leaf for one in value for leaf in leaves(one)]
    return [value]


def assert_same_run(one: Path, other: Path) -> None:
    """Every weight, moment and figure is the same to the last bit."""
    states = [torch.load(each / "checkpoint.pt", weights_only=True) for each in (one, other)]
    assert leaves(states[0]) == leaves(states[1])
    assert metrics(one) == metrics(other)


def test_a_run_leaves_a_network_that_answers(finished: Finished) -> None:
    """Network and card belong together and say what made them."""
    model = load_model(finished.output)
    card = model.card
    assert card.classes == CLASSES
    assert (card.name, card.recipe, card.rule) == ("tiny", "tiny", "reference")
    assert (card.preprocessing.frame_pixels, card.preprocessing.input_pixels) == (48, 32)
    assert card.sha256 == sha256_of(finished.output / "model.onnx")
    assert card.scores["parity"] < 1e-4
    last = metrics(finished.output)[-1]
    assert card.scores["validation_loss"] == last["validation_loss"]
    checkpoint = torch.load(finished.output / "checkpoint.pt", weights_only=True)
    weights = [v for k, v in checkpoint["network"].items() if not k.endswith(("mean", "var", "ed"))]
    assert card.parameters == sum(one.numel() for one in weights)
    assert 0 < sum(card.data.values()) < 42
    assert set(card.data) == {"voted", "folders", "table"}


def test_a_run_records_what_it_was(finished: Finished) -> None:
    """Recipe, versions and checksums in run.json; a line of metrics and of progress an epoch."""
    record = json.loads((finished.output / "run.json").read_text())
    assert record["recipe"] == recipe(finished.folder).model_dump(mode="json")
    assert record["galaxies"] == {"voted": 12, "folders": 16, "table": 14}
    assert {len(one) for one in record["checksums"].values()} == {64}
    assert torch.__version__.startswith(record["versions"]["torch"])
    lines = metrics(finished.output)
    assert [(one["epoch"], one["round"]) for one in lines] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    epochs = [line for line in finished.said.splitlines() if line.startswith("epoch ")]
    assert len(epochs) == 4
    assert all("images/s" in line and "% of the time loading" in line for line in epochs)
    with Image.open(finished.output / "curves.png") as curves:
        assert curves.size == (1200, 480)


@pytest.mark.usefixtures("without_export")
@pytest.mark.parametrize("update", [2, 8, 11])
def test_ctrl_c_within_an_epoch_loses_nothing(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update: int
) -> None:
    """Stopped in the first, third or fourth epoch and resumed, the run ends the same."""
    one = plan(finished.paths, recipe(finished.folder), tmp_path / "cut")
    one = replace(one, store=finished.folder / "cache")
    step = Trainer._step

    def interrupted(self: Trainer, *given: Any) -> Any:
        if self.state.updates == update:
            raise KeyboardInterrupt
        return step(self, *given)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_step", interrupted)
        with pytest.raises(TrainingStopped, match=r"stopped by Ctrl-C; .*--resume"):
            train(one, quiet())
    train(replace(one, resume=True), quiet())
    assert_same_run(one.output, finished.output)


def test_ctrl_c_exits_as_other_verbs_do(
    finished: Finished,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One sentence, and 130 as from any command that a shell stops."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "_step", interrupted)
    given = [*map(str, finished.paths), "--recipe", str(tiny(finished.folder))]
    given += ["--output", str(tmp_path / "cut"), "--cache", str(finished.folder / "cache")]
    monkeypatch.setattr(sys, "argv", ["tuningfork", "train", *given])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
    assert "stopped by Ctrl-C; continue with" in capsys.readouterr().err


@pytest.mark.usefixtures("without_export")
def test_a_stop_between_record_and_checkpoint_loses_nothing(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line too many, even torn, is dropped and written anew."""
    one = plan(finished.paths, recipe(finished.folder), tmp_path / "cut")
    one = replace(one, store=finished.folder / "cache")
    save = State.save

    def full(self: State, path: Path) -> None:
        if self.epoch == 3:
            raise OSError(28, "No space left on device", str(path))
        save(self, path)

    with monkeypatch.context() as patched:
        patched.setattr(State, "save", full)
        with pytest.raises(TrainingStopped, match=r"no space left on the disk of .*--resume"):
            train(one, quiet())
    assert len(metrics(one.output)) == 3
    with (one.output / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 4, "ro')
    train(replace(one, resume=True), quiet())
    assert_same_run(one.output, finished.output)


KILLED = """
import os, signal, sys
from tuningfork.train.loop import Trainer
step = Trainer._step
def killed(self, *given):
    if self.state.updates == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, *given)
Trainer._step = killed
from tuningfork.cli import main
main()
"""


def test_a_killed_run_resumes_to_the_same_network(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL in the second epoch, then --resume: the same ONNX file byte for byte."""
    output, cache = tmp_path / "killed", finished.folder / "cache"
    sets = [str(path) for path in finished.paths]
    arguments = ["train", *sets, "--recipe", str(tiny(finished.folder))]
    arguments += ["--output", str(output), "--cache", str(cache)]
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments],
        capture_output=True,
        check=False,
        env=os.environ | threads,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert len(metrics(output)) == 1
    monkeypatch.setattr(sys, "argv", ["tuningfork", *arguments, "--resume"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code in {0, None}
    assert_same_run(output, finished.output)
    assert sha256_of(output / "model.onnx") == sha256_of(finished.output / "model.onnx")


@pytest.mark.usefixtures("without_export")
def test_a_fold_keeps_its_part_of_the_galaxies(finished: Finished, tmp_path: Path) -> None:
    """The run's split is the second of three; what is no fold is refused."""
    sets = [str(path) for path in finished.paths]
    given = ["train", *sets, "--recipe", str(tiny(finished.folder)), "--steps", "1"]
    given += ["--cache", str(finished.folder / "cache")]
    for words in ("0/3", "4/3", "1/1", "1", "x/3", "²/3"):
        found = CliRunner().invoke(app, [*given, "--output", str(tmp_path / "no"), "--fold", words])
        assert (found.exit_code, "--fold" in found.output) == (2, True)
    found = CliRunner().invoke(app, [*given, "--output", str(tmp_path / "one"), "--fold", "2/3"])
    assert found.exit_code == 0, found.output
    record = json.loads((tmp_path / "one/run.json").read_bytes())
    split = Recipe.model_validate(record["recipe"]).held_out
    assert split == {"share": 1 / 3, "seed": 0, "fold": 1}


def test_a_folder_with_a_run_is_not_written_over(finished: Finished) -> None:
    """Without --resume it is refused; with another recipe or other data too."""
    same = plan(finished.paths, recipe(finished.folder), finished.output)
    with pytest.raises(BadData, match="holds a run already; add --resume"):
        train(same, quiet())
    other = recipe(finished.folder).model_copy(update={"seed": 1})
    with pytest.raises(BadData, match=r"another recipe than now \(seed was 0, is 1\); resume"):
        train(replace(same, recipe=other, resume=True), quiet())
    with pytest.raises(BadData, match="begun with other pictures"):
        train(replace(same, sets=same.sets[:2], resume=True), quiet())


@pytest.mark.usefixtures("without_export")
def test_a_run_from_before_a_setting_was_added_resumes(finished: Finished, tmp_path: Path) -> None:
    """Its record does not name the setting, whose default was what it meant."""
    output = tmp_path / "old"
    shutil.copytree(finished.output, output)
    record = json.loads((output / "run.json").read_bytes())
    del record["recipe"]["network"]["features"]
    (output / "run.json").write_text(json.dumps(record))
    one = plan(finished.paths, recipe(finished.folder), output, resume=True)
    train(replace(one, store=finished.folder / "cache"), quiet())
    assert_same_run(output, finished.output)
    record["recipe"]["network"]["features"] = 8
    (output / "run.json").write_text(json.dumps(record))
    with pytest.raises(BadData, match=r"another recipe than now \(network\.features was 8, is"):
        train(replace(one, store=finished.folder / "cache"), quiet())


@pytest.mark.usefixtures("without_export")
def test_a_resumed_run_misses_no_teacher_that_is_gone(finished: Finished, tmp_path: Path) -> None:
    """Its answers are in the checkpoint; but one that was exchanged meanwhile is refused."""
    teacher, output = tmp_path / "teacher", tmp_path / "run"
    shutil.copytree(finished.output, teacher)
    views = f'2\nteachers = ["{teacher}"]'
    one = plan(finished.paths, recipe(tmp_path, views=views), output)
    one = replace(one, store=finished.folder / "cache")
    train(one, quiet())
    (teacher / "model.onnx").write_bytes(b"another")
    with pytest.raises(BadData, match="begun with other finished networks"):
        train(replace(one, resume=True), quiet())
    shutil.rmtree(teacher)
    train(replace(one, resume=True), quiet())


@pytest.mark.usefixtures("without_export")
def test_a_restart_by_torchrun_goes_on_with_its_own_run_only(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that was refused stays refused, however often torchrun tries again."""
    output = tmp_path / "run"
    shutil.copytree(finished.output, output)
    one = plan(finished.paths, recipe(finished.folder), output)
    one = replace(one, store=finished.folder / "cache")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a-launch")
    with pytest.raises(BadData, match="holds a run already"):
        train(one, quiet())
    record = json.loads((output / "run.json").read_bytes())
    (output / "run.json").write_text(json.dumps(record | {"launch": "a-launch"}))
    train(one, quiet())
    assert_same_run(output, finished.output)


def test_nothing_to_resume_is_said(finished: Finished, tmp_path: Path) -> None:
    """A misspelt --output does not start a second run."""
    one = plan(finished.paths, recipe(finished.folder), tmp_path / "none", resume=True)
    with pytest.raises(BadData, match="no run to resume"):
        train(replace(one, store=finished.folder / "cache"), quiet())


def test_a_damaged_checkpoint_is_said(finished: Finished, tmp_path: Path) -> None:
    """Not taken for something else."""
    output = tmp_path / "damaged"
    output.mkdir()
    for name in ("run.json", "metrics.jsonl"):
        (output / name).write_bytes((finished.output / name).read_bytes())
    whole = (finished.output / "checkpoint.pt").read_bytes()
    one = plan(finished.paths, recipe(finished.folder), output, resume=True)
    struck = bytearray(whole)
    struck[len(whole) // 2] ^= 1
    shares = (0.1, 0.25, 0.5, 0.75, 0.99)
    cuts = [whole[: int(share * len(whole))] for share in shares]
    for part in (b"", b"error\n", *cuts, bytes(struck)):
        (output / "checkpoint.pt").write_bytes(part)
        with pytest.raises(BadData, match=r"checkpoint\.pt: the checkpoint is damaged"):
            train(replace(one, store=finished.folder / "cache"), quiet())


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"recipe": 1}'])
def test_a_damaged_record_is_said(finished: Finished, tmp_path: Path, text: str) -> None:
    """What the run was begun with is not known any more."""
    shutil.copytree(finished.output, tmp_path / "damaged")
    (tmp_path / "damaged" / "run.json").write_text(text)
    one = plan(finished.paths, recipe(finished.folder), tmp_path / "damaged", resume=True)
    with pytest.raises(BadData, match=r"run\.json: the run's record is damaged; start"):
        train(replace(one, store=finished.folder / "cache"), quiet())


def test_a_record_that_is_gone_is_said(finished: Finished, tmp_path: Path) -> None:
    """With and without --resume nobody is sent in a circle."""
    output = tmp_path / "gone"
    shutil.copytree(finished.output, output)
    (output / "run.json").unlink()
    one = plan(finished.paths, recipe(finished.folder), output, resume=True)
    with pytest.raises(BadData, match=r"run\.json: missing beside .* start in another"):
        train(replace(one, store=finished.folder / "cache"), quiet())


@pytest.mark.usefixtures("without_export")
def test_a_torn_line_of_the_record_is_dropped(finished: Finished, tmp_path: Path) -> None:
    """A lost power supply may leave zeros in it; the run goes on."""
    output = tmp_path / "torn"
    shutil.copytree(finished.output, output)
    path = output / "metrics.jsonl"
    first, *others = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first[:9] + bytes(20) + b"\n" + b"".join(others))
    one = plan(finished.paths, recipe(finished.folder), output, resume=True)
    train(replace(one, store=finished.folder / "cache"), quiet())
    assert metrics(output) == metrics(finished.output)[1:]


def test_two_runs_do_not_share_a_folder(finished: Finished) -> None:
    """The second is refused at once."""
    one = plan(finished.paths, recipe(finished.folder), finished.output, resume=True)
    with alone_in(finished.output), pytest.raises(BadData, match="another run is training here"):
        train(one, quiet())


@pytest.mark.usefixtures("without_export")
def test_a_set_without_validation_galaxies_trains(tmp_path: Path) -> None:
    """Twenty galaxies, all of them training, and a set that the recipe does not name."""
    paths = [class_folders(tmp_path / "my own", 5)]
    console = quiet()
    train(plan(paths, recipe(tmp_path, validation="0.0"), tmp_path / "run"), console)
    lines = metrics(tmp_path / "run")
    assert [one["validation_loss"] for one in lines] == [None] * 4
    assert all(one["loss"] > 0 for one in lines)
    assert "my own: the recipe tiny does not name this set" in printed(console)


@pytest.mark.usefixtures("without_export")
def test_a_training_that_diverges_says_so(tmp_path: Path) -> None:
    """A rate beyond reason ends in a sentence, not in a network of no numbers."""
    paths = [class_folders(tmp_path / "folders", 5)]
    with pytest.raises(BadRule, match=r"training diverged; lower rate"):
        train(plan(paths, recipe(tmp_path, rate="1e38"), tmp_path / "run"), quiet())


def test_what_diverges_in_the_last_step_leaves_nothing(tmp_path: Path) -> None:
    """Its loss before the step was sound; the weights after it are not."""
    paths = [class_folders(tmp_path / "folders", 5)]
    one = plan(paths, recipe(tmp_path, rate="1e38"), tmp_path / "run")
    with pytest.raises(BadRule, match=r"in epoch 1, the training diverged; lower rate"):
        train(replace(one, steps=1), quiet())
    assert {path.name for path in (tmp_path / "run").iterdir()} == {".lock", "run.json"}


def test_an_unsound_export_gets_no_name(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither graph nor card: what is there is whole."""

    def unsound(*_: object, **__: object) -> float:
        raise BadModel("differs from torch")

    def written(*given: object) -> None:
        Path(str(given[-1])).write_bytes(b"a graph")

    monkeypatch.setattr(runs, "export_onnx", written)
    monkeypatch.setattr(runs, "check_parity", unsound)
    one = plan(finished.paths, recipe(finished.folder), tmp_path / "run")
    with pytest.raises(BadModel, match="differs"):
        train(replace(one, store=finished.folder / "cache", steps=1), quiet())
    assert not list((tmp_path / "run").glob("*model*"))


def test_the_mean_with_a_finished_network_is_exported(finished: Finished, tmp_path: Path) -> None:
    """Its answers are those of a graph whose every weight is the mean; the figures are its own."""
    alone = plan(finished.paths, recipe(finished.folder), tmp_path / "alone")
    alone = replace(alone, store=finished.folder / "cache", steps=3)
    merged = alone.recipe.model_copy(update={"mean_with": (str(finished.output),)})
    together = replace(alone, recipe=merged, output=tmp_path / "together")
    console = quiet()
    train(alone, quiet())
    train(together, console)
    assert metrics(alone.output) == metrics(together.output)
    graph, other = (onnx.load(one / "model.onnx") for one in (alone.output, finished.output))
    others = {one.name: numpy_helper.to_array(one) for one in other.graph.initializer}
    for one in graph.graph.initializer:
        own = numpy_helper.to_array(one)
        if own.dtype == np.float32:
            one.CopyFrom(numpy_helper.from_array((own + others[one.name]) / 2, one.name))
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    expected = session.run(["probabilities", "fractions"], {"pixels": pixels})
    model = load_model(together.output)
    found = model.answer(pixels)
    np.testing.assert_allclose(found.probabilities, expected[0], atol=1e-4)
    np.testing.assert_allclose(found.fractions, expected[1], atol=1e-4)
    loss = model.card.scores["validation_loss"]
    assert loss != metrics(together.output)[-1]["validation_loss"]
    assert f"validation loss {loss:.4f}" in printed(console).split("its mean with")[1]


def test_an_unfit_mean_stops_a_training_before_it_begins(
    finished: Finished, tmp_path: Path
) -> None:
    """The run's folder holds nothing that a mended recipe would be held against."""
    one = recipe(finished.folder)
    wider = one.network.model_copy(update={"widths": (8, 24)})
    one = one.model_copy(update={"network": wider, "mean_with": (str(finished.output),)})
    asked = plan(finished.paths, one, tmp_path / "run")
    with pytest.raises(BadRule, match=r"mean_with names .*, whose layers have other widths"):
        train(replace(asked, store=finished.folder / "cache"), quiet())
    assert not (tmp_path / "run" / "run.json").exists()


def test_a_run_that_continues_another_is_its_next_round(
    finished: Finished, tmp_path: Path, without_export: None
) -> None:
    """Weights, average and the optimiser's means go on; epochs and settings are its own."""
    one = recipe(finished.folder, weight_decay="0.5", rate="1e-12", pictures="8")
    one = one.model_copy(update={"continues": str(finished.output), "rounds": one.rounds[:1]})
    asked = plan(finished.paths, one, tmp_path / "next")
    train(replace(asked, store=finished.folder / "cache"), quiet())
    before, after = (
        torch.load(folder / "checkpoint.pt", weights_only=True)
        for folder in (finished.output, asked.output)
    )
    assert [line["epoch"] for line in metrics(asked.output)] == [1, 2]
    assert after["progress"][:2] == [2, before["progress"][1] + 2]
    for name, weight in before["network"].items():
        if not name.endswith(("mean", "var", "tracked")):
            torch.testing.assert_close(after["network"][name], weight, rtol=0, atol=1e-8)
    means, others = before["optimiser"]["state"], after["optimiser"]["state"]
    assert [one["step"] + 2 for one in means.values()] == [one["step"] for one in others.values()]
    groups = after["optimiser"]["param_groups"]
    assert [group["weight_decay"] for group in groups] == [0.5, 0.0]


def test_what_is_no_run_of_such_a_network_cannot_be_continued(
    finished: Finished, tmp_path: Path
) -> None:
    """A network without its run, and a run of another network, are named in a sentence."""
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("model.onnx", "model.json"):
        shutil.copy(finished.output / name, alone)
    one = recipe(finished.folder)
    asked = plan(finished.paths, one.model_copy(update={"continues": str(alone)}), tmp_path / "run")
    asked = replace(asked, store=finished.folder / "cache")
    with pytest.raises(UnknownName, match=r"alone holds no checkpoint\.pt"):
        train(asked, quiet())
    wider = one.network.model_copy(update={"widths": (8, 24)})
    other = one.model_copy(update={"continues": str(finished.output), "network": wider})
    with pytest.raises(BadRule, match=r"cannot continue .*whole.*of another network"):
        train(replace(asked, recipe=other), quiet())
    assert not (tmp_path / "run").exists()


def test_a_set_of_which_nothing_is_known_trains_nothing(tmp_path: Path) -> None:
    """A loss of 0 would look like a success."""
    one = plan([], recipe(tmp_path), tmp_path / "run")
    one = replace(one, sets=[known_set("voted", dict.fromkeys("abcdefgh", Known()))])
    with pytest.raises(BadData, match="nothing that the recipe's loss asks for is known"):
        train(one, quiet())


def test_a_source_of_no_weight_cannot_train_alone(tmp_path: Path) -> None:
    """Nothing would ever be drawn."""
    one = plan([], recipe(tmp_path, weight="0.0"), tmp_path / "run")
    one = replace(one, sets=[known_set("voted", {"a": of_class("spiral")})])
    with pytest.raises(BadData, match="none trains; add galaxies"):
        train(one, quiet())


def test_an_output_that_is_a_file_is_said(finished: Finished, tmp_path: Path) -> None:
    """With the path."""
    (tmp_path / "file").touch()
    one = plan(finished.paths, recipe(finished.folder), tmp_path / "file")
    with pytest.raises(TrainingStopped, match="file: File exists"):
        train(one, quiet())


def test_the_reference_network_goes_all_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--steps 1`` trains, exports, and gives a network without votes that loads."""
    paths = class_folders(tmp_path / "folders", 5)
    path = tiny(tmp_path, input_pixels="46", stored_pixels="46")
    text = path.read_text().replace('"residual"', '"reference"')
    path.write_text(text[: text.rindex("[[rounds]]")] + text[text.rindex("[sources.voted]") :])
    arguments = [str(paths), "--recipe", str(path), "-o", str(tmp_path / "run"), "--steps", "1"]
    monkeypatch.setattr(sys, "argv", ["tuningfork", "train", *arguments, "--cache", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code in {0, None}
    assert capsys.readouterr().out.strip() == str(tmp_path / "run" / "model.onnx")
    assert load_model(tmp_path / "run").card.columns == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--recipe", "compakt"], "no recipe is called 'compakt'"),
        (["--exclude", "nowhere"], "nowhere: no such folder"),
        (["--cache", "s3://bucket/cache"], "is an address;"),
        (["--same", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_a_mistaken_command_ends_with_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    """One sentence on stderr, and no run folder left behind."""
    paths = class_folders(tmp_path / "folders", 1)
    output = tmp_path / "run"
    given = ["tuningfork", "train", str(paths), "--output", str(output), *arguments]
    monkeypatch.setattr(sys, "argv", given)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert said in capsys.readouterr().err
    assert not output.exists()
