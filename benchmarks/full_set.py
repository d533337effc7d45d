r"""What a set as large as Kaggle's costs to train on: reading, decoding, memory, disk, an epoch.

    python benchmarks/full_set.py --folder made --galaxies 15000 30000 61578

The set is made up: simulated galaxies, turned, mirrored and saved at several qualities so that no
two files are alike, with votes that follow from what each galaxy is made of, in Kaggle's layout.
Each length is trained on twice for a few steps, by ``tuningfork train`` in a process of its own:
once with an empty cache, once with the one that the first left. Their difference is the decoding.
What is made stays in the folder for the next call. Prints one line of JSON a length.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scale import run

from tuningfork.images.simulated.camera import jpeg
from tuningfork.images.simulated.scene import Truth, render
from tuningfork.votes.fractions import Fractions, weighted_from_conditional
from tuningfork.votes.tree import TREE

SEED = 20_260  # not that of the deck
WAYS = 32
"""Pictures of one galaxy: 8 orientations at 4 qualities."""
QUALITIES = (72, 75, 78, 81)
VOLUNTEERS = 40
STEPS = 100
PICTURES, VOTES = "images_training_rev1", "training_solutions_rev1.csv"
TRAIN = [sys.executable, "-c", "from tuningfork.cli import main; main()", "train"]


def leanings(truth: Truth) -> dict[tuple[int, int], float]:
    """Which answers a galaxy's parameters speak for, as logits; of the others nothing is known."""

    def of(name: str) -> float:
        return float(truth[name] or 0.0)

    disk = 4.0 if truth["inclination"] is not None else -4.0
    tilt = (of("inclination") - 75) / 5
    bar = 3.0 if truth["bar_length"] is not None else -3.0
    arms = 3.0 if truth["arms"] is not None else -3.0
    return {
        (1, 1): 0.0,
        (1, 2): disk,
        (2, 1): tilt,
        (3, 1): bar,
        (4, 1): arms,
        (5, 4): 8 * (of("bulge_share") - 0.5),
        (6, 2): 2.0,
        (7, 1): 8 * (of("axis_ratio") - 0.8),
        (7, 3): 8 * (0.4 - of("axis_ratio")),
        (9, 1): 6 * (of("bulge_share") - 0.1),
        (10, 1): (20 - of("pitch_angle")) / 5,
        (11, 2): 2.0 if of("arms") == 2 else -2.0,
    }


def votes_of(truth: Truth, random: np.random.Generator) -> NDArray[np.float64]:
    """What some volunteers say of a galaxy: 37 weighted fractions, true to the tree's sums."""
    logits = np.zeros(len(TREE.columns))
    for answer, value in leanings(truth).items():
        logits[TREE.place(answer)] = value
    conditional: Fractions = np.empty((1, len(logits)))
    for question in TREE.questions:
        span = TREE.span(question.number)
        chance = np.exp(logits[span])
        chance /= chance.sum()
        conditional[0, span] = random.multinomial(VOLUNTEERS, chance) / VOLUNTEERS
    return weighted_from_conditional(conditional)[0]


def make(folder: Path, count: int) -> Path:
    """Make a set of ``count`` galaxies in Kaggle's layout, or find it made."""
    table = folder / VOTES
    if table.exists():
        return folder
    pictures = folder / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)
    partial = table.with_suffix(".part")
    with partial.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["GalaxyID", *TREE.columns])
        for number in range(count):
            if number % WAYS == 0:
                galaxy = render(SEED, number // WAYS)
            turn, quality = number % 8, QUALITIES[number // 8 % 4]
            pixels = np.rot90(galaxy.pixels[:, :: 1 if turn < 4 else -1], turn)
            name = 100_000 + number
            (pictures / f"{name}.jpg").write_bytes(jpeg(np.ascontiguousarray(pixels), quality))
            votes = votes_of(galaxy.parameters, random)
            rows.writerow([name, *(f"{vote:.8f}" for vote in votes)])
    partial.rename(table)
    return folder


def part_of(whole: Path, count: int, folder: Path) -> Path:
    """The first ``count`` galaxies of a set, its pictures linked."""
    if (folder / VOTES).exists():
        return folder
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    lines = (whole / VOTES).read_text(encoding="utf-8").splitlines(keepends=True)[: count + 1]
    for line in lines[1:]:
        name = f"{line.partition(',')[0]}.jpg"
        link = folder / PICTURES / name
        if not link.exists():
            os.link(whole / PICTURES / name, link)
    (folder / VOTES).write_text("".join(lines), encoding="utf-8")
    return folder


def measure(data: Path, count: int, recipe: str, folder: Path) -> dict[str, Any]:
    """Train for a few steps with an empty cache and with a full one."""
    cache = folder / f"cache-{count}"
    shutil.rmtree(cache, ignore_errors=True)
    found: dict[str, Any] = {"galaxies": count, "recipe": recipe}
    for state in ("empty", "full"):
        output = folder / f"run-{count}-{state}"
        shutil.rmtree(output, ignore_errors=True)
        command = [*TRAIN, str(data), "--recipe", recipe, "--steps", str(STEPS)]
        command += ["--cache", str(cache), "--output", str(output)]
        seconds, told = run(command)
        epoch = json.loads((output / "metrics.jsonl").read_text().splitlines()[0])
        found[f"{state}_seconds"] = round(seconds, 1)
        found[f"{state}_mib"] = told["driver_mib"]
        found["pictures_per_second"] = round(epoch["pictures"] / epoch["seconds"])
        found["loading_share"] = round(epoch["loading_seconds"] / epoch["seconds"], 3)
        shutil.rmtree(output)
    found["decoding_seconds"] = round(found["empty_seconds"] - found["full_seconds"], 1)
    found["cache_mib"] = round(sum(one.stat().st_size for one in cache.iterdir()) / (1 << 20))
    found["epoch_of_all_seconds"] = round(count / found["pictures_per_second"])
    shutil.rmtree(cache)
    return found


def main() -> None:
    """Make the sets and measure each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="where the sets are made")
    parser.add_argument("--galaxies", type=int, nargs="+", default=[15_000, 30_000, 61_578])
    parser.add_argument("--recipe", default="compact")
    options = parser.parse_args()
    largest = max(options.galaxies)
    whole = make(options.folder / str(largest), largest)
    for count in sorted(options.galaxies):
        data = whole if count == largest else part_of(whole, count, options.folder / str(count))
        found = measure(data, count, options.recipe, options.folder)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
