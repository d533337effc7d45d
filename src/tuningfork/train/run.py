"""One training run from data sets to a folder with the network, its card and its record."""

from __future__ import annotations

import errno
import fcntl
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from tuningfork.data import GalaxySet
from tuningfork.errors import BadData, TrainingStopped
from tuningfork.files import replacing
from tuningfork.images.frame import Preprocessing
from tuningfork.model.card import Card, sha256_of, write_card
from tuningfork.train.curves import draw_curves
from tuningfork.train.export import check_parity, export_onnx
from tuningfork.train.galaxies import Galaxies, gather
from tuningfork.train.loop import CHECKPOINT, METRICS, Trainer, new_state
from tuningfork.train.material import Material
from tuningfork.train.networks import build, outputs_of
from tuningfork.train.recipe import Recipe
from tuningfork.train.store import Store, open_store
from tuningfork.votes.rules import load_rule
from tuningfork.votes.tree import TREE

RECORD = "run.json"
CREDITS = (
    "Learned from pictures of the Sloan Digital Sky Survey and from labels of Galaxy Zoo "
    "(Lintott et al. 2011; Willett et al. 2013; Hart et al. 2016), the Galaxy Challenge "
    "(Dieleman et al. 2015) and EFIGI (Baillard et al. 2011)."
)


@dataclass(frozen=True)
class Plan:
    """What a run is asked to do."""

    recipe: Recipe
    sets: Sequence[GalaxySet]
    output: Path
    store: Path
    """Folder of decoded pictures, shared by runs."""
    excluded: frozenset[str] = frozenset()
    """Ids that must not be learned from."""
    same: Mapping[str, str] | None = None
    """Ids of the same galaxy, mapped to one of them."""
    resume: bool = False
    steps: int | None = None
    """Train for so many batches only: a trial of the whole way, not a training."""


def train(plan: Plan, console: Console) -> Path:
    """Train, export and check; returns the ONNX file's path.

    Raises TrainingStopped on Ctrl-C, lack of memory or of disk space: the folder can be resumed.
    """
    plan.output.mkdir(parents=True, exist_ok=True)
    with _alone_in(plan.output), _clear_stops(plan.output), _progress(console) as progress:
        recipe = _shortened(plan.recipe, plan.steps)
        galaxies = gather(plan.sets, recipe, excluded=plan.excluded, same=plan.same or {})
        store = open_store(galaxies, recipe, plan.store, progress)
        for name, reason in store.refusals.items():
            console.print(f"[yellow]left out[/] {name}: {reason}")
        trainer = _trainer(recipe, galaxies, store)
        _prepare(plan, recipe, galaxies, store, trainer)
        trainer.run(plan.output, progress)
        draw_curves(plan.output / METRICS, plan.output / "curves.png")
        return _export(plan, recipe, trainer, store)


def _shortened(recipe: Recipe, steps: int | None) -> Recipe:
    if steps is None:
        return recipe
    only = recipe.rounds[0].model_copy(update={"epochs": 1, "pictures": steps * recipe.batch})
    return recipe.model_copy(update={"rounds": (only,)})


def _trainer(recipe: Recipe, galaxies: Galaxies, store: Store) -> Trainer:
    torch.manual_seed(recipe.seed)
    outputs = outputs_of(recipe.network, galaxies.possible.shape[1])
    network = build(recipe.network, outputs, recipe.pictures.input_pixels)
    pixels = store.pixels
    if not store.readable.all():
        galaxies, pixels = galaxies.kept(store.readable), pixels[store.readable]
    if galaxies.validates.all():
        raise BadData("every galaxy validates and none trains; add galaxies")
    return Trainer(Material(recipe, galaxies, pixels, outputs), new_state(network, recipe))


def _prepare(
    plan: Plan, recipe: Recipe, galaxies: Galaxies, store: Store, trainer: Trainer
) -> None:
    """Write the run's record, or hold a resumed run against it and load its checkpoint."""
    path, checkpoint = plan.output / RECORD, plan.output / CHECKPOINT
    record = _record(plan, recipe, galaxies, store)
    if not plan.resume:
        if checkpoint.exists():
            raise BadData(
                f"{plan.output}: holds a run already; add --resume to continue it, "
                "or give another --output"
            )
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        (plan.output / METRICS).unlink(missing_ok=True)
        return
    if not path.exists():
        raise BadData(f"{plan.output}: no run to resume; leave --resume out to start one")
    before = json.loads(path.read_bytes())
    for key in ("recipe", "checksums", "galaxies"):
        if before[key] != record[key]:
            raise BadData(
                f"{plan.output}: was begun with other {key} than now; "
                "resume with the same recipe and data, or give another --output"
            )
    if checkpoint.exists():
        trainer.state.restore(checkpoint)
    _drop_later_epochs(plan.output / METRICS, trainer.state.epoch)


