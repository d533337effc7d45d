"""The card beside a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tuningfork.errors import BadModel
from tuningfork.images.frame import Preprocessing
from tuningfork.model.card import Card, read_card, sha256_of, write_card
from tuningfork.votes.tree import TREE

CARD = Card(
    name="toy",
    recipe="compact",
    rule="reference",
    classes=("spiral", "elliptical"),
    preprocessing=Preprocessing(212, 112),
    sha256="0123456789abcdef" * 4,
    parameters=1_560_000,
    data={"kaggle": 700},
    held_out={"share": 0.1, "seed": 0},
    scores={"reference_test": {"accuracy": 0.9}},
    credits="Galaxy Zoo’s volunteers",
)


def test_a_card_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Writing and reading lose nothing, and the file is plain JSON."""
    write_card(CARD, tmp_path / "toy.json")
    assert read_card(tmp_path / "toy.json") == CARD
    written = json.loads((tmp_path / "toy.json").read_text(encoding="utf-8"))
    assert written["preprocessing"] == {"frame_pixels": 212, "input_pixels": 112}
    assert written["columns"] == list(TREE.columns)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("classes", ["one"]), ("classes", ["a", "a"]), ("classes", "spiral"), ("classes", [1, 2]),
        ("columns", ["Class1.1"]), ("sha256", "abc"), ("sha256", None), ("parameters", "many"),
        ("parameters", 0), ("parameters", True), ("preprocessing", {"frame_pixels": 212}),
        ("preprocessing", {"frame_pixels": 212, "input_pixels": 0}), ("preprocessing", [212, 112]),
        ("preprocessing", {"frame_pixels": 212.5, "input_pixels": 112}), ("name", 3),
        ("data", {"kaggle": "all"}), ("held_out", {"share": 1.5, "seed": 0}), ("held_out", [0.1]),
        ("scores", []), ("colour", "blue"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(tmp_path: Path, field: str, value: object) -> None:
    """A card that breaks its form is refused with the file's and the field's name."""
    path = tmp_path / "toy.json"
    write_card(CARD, path)
    stated: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(stated | {field: value}), encoding="utf-8")
    with pytest.raises(BadModel, match=rf"toy\.json: .*'{field}'"):
        read_card(path)


@pytest.mark.parametrize(
    "field", ["name", "recipe", "rule", "classes", "preprocessing", "sha256", "parameters"]
)
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    """What a network cannot be used without must be there."""
    path = tmp_path / "toy.json"
    write_card(CARD, path)
    stated = json.loads(path.read_text(encoding="utf-8"))
    del stated[field]
    path.write_text(json.dumps(stated), encoding="utf-8")
    with pytest.raises(BadModel, match=field):
        read_card(path)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_what_is_no_card_is_refused(tmp_path: Path, text: bytes) -> None:
    """Anything but a JSON object is refused with the file's name."""
    (tmp_path / "toy.json").write_bytes(text)
    with pytest.raises(BadModel, match=r"toy\.json"):
        read_card(tmp_path / "toy.json")


def test_the_hash_is_sha_256(tmp_path: Path) -> None:
    """The hash of "abc" is the one of FIPS 180-2, appendix B.1."""
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
