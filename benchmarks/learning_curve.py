r"""How much more votes and more bars would help: one short training for each share of them.

    python benchmarks/learning_curve.py --data ../shared/data --folder runs/curve \
        --json docs/figures/learning-curve.json
    python benchmarks/learning_curve.py --draw docs/figures/learning-curve.json \
        --figure docs/images/learning-curve.svg

Of the galaxies that train, a share keeps what is known of it; the others stay as pictures without a
word. Which ones is a hash of their id, so that a smaller share is a part of a larger one, and those
that validate are the same for all. ``votes`` hides the votes of the voted sets,
``bars`` the class of every galaxy that is known to be barred, ``five`` that of every galaxy that is
known by the classes of Zhu et al. alone. The same number of pictures is seen in each run; the
runs with fewer bars draw the sets that know bars oftener, for bars come last and runs are short.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from rich.console import Console
from sklearn.metrics import f1_score

from tuningfork.data import (
    Galaxy,
    GalaxySet,
    Known,
    read_same_galaxy,
    read_set,
    split_of,
    validates,
)
from tuningfork.data.splits import canonical
from tuningfork.evaluate import evaluate_set
from tuningfork.model.session import load_model
from tuningfork.train.galaxies import ids_in
from tuningfork.train.recipe import Recipe, load_recipe
from tuningfork.train.run import Plan, train
from tuningfork.trust.answers import see
from tuningfork.votes.rules import load_rule

SETS = ("kaggle", "gz2", "kaggle_five", "gz1", "efigi")
RECIPE, BARS_RECIPE = "learning_curve", "learning_curve_bars"
BAR, FIVE = "barred_spiral", "zhu5"


class Run(NamedTuple):
    """One training: its recipe, what is hidden, the share of it that is kept, and the seed."""

    recipe: str
    hides: str = ""
    keeps: float = 1.0
    seed: int = 0

    @property
    def name(self) -> str:
        """Its folder."""
        return f"{self.recipe}-{self.hides or 'all'}-{self.keeps:.2f}-{self.seed}"


RUNS = (
    Run(RECIPE, "votes", 1 / 9),
    Run(RECIPE, "votes", 1 / 3),
    Run(RECIPE),
    Run(RECIPE, "five", 1 / 9),
    Run(RECIPE, "five", 1 / 3),
    *(Run(BARS_RECIPE, "bars", share) for share in (1 / 9, 1 / 3, 1.0)),
    Run(BARS_RECIPE, "bars", seed=1),
)

Hides = Callable[[Known], bool]
HIDES: dict[str, Hides] = {
    "votes": lambda known: known.votes is not None,
    "bars": lambda known: known.possible == {BAR},
    "five": lambda known: known.votes is None and FIVE in known.rules,
}


def read_recipe(name: str) -> Recipe:
    """One of the recipes beside this file."""
    return load_recipe(str(Path(__file__).with_name(f"{name}.toml")))


def hidden(sets: Iterable[GalaxySet], run: Run, training: set[str]) -> list[GalaxySet]:
    """Forget what is known of all but the share of the galaxies in training that ``run`` keeps."""

    def seen(galaxy: Galaxy) -> Galaxy:
        if not run.hides or galaxy.id not in training or not HIDES[run.hides](galaxy.known):
            return galaxy
        if split_of(galaxy.id, {"kept": run.keeps, "hidden": 1 - run.keeps}, seed=1) == "kept":
            return galaxy
        return dataclasses.replace(galaxy, known=Known())

    return [
        dataclasses.replace(one, galaxies=tuple(seen(galaxy) for galaxy in one.galaxies))
        for one in sets
    ]


def counted(sets: Iterable[GalaxySet], training: set[str]) -> dict[str, int]:
    """How many galaxies in training have votes, and how many are known to be barred."""
    known = [one.known for each in sets for one in each.galaxies if one.id in training]
    return {what: sum(map(hides, known)) for what, hides in HIDES.items()}


def bar_score(folder: Path, recipe: Recipe, sets: Iterable[GalaxySet], rest: set[str]) -> float:
    """F1 of bars among the galaxies ``rest`` whose class is known."""
    model = load_model(folder)
    truth: list[bool] = []
    answers: list[bool] = []
    for one in sets:
        known = [each for each in one.galaxies if each.id in rest and len(each.known.possible) == 1]
        if known:
            share = recipe.source(one.name).frame_share
            seen = see(model, [each.picture for each in known], frame_share=share)
            truth += [known[row].known.possible == {BAR} for row in seen.rows]
            answers += (seen.logits.argmax(axis=1) == model.card.classes.index(BAR)).tolist()
    return float(f1_score(truth, answers))


def five_score(folder: Path, recipe: Recipe, one: GalaxySet, rest: set[str]) -> float | None:
    """Accuracy of the five classes among the galaxies ``rest`` that have one of them."""
    rule = load_rule(FIVE)
    kept = tuple(each for each in one.galaxies if each.id in rest)
    model = load_model(folder).telling(rule.name, rule.class_names)
    held = dataclasses.replace(one, galaxies=kept)
    share = recipe.source(one.name).frame_share
    found = evaluate_set(model, held, rule, frame_share=share)
    return found.scores.accuracy if found.scores else None


def measure(data: Path, folder: Path, cache: Path) -> list[dict[str, Any]]:
    """Train for each share, or find it trained."""
    recipe = read_recipe(RECIPE)
    rule = load_rule(recipe.rule)
    sets = [read_set(data / name, rule) for name in SETS]
    same = read_same_galaxy(data / "same_galaxy.csv")
    excluded = ids_in(read_set(data / "reference_test", rule))
    every = {galaxy.id for one in sets for galaxy in one.galaxies} - excluded
    training = {name for name in every if not validates(canonical(name, same), recipe.held_out)}
    five = read_set(data / "kaggle_five", load_rule(FIVE))
    found = []
    for run in RUNS:
        changed = hidden(sets, run, training)
        output = folder / run.name
        if not (output / "model.onnx").exists():
            resume = (output / "checkpoint.pt").exists()
            own = read_recipe(run.recipe).model_copy(update={"seed": run.seed})
            plan = Plan(own, changed, output, cache, excluded, same, resume=resume)
            train(plan, Console(stderr=True))
        lines = (output / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        last = json.loads(lines[-1])
        row = {name: round(last[name], 4) for name in last if name.startswith("validation")}
        row["five_accuracy"] = five_score(output, recipe, five, every - training)
        row["bar_f1"] = round(bar_score(output, recipe, sets, every - training), 4)
        of = {"recipe": run.recipe, "fewer": run.hides, "seed": run.seed}
        found.append(of | counted(changed, training) | row)
        sys.stderr.write(json.dumps(found[-1]) + "\n")
    return found


def draw(found: list[dict[str, Any]], figure: Path) -> None:
    """Scores against how many galaxies taught them, on a logarithmic axis."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "tuningfork"
    from matplotlib import pyplot
    from matplotlib.ticker import NullLocator

    canvas, axes = pyplot.subplots(1, 4, figsize=(13, 3.4), layout="constrained")
    panels = (
        (RECIPE, "RMSE of 37 votes", "validation_rmse", "votes", "voted galaxies", (0.105, 0.125)),
        (
            RECIPE,
            "Accuracy of the class",
            "validation_accuracy",
            "votes",
            "voted galaxies",
            (0.5, 1.0),
        ),
        (
            RECIPE,
            "Accuracy of the five",
            "five_accuracy",
            "five",
            "galaxies known by the five",
            (0.8, 1.0),
        ),
        (BARS_RECIPE, "F1 of bars", "bar_f1", "bars", "galaxies known to be barred", (0.0, 1.0)),
    )
    for axis, (recipe, title, score, what, label, limits) in zip(axes, panels, strict=True):
        rows = [one for one in found if one["recipe"] == recipe and one["fewer"] in {what, ""}]
        counts = sorted({one[what] for one in rows})
        means = [fmean(one[score] for one in rows if one[what] == count) for count in counts]
        axis.plot(counts, means, color="#2b5f9e")
        axis.plot([one[what] for one in rows], [one[score] for one in rows], "o", color="#2b5f9e")
        axis.set(xscale="log", xlabel=label, title=title, ylim=limits)
        axis.set_xticks(counts, [f"{count:,}" for count in counts])
        axis.xaxis.set_minor_locator(NullLocator())
        axis.margins(x=0.15)
        axis.grid(alpha=0.25)
    canvas.savefig(figure, metadata={"Date": None})


def main() -> None:
    """Measure, or draw what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--folder", type=Path, help="where the runs are kept, for the next call")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--draw", type=Path, metavar="JSON")
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    if options.draw and options.figure:
        draw(json.loads(options.draw.read_text()), options.figure)
        return
    if options.draw or not (options.data and options.folder and options.json):
        parser.error("give --data, --folder and --json to measure, or --draw and --figure to draw")
    found = measure(options.data, options.folder, options.cache)
    text = json.dumps(found, indent=1) + "\n"
    options.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
