"""The record of a training run, one line for each epoch, that lies beside the network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuningfork.errors import BadModel
from tuningfork.model.session import BUNDLED, graph_path

IN_A_RUN = "metrics.jsonl"
"""The record's name in the folder of a training run."""
OF_A_RUN = frozenset({"model", "calibrated"})
"""What networks in such a folder are called: it is the folder that names the run."""


def read_history(name_or_path: str | Path | None = None) -> tuple[Mapping[str, Any], ...]:
    """Read what training wrote down after each epoch; empty where no record lies beside.

    ``name_or_path`` as for :func:`tuningfork.model.load_model`. The record of ``NAME.onnx`` is
    ``NAME.metrics.jsonl``, or ``metrics.jsonl`` in the folder of a run. Raises UnknownName if there
    is no such network, BadModel if the record is damaged.
    """
    graph = graph_path(BUNDLED if name_or_path is None else name_or_path)
    record = graph.with_suffix(".metrics.jsonl")
    if not record.is_file() and graph.stem in OF_A_RUN:
        record = graph.with_name(IN_A_RUN)
    if not record.is_file():
        return ()
    try:
        epochs = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise BadModel(
            f"{record}: not the record of a training run ({error}); remove it or restore it"
        ) from error
    if not all(isinstance(one, dict) and "epoch" in one for one in epochs):
        raise BadModel(f"{record}: a line names no epoch; remove the record or restore it")
    return tuple(epochs)
