"""Drawn sets of galaxies and a recipe small enough for tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from rich.console import Console
from torch import nn

from tuningfork.data import Galaxy, GalaxySet, Known, read_set
from tuningfork.images.sources import Picture
from tuningfork.train.recipe import Recipe, load_recipe
from tuningfork.train.run import Plan
from tuningfork.votes.rules import CLASSES, load_rule
from tuningfork.votes.tree import TREE

TINY = """
name = "tiny"
description = "for tests"
batch = 8
validation = 0.2
keep = "last"
[network]
kind = "residual"
stem = 8
widths = [8, 16]
blocks = [1, 1]
dropout = 0.1
side_rules = ["zhu5"]
[pictures]
frame_pixels = 48
input_pixels = 32
stored_pixels = 40
mean = 15.3
scale = 30.6
[augmentation]
rotation = 180.0
flip = true
zoom = 0.1
shift = 0.05
brightness = 0.1
colour = 0.1
noise = 0.01
fill = "reflection"
[loss]
classes = 1.0
votes = 0.5
side_rules = 0.3
taught_votes = 0.25
unknown_weight = 0.3
[optimiser]
kind = "adamw"
weight_decay = 0.02
average = 0.9
[[rounds]]
epochs = 2
pictures = 24
rate = 1e-3
[[rounds]]
epochs = 2
pictures = 24
rate = 1e-3
self_training = true
views = 2
[sources.voted]
weight = 2.0
[sources.folders]
many_bars = true
[sources.table]
frame_share = 0.8
"""


def tiny(folder: Path, **changes: str) -> Path:
    """The tiny recipe as a file; each change replaces what the text says of a key, wherever."""
    lines = []
    for line in TINY.strip().splitlines():
        key = line.partition("=")[0].strip()
        lines.append(f"{key} = {changes.get(key, line.partition('=')[2])}" if "=" in line else line)
    path = folder / "tiny.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def recipe(folder: Path, **changes: str) -> Recipe:
    """The tiny recipe, read."""
    return load_recipe(str(tiny(folder, **changes)))


def picture(seed: int, side: int = 48) -> bytes:
    """A bright ellipse on a dark sky, as JPEG."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (side, side), (8, 8, 14))
    width, height = random.uniform(0.1, 0.4, 2) * side
    box = (side / 2 - width, side / 2 - height, side / 2 + width, side / 2 + height)
    colour = tuple(int(one) for one in random.integers(90, 255, 3))
    ImageDraw.Draw(image).ellipse(box, fill=colour)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=95)
    return data.getvalue()


def votes(seed: int) -> list[float]:
    """Weighted fractions of one galaxy whose sums all hold, worked down the tree by hand."""
    random = np.random.default_rng(seed)
    parents = {1: None, 2: 1, 3: 4, 4: 4, 5: 4, 6: None, 7: 0, 8: 13, 9: 3, 10: 7, 11: 7}
    answers = (3, 2, 2, 2, 4, 2, 3, 7, 3, 3, 6)
    starts = np.cumsum((0, *answers))
    found = np.zeros(37)
    for question in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11):
        parent = parents[question]
        weight = 1.0 if parent is None else found[parent]
        start, stop = starts[question - 1], starts[question]
        found[start:stop] = weight * random.dirichlet(np.ones(stop - start))
    return [float(one) for one in found]


def kaggle(folder: Path, count: int) -> Path:
    """A set as Kaggle ships it."""
    (folder / "images_training_rev1").mkdir(parents=True)
    with (folder / "training_solutions_rev1.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["GalaxyID", *TREE.columns])
        for seed in range(count):
            id_ = 100_100 + seed
            (folder / "images_training_rev1" / f"{id_}.jpg").write_bytes(picture(seed))
            table.writerow([id_, *votes(seed)])
    return folder


def class_folders(folder: Path, each: int) -> Path:
    """A folder for each of the four classes."""
    for place, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number in range(each):
            seed = 1000 * (place + 1) + number
            (folder / name / f"{seed}.jpg").write_bytes(picture(seed))
    return folder


def table(folder: Path, rows: Mapping[str, Sequence[str]]) -> Path:
    """A labels table beside its pictures: id → zhu5, possible."""
    (folder / "images").mkdir(parents=True)
    lines = ["id,zhu5,possible"]
    for seed, (id_, cells) in enumerate(rows.items()):
        (folder / "images" / f"{id_}.jpg").write_bytes(picture(5000 + seed))
        lines.append(",".join((id_, *cells)))
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def all_sets(folder: Path) -> list[Path]:
    """One set of each layout, about 40 galaxies in all."""
    rows = {f"T{number}": ("spiral", "spiral|barred_spiral") for number in range(6)}
    rows |= {f"U{number}": ("", "") for number in range(4)}
    rows |= {f"E{number}": ("edge_on", "edge_on_spiral") for number in range(4)}
    return [
        kaggle(folder / "voted", 12),
        class_folders(folder / "folders", 4),
        table(folder / "table", rows),
    ]


def plan(paths: Sequence[Path], recipe: Recipe, output: Path, *, resume: bool = False) -> Plan:
    """What ``tuningfork train`` would ask for."""
    rule = load_rule(recipe.rule)
    return Plan(
        recipe=recipe,
        sets=[read_set(path, rule) for path in paths],
        output=output,
        store=output.parent / "cache",
        resume=resume,
    )


def quiet() -> Console:
    """A console that keeps what is printed on it."""
    return Console(file=io.StringIO(), width=80)


def printed(console: Console) -> str:
    """What was printed on a quiet console."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def known_set(name: str, known: Mapping[str, Known]) -> GalaxySet:
    """A set with nothing but knowledge; its pictures are black."""
    data = io.BytesIO()
    Image.new("RGB", (48, 48)).save(data, "PNG")

    def galaxy(id_: str, one: Known) -> Galaxy:
        return Galaxy(id_, Picture(id_, f"{name}/{id_}.png", data.getvalue), one)

    return GalaxySet(name, Path(name), tuple(galaxy(*pair) for pair in known.items()), ())


def of_class(name: str) -> Known:
    """A galaxy of known class."""
    return Known(label=name, possible=frozenset({name}))


def one_of(*names: str) -> Known:
    """A galaxy that is of one of these classes."""
    return Known(possible=frozenset(names))


def trained(network: nn.Module, *, by: float = 0.05) -> nn.Module:
    """As if trained: every weight and running mean up to ``by`` off its first value."""
    generator = torch.Generator().manual_seed(1)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(torch.rand(tensor.shape, generator=generator), alpha=by)
    return network.eval()
