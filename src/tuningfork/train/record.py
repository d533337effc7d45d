"""What a run keeps of its epochs: a line of JSON for each, and what is said of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tuningfork.files import replacing

METRICS = "metrics.jsonl"


def append(path: Path, line: dict[str, Any]) -> None:
    """Add an epoch's line, on disk before the checkpoint is."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def summary(line: dict[str, Any]) -> str:
    """One sentence of an epoch: losses, time, share lost to loading."""
    seconds = max(line["seconds"], 0.001)
    validation = measured(line)
    return (
        f"epoch {line['epoch']}: loss {line['loss']:.4f}{validation and ', ' + validation}; "
        f"{seconds:.0f} s, {line['pictures'] / seconds:.0f} images/s, "
        f"{line['loading_seconds'] / seconds:.0%} of the time loading"
    )


def measured(line: dict[str, Any]) -> str:
    """The validation figures that there are, in words."""
    return ", ".join(
        f"validation {name} {line[f'validation_{name}']:.4f}"
        for name in ("loss", "accuracy", "rmse")
        if line[f"validation_{name}"] is not None
    )


def drop_later_epochs(path: Path, epoch: int) -> None:
    """A kill between record and checkpoint may leave the record an epoch ahead, or torn."""
    kept = [line for line in _lines(path) if line["epoch"] <= epoch]
    with replacing(path) as temporary:
        text = "".join(json.dumps(line) + "\n" for line in kept)
        temporary.write_text(text, encoding="utf-8")


def scores_of(path: Path, epoch: int) -> dict[str, Any]:
    """An epoch's validation figures."""
    kept: dict[str, Any] = next((one for one in _lines(path) if one["epoch"] == epoch), {})
    return {name: value for name, value in kept.items() if name.startswith("validation_")}


def _lines(path: Path) -> list[dict[str, Any]]:
    """Every line that is whole."""
    texts = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    return [line for line in map(_parsed, texts.splitlines()) if line is not None]


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and isinstance(line.get("epoch"), int) else None
