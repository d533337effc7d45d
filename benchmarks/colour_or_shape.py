"""Write the figures of docs/colour-or-shape.md out of what `tuningfork probe --json` measured.

    tuningfork probe SET --json docs/figures/probe-NAME.json --figure docs/images/probe-NAME.png
    python benchmarks/colour_or_shape.py

Every docs/figures/probe-*.json becomes a section, in the order of the names; a name that ends in
held-out is of a probe with --held-out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "colour-or-shape.md"
MARK = "<!-- Below: written by benchmarks/colour_or_shape.py; change the probe, not the page. -->"
WORST = ("channels swapped", "hue rotated", "rotated", "shifted")
"""Changes with many settings, of which the page tells the worst."""


def page(text: str, probes: dict[str, dict[str, Any]]) -> str:
    """Replace everything below the mark by the probes' sections."""
    head = text.partition(MARK)[0]
    return head + MARK + "\n" + "".join(section(name, one) for name, one in probes.items())


def read_probes(folder: Path) -> dict[str, dict[str, Any]]:
    """Read every probe of a folder, by the part of its name that tells it apart."""
    return {
        path.stem.removeprefix("probe-"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("probe-*.json"))
    }


def section(name: str, found: dict[str, Any]) -> str:
    """Tell one probe: its paragraph, its figure where there is one, and its table."""
    figure = f"images/probe-{name}.png"
    shown = ""
    if (PAGE.parent / figure).is_file():
        shown = f"\n![Accuracy of {found['model']} under each change]({figure})\n"
    seen = ", of those that it never learned from" if name.endswith("held-out") else ""
    classes = [one for one in found["classes"] if found["support"][one]]
    heads = [f"{one.replace('_', ' ')} ({found['support'][one]:,})" for one in classes]
    lines = [
        f"\n## {found['model']} on {found['data']}{seen}\n",
        found["paragraph"],
        shown,
        f"| change | accuracy | 95 % interval | same answer | {' | '.join(heads)} |",
        "|---" * (4 + len(classes)) + "|",
        *(_row(one, classes) for one in _rows(found)),
        "",
    ]
    return "\n".join(lines)


def _rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Give every change, of those with many settings the worst."""
    rows: list[dict[str, Any]] = []
    for one in found["results"]:
        if one["name"] not in WORST:
            rows.append(one)
        elif all(row["name"] != one["name"] for row in rows):
            same = [other for other in found["results"] if other["name"] == one["name"]]
            worst = min(same, key=lambda other: other["accuracy"])
            rows.append(worst | {"setting": f"{worst['setting']}, the worst of {len(same)}"})
    return rows


def _row(one: dict[str, Any], classes: list[str]) -> str:
    low, high = one["interval"]
    recall = " | ".join(f"{one['recall'][name]:.1%}" for name in classes)
    name = f"{one['name']} {one['setting']}".strip()
    accuracy = f"{one['accuracy']:.1%} | {low:.3f} to {high:.3f} | {one['same']:.1%}"
    return f"| {name} | {accuracy} | {recall} |"


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    PAGE.write_text(
        page(PAGE.read_text(encoding="utf-8"), read_probes(ROOT / "docs" / "figures")),
        encoding="utf-8",
    )