def _drop_later_epochs(metrics: Path, epoch: int) -> None:
    """A kill between checkpoint and record may leave the record an epoch short or torn."""
    lines = metrics.read_text(encoding="utf-8").splitlines() if metrics.exists() else []
    with replacing(metrics) as temporary:
        temporary.write_text("".join(line + "\n" for line in lines[:epoch]), encoding="utf-8")


def _record(plan: Plan, recipe: Recipe, galaxies: Galaxies, store: Store) -> dict[str, Any]:
    packages = ("tuningfork", "torch", "numpy", "pillow", "onnx", "onnxruntime")
    return {
        "recipe": recipe.model_dump(mode="json"),
        "checksums": store.checksums,
        "galaxies": galaxies.counts(),
        "excluded": len(plan.excluded),
        "problems": {one.name: [p.sentence for p in one.problems] for one in plan.sets},
        "versions": {name: metadata.version(name) for name in packages},
        "python": platform.python_version(),
        "machine": {"processor": platform.machine(), "threads": torch.get_num_threads()},
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _export(plan: Plan, recipe: Recipe, trainer: Trainer, store: Store) -> Path:
    network, outputs = trainer.final_network(), trainer.material.outputs
    path = plan.output / "model.onnx"
    export_onnx(network, outputs, recipe.pictures, path)
    side, stored = recipe.pictures.input_pixels, recipe.pictures.stored_pixels
    first = (stored - side) // 2
    pixels = store.pixels[:32, first : first + side, first : first + side]
    difference = check_parity(network, outputs, recipe.pictures, path, np.ascontiguousarray(pixels))
    counts = trainer.galaxies.kept(~trainer.galaxies.validates).counts()
    card = Card(
        name=recipe.name,
        recipe=recipe.name,
        rule=recipe.rule,
        classes=load_rule(recipe.rule).class_names,
        preprocessing=Preprocessing(recipe.pictures.frame_pixels, side),
        sha256=sha256_of(path),
        columns=() if outputs.votes is None else TREE.columns,
        parameters=sum(one.numel() for one in network.parameters()),
        data=counts,
        scores={"parity": difference} | _last_scores(plan.output / METRICS, recipe, trainer),
        version=metadata.version("tuningfork"),
        created=datetime.now(UTC).date().isoformat(),
        credits=CREDITS,
    )
    write_card(card, path.with_suffix(".json"))
    return path


def _last_scores(metrics: Path, recipe: Recipe, trainer: Trainer) -> dict[str, Any]:
    lines = metrics.read_text(encoding="utf-8").splitlines()
    epoch = trainer.state.best_epoch if recipe.keep == "best" else trainer.state.epoch
    kept = json.loads(lines[epoch - 1])
    return {name: value for name, value in kept.items() if name.startswith("validation_")}


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Two runs in one folder would write over each other: the second is refused."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadData(
                f"{folder}: another run is training here; wait for it or give another --output"
            ) from error
        yield


@contextmanager
def _clear_stops(folder: Path) -> Iterator[None]:
    again = f"continue with the same command and --resume (--output {folder})"
    try:
        yield
    except KeyboardInterrupt as error:
        raise TrainingStopped(f"stopped by Ctrl-C; {again}") from error
    except MemoryError as error:
        raise TrainingStopped(
            f"out of memory; close other programs or lower batch; {again}"
        ) from error
    except RuntimeError as error:
        if "memory" not in str(error).lower():
            raise
        raise TrainingStopped(
            f"out of memory; close other programs or lower batch; {again}"
        ) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise TrainingStopped(
            f"no space left on the disk of {error.filename or folder}; free some, then {again}"
        ) from error


class _Speed(ProgressColumn):
    """Images per second of the task."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f} images/s")


def _progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Speed(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)
