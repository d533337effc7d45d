"""One training run from data sets to a folder with the network, its card and its record."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
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
from torch import nn

from tuningfork.data import GalaxySet
from tuningfork.errors import BadData
from tuningfork.files import replacing
from tuningfork.images.frame import Preprocessing
from tuningfork.model.card import Card, sha256_of, write_card
from tuningfork.train.augment import centre
from tuningfork.train.begin import Deepened, begin_with, check_mean, mean_with
from tuningfork.train.curves import draw_curves
from tuningfork.train.export import LARGEST_HALVED, check_parity, export_onnx
from tuningfork.train.galaxies import Galaxies, gather
from tuningfork.train.halve import halve_weights
from tuningfork.train.loop import Trainer
from tuningfork.train.material import Material
from tuningfork.train.needs import hashes_of, look_for_others
from tuningfork.train.networks import build, outputs_of
from tuningfork.train.recipe import Recipe
from tuningfork.train.record import METRICS, drop_later_epochs, measured, scores_of
from tuningfork.train.state import CHECKPOINT, new_state
from tuningfork.train.stops import RECORD, alone_in, clear_stops
from tuningfork.train.store import Store, open_store
from tuningfork.train.team import Team, gathered_team, launch, restarted
from tuningfork.train.validate import validate
from tuningfork.votes.rules import load_rule
from tuningfork.votes.tree import TREE

_HELD_TO = {
    "recipe": "another recipe",
    "checksums": "other pictures",
    "galaxies": "other galaxies",
    "knowledge": "other labels or votes",
    "networks": "other finished networks",
}
"""Keys of the record that a resumed run must share, in words."""

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
    with clear_stops(plan.output), gathered_team() as team, ExitStack() as held:
        if team.leads:
            held.enter_context(alone_in(plan.output))
        else:
            console = Console(quiet=True)
        with _progress(console) as progress:
            return _train(plan, console, progress, team)


def _train(plan: Plan, console: Console, progress: Progress, team: Team) -> Path:
    recipe = _shortened(plan.recipe, plan.steps)
    fresh = not (plan.output / CHECKPOINT).exists()
    if fresh:
        look_for_others(recipe, partial(_say, console))
    elif not plan.resume and not _goes_on(plan.output):
        raise BadData(
            f"{plan.output}: holds a run already; add --resume to continue it, "
            "or give another --output"
        )
    galaxies = gather(plan.sets, recipe, excluded=plan.excluded, same=plan.same or {})
    for name in galaxies.source_names:
        if name not in recipe.sources:
            _say(
                console,
                f"{name}: the recipe {recipe.name} does not name this set; its pictures are taken "
                f"for whole Galaxy Zoo frames (or write [sources.{name}] in a recipe of your own)",
            )
    with team.leader_first():
        store = open_store(galaxies, recipe, plan.store, progress)
    for row, reason in store.refusals.items():
        _say(console, f"left out {galaxies.entries[row].id}: {reason}")
    trainer = _trainer(recipe, galaxies, store, team, fresh=fresh)
    with team.leader_first():
        _prepare(plan, recipe, galaxies, store, trainer)
    trainer.run(plan.output, progress)
    path = plan.output / "model.onnx"
    if team.leads:
        draw_curves(plan.output / METRICS, plan.output / "curves.png")
        network = trainer.final_network()
        if not recipe.mean_with:
            scores = scores_of(plan.output / METRICS, trainer.epoch_kept())
        else:
            network = mean_with(network, recipe.mean_with, trainer.material)
            scores = validate(network, trainer.material, progress)
            _say(console, f"its mean with {', '.join(recipe.mean_with)}: {measured(scores)}")
        _export(trainer, network.cpu(), scores, path)
    return path


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _shortened(recipe: Recipe, steps: int | None) -> Recipe:
    if steps is None:
        return recipe
    only = recipe.rounds[0].model_copy(update={"epochs": 1, "pictures": steps * recipe.batch})
    return recipe.model_copy(update={"rounds": (only,)})


def _trainer(
    recipe: Recipe, galaxies: Galaxies, store: Store, team: Team, *, fresh: bool
) -> Trainer:
    torch.manual_seed(recipe.seed)
    outputs = outputs_of(recipe.network, galaxies.possible.shape[1])
    network = build(recipe.network, outputs, recipe.pictures.input_pixels).to(team.device)
    readable = galaxies.kept(store.readable)
    places = np.flatnonzero(store.readable)
    material = Material(recipe, readable, store.pixels, places, outputs, team)
    if recipe.mean_with and fresh:
        check_mean(network, recipe.mean_with, material)
    if recipe.begins_with and fresh and isinstance(network, Deepened):
        begin_with(network, (recipe.begins_with,), material)
    state = new_state(team.synchronised(network), recipe)
    if recipe.continues and fresh:
        state.follow(Path(recipe.continues) / CHECKPOINT, recipe)
    return Trainer(material, state)


def _prepare(
    plan: Plan, recipe: Recipe, galaxies: Galaxies, store: Store, trainer: Trainer
) -> None:
    """Write the run's record, or hold a resumed run against it and load its checkpoint."""
    path, checkpoint = plan.output / RECORD, plan.output / CHECKPOINT
    leads = trainer.team.leads
    record = _record(plan, recipe, galaxies, store)
    if not plan.resume and not _goes_on(plan.output):
        if not leads:
            return
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        (plan.output / METRICS).unlink(missing_ok=True)
        return
    before = _read_record(path, checkpoint)
    before["recipe"] = _completed(before["recipe"])
    # What taught may be gone by now: its answers are in the checkpoint.
    record["networks"] = before.get("networks", {}) | record["networks"]
    for key, words in _HELD_TO.items():
        if key in before and before[key] != record[key]:
            where = _changes(before[key], record[key])
            raise BadData(
                f"{plan.output}: was begun with {words} than now{where}; "
                "resume with the same recipe and data, or give another --output"
            )
    if checkpoint.exists():
        trainer.state.restore(checkpoint)
    if leads:
        drop_later_epochs(plan.output / METRICS, trainer.state.epoch)


