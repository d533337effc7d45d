"""You, the machine and ten volunteers: measured, put into a sentence, kept beside the network."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tuningfork.data import GalaxySet
from tuningfork.errors import BadData, BadModel
from tuningfork.evaluate import Evaluation
from tuningfork.evaluate.evaluation import vote_arrays
from tuningfork.evaluate.intervals import Interval
from tuningfork.evaluate.volunteers import Crowds, matched_crowds
from tuningfork.model import Card
from tuningfork.model.session import BUNDLED, graph_path
from tuningfork.report.findings import plain, write_json

SHORT = (
    "smooth or featured", "edge-on", "bar", "spiral arms", "bulge size", "odd", "how round",
    "what is odd", "bulge shape", "arm winding", "arm count",
)  # fmt: skip
"""The 11 questions in a few words, in their order."""

TOO_FEW = "Too few of these galaxies have votes to tell a number of volunteers; give a larger set."
"""Said in place of the sentence."""


@dataclass(frozen=True)
class Measured:
    """The crowds that a network matches on several sets together."""

    card: Card
    whole: Crowds
    sets: Mapping[str, Crowds]
    """The same on each set alone."""
    galaxies: Mapping[str, int]
    """With votes, from each set."""
    held_out: bool

    def as_json(self) -> dict[str, Any]:
        """Give all figures, with the sentence and the weights that they belong to."""
        stated: dict[str, Any] = plain(
            {
                "model": self.card.name,
                "sha256": self.card.sha256,
                "measured": f"{datetime.now(UTC):%Y-%m-%d}",
                "held_out": self.held_out,
                "galaxies": self.galaxies,
                "sentence": crowd_sentence(self.whole),
                "whole": self.whole,
                "sets": self.sets,
            }
        )
        return stated


def measure(
    card: Card,
    sets: Sequence[GalaxySet],
    evaluate: Callable[[GalaxySet], Evaluation],
    *,
    held_out: bool,
) -> Measured:
    """Let the network answer for every set and find the crowds that it matches.

    Raises BadData if no galaxy of the sets has votes, or the network foretells none.
    """
    names = [one.name for one in sets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadData(f"two of the sets are called {twice[0]}; rename a folder")
    arrays = {one.name: _arrays(evaluate(one)) for one in sets if one.galaxies}
    arrays = {name: one for name, one in arrays.items() if len(one[0])}
    if not arrays:
        raise BadData(
            f"{', '.join(names)}: no galaxy of these has votes that the network foretells; give a "
            "set with votes"
        )
    together = [np.concatenate(parts) for parts in zip(*arrays.values(), strict=True)]
    return Measured(
        card,
        matched_crowds(*together),
        {name: matched_crowds(*one) for name, one in arrays.items()},
        {name: len(one[0]) for name, one in arrays.items()},
        held_out,
    )


def keep(measured: Measured, name_or_path: str | Path | None = None) -> Path:
    """Keep the figures beside the network, where the game finds them; returns the file's path.

    Raises BadTable if the file cannot be written.
    """
    path = _kept_path(name_or_path)
    write_json(measured.as_json(), path)
    return path


def kept(sha256: str, name_or_path: str | Path | None = None) -> Mapping[str, Any] | None:
    """Read the figures that were kept for the very weights of this hash; None if there are none.

    Raises BadModel if the file is damaged.
    """
    path = _kept_path(name_or_path)
    if not path.is_file():
        return None
    try:
        stated = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadModel(f"{path}: cannot be read ({error}); measure the volunteers anew") from error
    if not isinstance(stated, dict) or stated.get("sha256") != sha256:
        return None
    return stated


def crowd_sentence(crowds: Crowds | None) -> str:
    """Say in one sentence how large a crowd the network is as good as; empty if it can't be told.

    The range is over the questions that enough galaxies were asked.
    """
    if crowds is None or crowds.overall.volunteers is None:
        return ""
    told = [
        (one.crowd.volunteers, SHORT[one.number - 1])
        for one in crowds.questions
        if one.crowd.volunteers is not None
    ]
    whole = (
        "Asked any of the volunteers' questions, the machine is as good as "
        f"{crowd_size(crowds.overall.volunteers)} volunteers (95 % interval "
        f"{crowd_range(crowds.overall.interval)})"
    )
    if len(told) < 2:
        return f"{whole}."
    (least, hard), (most, easy) = min(told), max(told)
    if not least <= crowds.overall.volunteers <= most:
        # Questions that too few were asked count in the whole, and may pull it out of the range.
        whole += "; of the questions that enough galaxies were asked"
    return f"{whole}: from {crowd_size(least)} for “{hard}” to {crowd_size(most)} for “{easy}”."


def crowd_size(size: float | None) -> str:
    """Write a number of volunteers."""
    if size is None:
        return "–"
    if not math.isfinite(size):
        return "any number of"
    return f"{size:.1f}" if size < 10 else f"{size:.0f}"


def crowd_range(bounds: Interval | None) -> str:
    """Write an interval of numbers of volunteers, which may have no upper end."""
    if bounds is None:
        return "–"
    low, high = bounds
    if not math.isfinite(high):
        return f"{crowd_size(low)} or more"
    return f"{crowd_size(low)} to {crowd_size(high)}"


def _arrays(evaluation: Evaluation) -> tuple[np.ndarray[Any, Any], ...]:
    voted = evaluation.voted_on
    seen = np.array([one.known.volunteers or math.nan for one in voted])
    return (*vote_arrays(voted, raw=True), seen)


def _kept_path(name_or_path: str | Path | None) -> Path:
    return graph_path(BUNDLED if name_or_path is None else name_or_path).with_suffix(
        ".volunteers.json"
    )
