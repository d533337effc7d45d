r"""How fast the networks are, alone and from files, against ConvNeXt-Nano, and what that buys.

    python -m benchmarks.speed ../shared/data/kaggle --json docs/figures/speed.json
    python -m benchmarks.speed --draw docs/figures/speed.json --figure docs/images/pareto.svg \
        --accuracy full=SHARE swift=SHARE reference=0.909

Alone: ONNX Runtime in fp32, batches of 16, on all cores. From files: ``tuningfork classify`` over a
folder as a whole process, against a loop of Pillow and ConvNeXt-Nano at 224 pixels over the same
files. All take turns, so that what else the machine does meets each of them; a ratio is the median
of the turns' ratios. The reference's network and ConvNeXt-Nano have random weights.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from benchmarks import convnext_nano
from tuningfork.images.sources import find_pictures
from tuningfork.model.session import graph_path, model_names
from tuningfork.train.export import export_onnx
from tuningfork.train.networks import build, outputs_of
from tuningfork.train.recipe import load_recipe

NANO = "ConvNeXt-Nano"
CLASSIFY = [sys.executable, "-c", "from tuningfork.cli import main; main()", "classify"]


def reference_network(path: Path) -> None:
    """Write the network of the recipe ``reference`` with random weights."""
    recipe = load_recipe("reference")
    torch.manual_seed(0)
    outputs = outputs_of(recipe.network, 4)
    network = build(recipe.network, outputs, recipe.pictures.input_pixels)
    export_onnx(network, outputs, recipe.pictures, path)


def session_of(path: Path) -> Any:  # noqa: ANN401  onnxruntime is untyped
    """The graph as the package runs it."""
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def alone(session: Any, seconds: float = 2.0) -> float:  # noqa: ANN401
    """Images a second of a network alone, on noise."""
    wanted = session.get_inputs()[0]
    random = np.random.default_rng(0)
    kind = np.uint8 if "uint8" in wanted.type else np.float32
    pixels = random.integers(0, 256, (convnext_nano.BATCH, *wanted.shape[1:])).astype(kind)
    name = session.get_outputs()[0].name
    session.run([name], {"pixels": pixels})
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        session.run([name], {"pixels": pixels})
        done += convnext_nano.BATCH
    return done / (time.perf_counter() - began)


def whole_process(command: list[str]) -> float:
    """Seconds of a command."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    return time.perf_counter() - began


def in_turns(ways: dict[str, Callable[[], float]], turns: int) -> dict[str, Any]:
    """Images a second of each way, and its ratio to ConvNeXt-Nano: medians, least and largest."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, way in ways.items():
            found[name].append(way())
    nano = found[NANO]
    return {
        name: {
            "images_per_second": _spread(speeds),
            "times_nano": _spread([one / other for one, other in zip(speeds, nano, strict=True)]),
        }
        for name, speeds in found.items()
    }


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "largest": max(values)}


def measure(folder: Path | None, turns: int) -> dict[str, Any]:
    """Measure all networks alone and, with a folder, from files."""
    with tempfile.TemporaryDirectory() as name:
        graphs = {one: graph_path(one) for one in model_names()}
        graphs |= {one: Path(name) / f"{one}.onnx" for one in ("reference", NANO)}
        reference_network(graphs["reference"])
        convnext_nano.export(graphs[NANO])
        sessions = {one: session_of(path) for one, path in graphs.items()}
        result = {"alone": in_turns({one: _alone(it) for one, it in sessions.items()}, turns)}
        if folder is not None:
            count = len(list(find_pictures([folder])))
            output = Path(name) / "rows.csv"
            ways = {
                one: _files(
                    [*CLASSIFY, str(folder), "--model", one, "--output", str(output)], count
                )
                for one in model_names()
            }
            loop = [sys.executable, "-m", "benchmarks.speed", "--loop", str(graphs[NANO])]
            ways[NANO] = _files([*loop, str(folder)], count)
            result["files"] = in_turns(ways, turns) | {"pictures": count}
    return result


def _alone(session: Any) -> Callable[[], float]:  # noqa: ANN401
    return lambda: alone(session)


def _files(command: list[str], count: int) -> Callable[[], float]:
    return lambda: count / whole_process(command)


def draw(found: dict[str, Any], accuracy: dict[str, float], figure: Path) -> None:
    """Accuracy against images a second of the network alone."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "tuningfork"
    from matplotlib import pyplot

    canvas, axis = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    speeds = {name: one["images_per_second"]["median"] for name, one in found["alone"].items()}
    for name, value in accuracy.items():
        axis.plot(speeds[name], 100 * value, "o", ms=9, color="#2b5f9e")
        axis.annotate(
            f"{name}  {100 * value:.1f} %, {speeds[name]:,.0f}/s",
            (speeds[name], 100 * value),
            xytext=(0, 11),
            textcoords="offset points",
            ha="center",
        )
    axis.axvline(speeds[NANO], color="#b06a00", ls="--")
    axis.annotate(
        f"{NANO}, {speeds[NANO]:.0f}/s: its speed only",
        (speeds[NANO], 0.04),
        xycoords=("data", "axes fraction"),
        xytext=(5, 0),
        textcoords="offset points",
        color="#7a4a00",
    )
    axis.set(
        xscale="log",
        xlabel="Images a second, network alone, fp32, two cores",
        ylabel="Accuracy on the 1,517, %",
    )
    axis.set_xlim(min(speeds.values()) / 2.5, max(speeds.values()) * 3)
    axis.margins(y=0.25)
    axis.grid(alpha=0.25)
    canvas.savefig(figure, metadata={"Date": None})


def main() -> None:
    """Measure, or draw what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="pictures for the runs from files")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--loop", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--draw", type=Path, metavar="JSON", help="draw what was measured before")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--accuracy", nargs="+", default=[], metavar="NAME=SHARE")
    options = parser.parse_args()
    if options.loop:
        pictures = (Path(one.path) for one in find_pictures([options.folder]))
        convnext_nano.answer_all(pictures, session_of(options.loop))
        return
    if bool(options.draw) != bool(options.figure):
        parser.error("--draw and --figure go together")
    if not options.draw and not (options.folder and options.folder.exists()):
        parser.error("give a folder of pictures")
    if options.draw:
        pairs = (one.split("=") for one in options.accuracy)
        accuracy = {name: float(value) for name, value in pairs}
        draw(json.loads(options.draw.read_text()), accuracy, options.figure)
        return
    found = measure(options.folder, options.turns)
    text = json.dumps(found, indent=2)
    sys.stdout.write(text + "\n")
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