def _changes(before: object, now: object) -> str:
    """The first thing that differs, as deep as names lead."""
    names: list[str] = []
    while isinstance(before, dict) and isinstance(now, dict):
        both = {**before, **now}
        name = next(one for one in both if before.get(one) != now.get(one))
        names.append(str(name))
        before, now = before.get(name), now.get(name)
    if not names:
        return ""
    told = all(one is None or isinstance(one, int | float) for one in (before, now))
    values = f" was {before}, is {now}" if told else ""
    return f" ({'.'.join(names)}{values})"


def _read_record(path: Path, checkpoint: Path) -> dict[str, Any]:
    if not path.exists() and checkpoint.exists():
        raise BadData(f"{path}: missing beside the run's checkpoint; start in another --output")
    if not path.exists():
        raise BadData(f"{path.parent}: no run to resume; leave --resume out to start one")
    try:
        found = json.loads(path.read_bytes())
        if isinstance(found, dict) and isinstance(found["recipe"], dict):
            return found
    except (ValueError, KeyError):
        pass
    raise BadData(f"{path}: the run's record is damaged; start in another --output")


def _goes_on(output: Path) -> bool:
    """Whether torchrun began this run, and started its processes again since one was lost.

    It may have been lost before there was a record: then the others start anew too.
    """
    record = output / RECORD
    if not restarted() or not record.exists():
        return False
    return bool(_read_record(record, output / CHECKPOINT).get("launch") == launch())


def _completed(recipe: dict[str, Any]) -> dict[str, Any]:
    """A record's recipe with what recipes of then did not ask yet, by its default."""
    try:
        return Recipe.model_validate(recipe).model_dump(mode="json")
    except ValidationError:
        return recipe


def _record(plan: Plan, recipe: Recipe, galaxies: Galaxies, store: Store) -> dict[str, Any]:
    packages = ("tuningfork", "torch", "numpy", "pillow", "onnx", "onnxruntime")
    return {
        "recipe": recipe.model_dump(mode="json"),
        "checksums": store.checksums,
        "galaxies": galaxies.counts(),
        "knowledge": galaxies.checksum(),
        "networks": hashes_of(recipe),
        "excluded": len(plan.excluded),
        "problems": {one.name: [p.sentence for p in one.problems] for one in plan.sets},
        "versions": {name: metadata.version(name) for name in packages},
        "python": platform.python_version(),
        "machine": {"processor": platform.machine(), "threads": torch.get_num_threads()},
        "launch": launch(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _export(trainer: Trainer, network: nn.Module, scores: dict[str, Any], path: Path) -> None:
    """Write the graph and its card; the graph gets its name last, when it is found sound."""
    recipe, material = trainer.recipe, trainer.material
    outputs = material.outputs
    side = recipe.pictures.input_pixels
    some = material.pictures(np.arange(min(32, len(material.galaxies))))
    pixels = centre(some, side).permute(0, 2, 3, 1).to(torch.uint8).contiguous().cpu().numpy()
    with replacing(path) as graph:
        export_onnx(network, outputs, recipe.pictures, graph)
        parity = {"parity": check_parity(network, outputs, recipe.pictures, graph, pixels)}
        if recipe.half_weights:
            halve_weights(graph)
            parity["parity_halved"] = check_parity(
                network, outputs, recipe.pictures, graph, pixels, limit=LARGEST_HALVED
            )
        card = Card(
            name=recipe.name,
            recipe=recipe.name,
            rule=recipe.rule,
            classes=load_rule(recipe.rule).class_names,
            preprocessing=Preprocessing(recipe.pictures.frame_pixels, side),
            sha256=sha256_of(graph),
            columns=() if outputs.votes is None else TREE.columns,
            parameters=sum(one.numel() for one in network.parameters()),
            data=trainer.galaxies.kept(trainer.draws > 0).counts(),
            held_out=recipe.held_out,
            scores=parity | scores,
            version=metadata.version("tuningfork"),
            created=datetime.now(UTC).date().isoformat(),
            credits=CREDITS,
        )
        write_card(card, path.with_suffix(".json"))


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
