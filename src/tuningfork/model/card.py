"""The card: everything that one must know of a network to use it, as JSON beside its ONNX file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tuningfork.errors import BadModel
from tuningfork.files import replacing
from tuningfork.images.frame import Preprocessing
from tuningfork.model.calibration import Calibration, calibration_from
from tuningfork.votes.tree import TREE


@dataclass(frozen=True)
class Card:
    """What a network is, was made of and reaches. Raises BadModel, naming the field, if unsound."""

    name: str
    recipe: str
    """The training recipe's name."""
    rule: str
    """The label rule whose classes the network tells apart."""
    classes: tuple[str, ...]
    """In the order of the network's probabilities."""
    preprocessing: Preprocessing
    sha256: str
    """Of the ONNX file, 64 hexadecimal digits."""
    parameters: int
    """How many numbers the network learned."""
    columns: tuple[str, ...] = TREE.columns
    """The 37 weighted fractions in the order of the network's; empty if it gives none."""
    data: Mapping[str, int] = field(default_factory=dict)
    """Galaxies used from each data set."""
    held_out: Mapping[str, float] = field(default_factory=dict)
    """``share`` and ``seed`` of the split by id (``data.splits``) whose galaxies only validated;
    empty where the training does not say."""
    scores: Mapping[str, Any] = field(default_factory=dict)
    """What it reaches, each with what it was measured on."""
    calibration: Calibration | None = None
    """How its answers are to be doubted; None: nobody has calibrated it."""
    version: str = ""
    """Of Tuning Fork, at the export."""
    created: str = ""
    """Date of the export, YYYY-MM-DD."""
    credits: str = ""
    """Whose pictures and votes it learned from."""
    licence: str = "MIT"

    def __post_init__(self) -> None:
        _require(len(self.classes) > 1, "classes", "at least two names")
        _require(len(set(self.classes)) == len(self.classes), "classes", "different names")
        _require(self.columns in {(), TREE.columns}, "columns", "the tree's 37 in order, or none")
        mix = None if self.calibration is None else tuple(self.calibration.mix)
        _require(mix in {None, self.classes}, "calibration", "of the card's classes, in order")
        _require(_is_hash(self.sha256), "sha256", "64 hexadecimal digits")
        _require(self.parameters > 0, "parameters", "a positive number")
        sides = (self.preprocessing.frame_pixels, self.preprocessing.input_pixels)
        _require(min(sides) > 0, "preprocessing", "positive numbers of pixels")


def read_card(path: Path) -> Card:
    """Read a card. Raises BadModel naming the file and the field."""
    try:
        values = json.loads(path.read_bytes())
    except OSError as error:
        raise BadModel(f"{path}: {error.strerror}; a network needs its card beside it") from error
    except ValueError as error:
        raise BadModel(f"{path}: not JSON ({error}); export the network again") from error
    try:
        return _card(values)
    except BadModel as error:
        raise BadModel(f"{path}: {error}; export the network again") from error


def write_card(card: Card, path: Path) -> None:
    """Write the card as JSON."""
    with replacing(path) as temporary:
        temporary.write_text(
            json.dumps(asdict(card), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
            encoding="utf-8",
        )


def sha256_of(path: Path) -> str:
    """Compute the file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _card(values: object) -> Card:
    if not isinstance(values, dict):
        raise BadModel("a card is a JSON object")
    known = {one.name for one in fields(Card)}
    for name in values:
        _require(name in known, str(name), f"one of {', '.join(sorted(known))}")
    checked: dict[str, Any] = {name: _checked(name, value) for name, value in values.items()}
    for name in ("name", "recipe", "rule", "classes", "preprocessing", "sha256", "parameters"):
        _require(name in checked, name, "given")
    return Card(**checked)


def _checked(name: str, value: object) -> object:
    if name in {"classes", "columns"}:
        _require(_is_texts(value), name, "a list of names")
        return tuple(value)  # type: ignore[arg-type]
    if name == "preprocessing":
        _require(
            _is_counts(value) and set(value) == {one.name for one in fields(Preprocessing)},  # type: ignore[call-overload]
            name,
            "whole numbers frame_pixels and input_pixels",
        )
        return Preprocessing(**value)  # type: ignore[arg-type]
    if name == "parameters":
        _require(_is_count(value), name, "a whole number")
    elif name == "calibration":
        return None if value is None else calibration_from(value)
    elif name == "data":
        _require(_is_counts(value), name, "a whole number for each data set")
    elif name == "held_out":
        _require(
            _is_split(value), name, "a share from 0 to 1, a whole number seed and perhaps a fold"
        )
    elif name == "scores":
        _require(isinstance(value, dict), name, "an object")
    else:
        _require(isinstance(value, str), name, "a text")
    return value


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_counts(value: object) -> bool:
    return isinstance(value, dict) and all(_is_count(one) for one in value.values())


def _is_split(value: object) -> bool:
    if not isinstance(value, dict) or set(value) - {"fold"} not in (set(), {"share", "seed"}):
        return False
    share, numbers = value.get("share", 0), (value.get("seed", 0), value.get("fold", 0))
    return isinstance(share, (int, float)) and 0 <= share < 1 and all(map(_is_count, numbers))


def _is_hash(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _require(held: bool, name: str, wanted: str) -> None:
    if not held:
        raise BadModel(f"the card's field '{name}' must be {wanted}")
