"""Decks out of folders."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.game.conftest import draw_galaxy
from tuningfork.errors import BadData
from tuningfork.game.reader import open_deck


def _fill(folder: Path, truth: str, names: list[str]) -> None:
    folder.mkdir()
    for place, name in enumerate(names):
        (folder / f"{name}.jpg").write_bytes(draw_galaxy(truth, place))


def test_class_folders_become_a_deck(tmp_path: Path) -> None:
    """Folders give the truth, under the rule's aliases too; pictures are the files' bytes."""
    _fill(tmp_path / "spiral", "spiral", ["one", "two"])
    _fill(tmp_path / "edge_view_spiral", "edge_on_spiral", ["three"])
    deck = open_deck(tmp_path)
    assert {(galaxy.id, galaxy.truth) for galaxy in deck.galaxies} == {
        ("one", "spiral"),
        ("two", "spiral"),
        ("three", "edge_on_spiral"),
    }
    assert deck.by_id["two"].read() == draw_galaxy("spiral", 1)
    assert not deck.simulated
    assert deck.remarks == ()


def test_key_follows_the_galaxies_not_the_folder(tmp_path: Path) -> None:
    """A deck that was moved is the same deck; with another galaxy or class it is not."""
    keys = []
    for place, classes in enumerate((["spiral"], ["spiral"], ["elliptical"])):
        folder = tmp_path / str(place)
        folder.mkdir()
        for name in classes:
            _fill(folder / name, name, ["one", "two"])
        keys.append(open_deck(folder).key)
    assert keys[0] == keys[1] != keys[2]


def test_folder_without_a_class_is_refused(tmp_path: Path) -> None:
    """A folder in which nothing can be guessed is named."""
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(BadData, match=str(tmp_path)):
        open_deck(tmp_path)


def test_deck_of_broken_pictures_is_refused(tmp_path: Path) -> None:
    """If no picture can be read, the start says so instead of the first round."""
    (tmp_path / "spiral").mkdir()
    for name in ("one", "two"):
        (tmp_path / "spiral" / f"{name}.jpg").write_bytes(b"not a picture")
    with pytest.raises(BadData, match="none of the 2 pictures can be read"):
        open_deck(tmp_path)


def test_reference_test_is_a_deck(shared_data: Path) -> None:
    """The reference's 1,517 galaxies are all in the game, in its four classes."""
    deck = open_deck(shared_data / "reference_test")
    assert Counter(galaxy.truth for galaxy in deck.galaxies) == {
        "elliptical": 815,
        "spiral": 421,
        "edge_on_spiral": 186,
        "barred_spiral": 95,
    }


def test_votes_make_a_deck_too(shared_data: Path) -> None:
    """In Kaggle's folder the rule makes the truth; galaxies of no class are told, not played."""
    deck = open_deck(shared_data / "kaggle")
    assert len(deck.galaxies) > 200
    assert any("none of the four classes" in remark for remark in deck.remarks)


def test_bundled_deck_is_simulated() -> None:
    """Without a folder the package's own galaxies are played, sixty or so of each class."""
    deck = open_deck()
    assert deck.simulated
    assert len(deck.galaxies) >= 200
    assert all(len(galaxies) >= 40 for galaxies in deck.by_class.values())
    assert len(deck.by_class) == 4
