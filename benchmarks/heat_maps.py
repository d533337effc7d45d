r"""How good heat maps are: deletion and insertion curves, and heat on parts that are known.

    python benchmarks/heat_maps.py ../shared/data/kaggle --json heat.json --figure heat.png
    python benchmarks/heat_maps.py ../shared/data/kaggle --figure docs/images/heat-maps.png \
        --page docs/heat-maps.md

Real galaxies (DATA) give the curves, simulated ones the bars and arms. Each map is that of the
network's answer. Baselines: random cells, and a Gaussian about the centre.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Optional

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tuningfork.data import held_out as only_held_out
from tuningfork.data import read_same_galaxy, read_set
from tuningfork.explain import heat_map, overlay, shown_crop
from tuningfork.explain.faithfulness import (
    STEPS,
    Curves,
    centre_gaussian,
    curves,
    random_map,
)
from tuningfork.explain.heat import METHODS
from tuningfork.explain.part_heat import PartHeat, on_crop, part_heat
from tuningfork.files import replacing
from tuningfork.images.decode import decode
from tuningfork.images.frame import Pixels
from tuningfork.images.simulated import parts_of, render
from tuningfork.model.session import Model, load_model
from tuningfork.votes.rules import load_rule

BASELINES = ("centre Gaussian", "random")
PARTS = {"bar": "barred_spiral", "arms": "spiral"}
"""Each part, and the class for which it speaks."""
COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#D55E00", "#767676")
"""Of methods and baselines, told apart by all eyes (Okabe & Ito 2008)."""
MARK = "<!-- Below: written by benchmarks/heat_maps.py; measure again, do not change the page. -->"
RESAMPLES = 2000
SEED = 4
"""Of the simulated sky; the deck's is another."""


def main(
    data: Annotated[Path, typer.Argument(help="Set of galaxies, for the curves.")],
    *,
    model: Annotated[Optional[str], typer.Option(help="As for classify.")] = None,  # noqa: UP045
    count: Annotated[int, typer.Option(min=2, help="Real galaxies to take.")] = 120,
    simulated: Annotated[int, typer.Option(min=1, help="Simulated galaxies of each class.")] = 60,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only galaxies that the network never learned from.")
    ] = False,
    same: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Pairs of ids that are the same galaxy, for --held-out."),
    ] = None,
    json_file: Annotated[Optional[Path], typer.Option("--json")] = None,  # noqa: UP045
    figure: Annotated[Optional[Path], typer.Option()] = None,  # noqa: UP045
    page: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="A page whose part below the mark is written anew."),
    ] = None,
) -> None:
    """Measure every way to a heat map, and print and draw what came of it."""
    network = load_model(model)
    methods = tuple(METHODS) if _has_heat(network) else ("occlusion",)
    pairs = {} if same is None else read_same_galaxy(same)
    crops = _crops(network, data, count, held_out=held_out, pairs=pairs)
    areas, drawn, seconds = _curves(network, crops, methods)
    heats = _parts(network, methods, simulated)
    found = {
        "model": network.card.name,
        "sha256": network.card.sha256,
        "data": data.name,
        "held_out": held_out,
        "galaxies": len(crops),
        "seconds_a_map": seconds,
        "curves": {name: _summary(one) for name, one in areas.items()},
        "beats_centre_gaussian": {name: _paired(areas, name) for name in methods},
        "parts": {part: _part_summary(one) for part, one in heats.items()},
    }
    _print(found)
    if json_file is not None:
        with replacing(json_file) as temporary:
            temporary.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if figure is not None:
        _draw(network, found, drawn, figure)
    if page is not None:
        head = page.read_text(encoding="utf-8").partition(MARK)[0]
        page.write_text(head + MARK + "\n" + _page(found, figure), encoding="utf-8")


def _has_heat(network: Model) -> bool:
    side = network.card.preprocessing.input_pixels
    black = np.zeros((1, side, side, 3), np.uint8)
    return network.answer(black, more=True).heat is not None


def _crops(
    network: Model, data: Path, count: int, *, held_out: bool, pairs: Mapping[str, str]
) -> list[Pixels]:
    """Give crops of galaxies that are known, as many of each class as there are, by turns."""
    galaxies = read_set(data, load_rule(network.card.rule))
    if held_out:
        galaxies = only_held_out(galaxies, network.card.held_out, pairs)
    by_class = defaultdict(list)
    for galaxy in galaxies.galaxies:
        if galaxy.known.label is not None:
            by_class[galaxy.known.label].append(galaxy)
    turns = max(len(some) for some in by_class.values())
    ordered = [
        some[turn] for turn in range(turns) for some in by_class.values() if turn < len(some)
    ]
    return [
        network.card.preprocessing.apply(decode(one.picture.read(), one.picture.path))
        for one in ordered[:count]
    ]


def _curves(
    network: Model, crops: list[Pixels], methods: tuple[str, ...]
) -> tuple[dict[str, list[Curves]], dict[str, NDArray[np.float64]], dict[str, float]]:
    rng = np.random.default_rng(SEED)
    found: dict[str, list[Curves]] = {name: [] for name in (*methods, *BASELINES)}
    spent: dict[str, float] = dict.fromkeys(methods, 0.0)
    side = network.card.preprocessing.input_pixels
    for pixels in track(crops, "curves", console=Console(stderr=True)):
        place = int(network.answer(pixels[np.newaxis]).probabilities[0].argmax())
        label = network.card.classes[place]
        maps = []
        for method in methods:
            began = time.perf_counter()
            maps.append(heat_map(network, pixels, label, method=method))
            spent[method] += time.perf_counter() - began
        maps += [centre_gaussian(side), random_map(side, rng)]
        for name, one in zip(found, curves(network, pixels, place, maps), strict=True):
            found[name].append(one)
    drawn = {
        f"{kind} {name}": np.mean([getattr(one, kind) for one in some], axis=0)
        for name, some in found.items()
        for kind in ("deletion", "insertion")
    }
    return found, drawn, {name: total / len(crops) for name, total in spent.items()}


def _parts(
    network: Model, methods: tuple[str, ...], count: int
) -> dict[str, dict[str, list[PartHeat]]]:
    """Measure heat on the parts of galaxies of which the network tells the class."""
    preprocessing = network.card.preprocessing
    found: dict[str, dict[str, list[PartHeat]]] = {}
    for part, label in PARTS.items():
        some = found[part] = {name: [] for name in (*methods, BASELINES[0])}
        for index in track(range(count), part, console=Console(stderr=True)):
            pixels = preprocessing.apply(render(SEED, index, label).pixels)
            answer = int(network.answer(pixels[np.newaxis]).probabilities[0].argmax())
            if network.card.classes[answer] != label:
                continue
            parts = parts_of(SEED, index, label)
            maps = [heat_map(network, pixels, label, method=method) for method in methods]
            maps.append(centre_gaussian(len(pixels)))
            for name, heat in zip(some, maps, strict=True):
                one = part_heat(heat, parts, part, preprocessing)
                if one is not None:
                    some[name].append(one)
    return found


def _summary(some: list[Curves]) -> dict[str, Any]:
    return {
        kind: _mean([getattr(one, f"{kind}_area") for one in some])
        for kind in ("deletion", "insertion")
    }


def _paired(areas: dict[str, list[Curves]], name: str) -> dict[str, Any]:
    """Compare with the centre Gaussian, galaxy by galaxy; above 0 is better than it."""
    pairs = list(zip(areas[name], areas[BASELINES[0]], strict=True))
    gains = {
        "deletion": [other.deletion_area - one.deletion_area for one, other in pairs],
        "insertion": [one.insertion_area - other.insertion_area for one, other in pairs],
    }
    return {
        kind: _mean(some) | {"wins": float(np.mean(np.array(some) > 0))}
        for kind, some in gains.items()
    }


def _part_summary(found: dict[str, list[PartHeat]]) -> dict[str, Any]:
    any_method = next(iter(found.values()))
    return {
        "galaxies": len(any_method),
        "area": _mean([one.area for one in any_method]),
        "light": _mean([one.light for one in any_method]),
        "heat": {
            name: _mean([one.heat for one in some])
            | {
                "times_area": float(np.mean([one.heat / one.area for one in some])),
                "hottest_on_it": float(np.mean([one.hottest for one in some])),
            }
            for name, some in found.items()
        },
    }


def _mean(values: list[float]) -> dict[str, Any]:
    """Give mean and 95 % bootstrap interval."""
    array = np.array(values)
    rng = np.random.default_rng(SEED)
    means = array[rng.integers(0, len(array), (RESAMPLES, len(array)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return {"mean": float(array.mean()), "interval": [float(low), float(high)]}


def _text(one: dict[str, Any]) -> str:
    low, high = one["interval"]
    return f"{one['mean']:.3f} ({low:.3f} to {high:.3f})"


def _print(found: dict[str, Any]) -> None:
    console = Console(width=120, highlight=False)
    table = Table("map", "deletion area ↓", "insertion area ↑", "s a map")
    for name, one in found["curves"].items():
        seconds = found["seconds_a_map"].get(name)
        spent = "" if seconds is None else f"{seconds:.2f}"
        table.add_row(name, _text(one["deletion"]), _text(one["insertion"]), spent)
    console.print(f"{found['galaxies']} galaxies of {found['data']}, {found['model']}")
    console.print(table)
    for part, one in found["parts"].items():
        table = Table("map", f"heat on the {part}", "times its area", "hottest place on it")
        for name, heat in one["heat"].items():
            times, hottest = f"{heat['times_area']:.1f}", f"{heat['hottest_on_it']:.0%}"
            table.add_row(name, _text(heat), times, hottest)
        console.print(
            f"{part}: {one['galaxies']} simulated galaxies; {_text(one['area'])} of the area, "
            f"{_text(one['light'])} of the light"
        )
        console.print(table)


def _page(found: dict[str, Any], figure: Path | None) -> str:
    """Tell everything as Markdown."""
    seen = "that it never learned from" if found["held_out"] else "most of which it learned from"
    lines = [
        "",
        f"Network {found['model']} (SHA-256 {found['sha256'][:12]}…), {found['galaxies']} galaxies "
        f"of {found['data']}, {seen}, means with 95 % bootstrap intervals.",
        "",
        "| map | deletion area ↓ | insertion area ↑ | better than the centre Gaussian: deletion · "
        "insertion | seconds a map |",
        "|---|---|---|---|---|",
    ]
    for name, one in found["curves"].items():
        wins, spent = "", ""
        if name in found["beats_centre_gaussian"]:
            pair = found["beats_centre_gaussian"][name]
            wins = " · ".join(f"{pair[kind]['wins']:.0%}" for kind in ("deletion", "insertion"))
            spent = f"{found['seconds_a_map'][name]:.2f}"
        areas = f"{_text(one['deletion'])} | {_text(one['insertion'])}"
        lines.append(f"| {name} | {areas} | {wins} | {spent} |")
    for part, one in found["parts"].items():
        lines += [
            "",
            f"**{part}**: {one['galaxies']} simulated galaxies of seed {SEED}; it takes "
            f"{_text(one['area'])} of the crop's area, {_text(one['light'])} of the light in it.",
            "",
            f"| map | share of heat on the {part} | times its area | hottest place on it |",
            "|---|---|---|---|",
        ]
        for name, heat in one["heat"].items():
            times, hottest = f"{heat['times_area']:.1f}", f"{heat['hottest_on_it']:.0%}"
            lines.append(f"| {name} | {_text(heat)} | {times} | {hottest} |")
    if figure is not None:
        lines += ["", f"![Curves and heat on known parts]({figure.parent.name}/{figure.name})"]
    return "\n".join(lines) + "\n"


def _draw(
    network: Model, found: dict[str, Any], drawn: dict[str, NDArray[np.float64]], path: Path
) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style: Any = {"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "tuningfork"}
    with mpl.rc_context(style):
        figure = Figure(figsize=(11, 6), layout="constrained")
        rows: Any = figure.subfigures(2, 1, height_ratios=(1, 2.7))
        _draw_examples(rows[0], network)
        left, middle, right = rows[1].subplots(1, 3, width_ratios=(1, 1, 1.1))
        share = np.linspace(0, 1, STEPS + 1)
        for axes, kind in ((left, "deletion"), (middle, "insertion")):
            for name, colour in zip(found["curves"], COLOURS, strict=False):
                area = found["curves"][name][kind]["mean"]
                style_of = "--" if name in BASELINES else "-"
                values = drawn[f"{kind} {name}"]
                axes.plot(share, values, style_of, color=colour, label=f"{name} {area:.3f}")
            way = "turned into sky" if kind == "deletion" else "brought in, from blurred"
            axes.set(ylim=(0, 1), xlabel=f"share of pixels {way}, hottest first")
            axes.legend(frameon=False, fontsize=8, title="area under the curve")
        left.set_ylabel("probability of the answer, mean")
        _draw_parts(right, found)
        with replacing(path) as temporary:
            kinds = {".svg": {"Date": None}}
            figure.savefig(temporary, dpi=120, metadata=kinds.get(path.suffix))


def _draw_parts(axes: Any, found: dict[str, Any]) -> None:  # noqa: ANN401
    names = list(next(iter(found["parts"].values()))["heat"])
    for place, (part, one) in enumerate(found["parts"].items()):
        bars = [("share of area", one["area"]), ("share of light", one["light"])]
        bars += [(f"heat, {name}", one["heat"][name]) for name in names]
        for row, (name, value) in enumerate(bars):
            y = place * (len(bars) + 1.2) + row
            low, high = value["interval"]
            colour = COLOURS[row - 2] if 2 <= row < len(bars) - 1 else "#b5b5b5"
            axes.barh(y, value["mean"], color=colour)
            axes.plot((low, high), (y, y), color="black", linewidth=1)
            axes.text(high + 0.01, y, f"{name} {value['mean']:.0%}", va="center", fontsize=8)
        axes.text(0.01, place * (len(bars) + 1.2) - 0.7, part, weight="bold")
    axes.invert_yaxis()
    axes.set_ylim(top=-1.5)  # or the frame runs through the first part's name
    axes.set(yticks=[], xlim=(0, 1), xlabel="on the part, simulated galaxies")


def _draw_examples(figure: Any, network: Model) -> None:  # noqa: ANN401
    """Draw simulated galaxies with their parts outlined, and their heat maps."""
    preprocessing = network.card.preprocessing
    shown = (("barred_spiral", 5), ("spiral", 2), ("edge_on_spiral", 1), ("elliptical", 0))
    axes = figure.subplots(1, 2 * len(shown))
    for place, (label, index) in enumerate(shown):
        galaxy, parts = render(SEED, index, label), parts_of(SEED, index, label)
        pixels = preprocessing.apply(galaxy.pixels)
        answer = network.card.classes[int(network.answer(pixels[None]).probabilities[0].argmax())]
        crop = shown_crop(galaxy.pixels, preprocessing)
        left, right = axes[2 * place], axes[2 * place + 1]
        left.imshow(crop)
        side = len(crop)
        for name, mask in parts.masks.items():
            part = on_crop(mask.astype(np.float32), preprocessing)
            extent = (0, side, 0, side)
            colour = "#56B4E9" if name == "arms" else "#F0E442"
            left.contour(
                part, levels=[0.5], colors=colour, linewidths=1, extent=extent, origin="upper"
            )
        left.set_title(label.replace("_", " "), fontsize=8)
        right.imshow(overlay(crop, heat_map(network, pixels)))
        right.set_title(f"why {answer.replace('_', ' ')}", fontsize=8)
        for one in (left, right):
            one.set(xlim=(0, side), ylim=(side, 0))
            one.set_axis_off()


if __name__ == "__main__":
    typer.run(main)
