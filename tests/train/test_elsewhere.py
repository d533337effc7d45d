"""Sets in object storage, played by fsspec's own store in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from rich.progress import Progress

from tests.train.made import kaggle, quiet
from tuningfork.data import read_set
from tuningfork.errors import BadData, TuningForkError
from tuningfork.places import Address
from tuningfork.train.elsewhere import copied, copied_file
from tuningfork.votes.rules import load_rule

ADDRESS = "memory://bucket/sets/voted"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Any]:
    """A store that holds a set as Kaggle ships it."""
    system = fsspec.filesystem("memory")
    system.put(f"{kaggle(tmp_path / 'voted', 3)}/", "/bucket/sets/voted/", recursive=True)
    yield system
    system.rm("/bucket", recursive=True)


def here(address: str, cache: Path) -> Path:
    """The copy."""
    with Progress(console=quiet()) as progress:
        return copied(Address(address), cache, progress)


@pytest.mark.usefixtures("store")
def test_a_set_is_read_from_its_copy(tmp_path: Path) -> None:
    """Under its own name, which the recipe's settings go by."""
    folder = here(ADDRESS, tmp_path / "cache")
    found = read_set(folder, load_rule("reference"))
    assert found.name == "voted"
    assert len(found.galaxies) == 3
    assert not found.problems


def test_what_is_there_is_not_fetched_again(tmp_path: Path, store: Any) -> None:
    """A stopped copy goes on: whole files stay, the others are fetched."""
    folder = here(ADDRESS, tmp_path / "cache")
    kept, torn, lost = sorted((folder / "images_training_rev1").iterdir())
    whole = torn.read_bytes()
    kept.write_bytes(bytes(kept.stat().st_size))
    torn.write_bytes(whole[:10])
    lost.unlink()
    assert here(ADDRESS, tmp_path / "cache") == folder
    assert not any(kept.read_bytes())
    assert torn.read_bytes() == whole
    assert lost.read_bytes() == store.cat_file(f"/bucket/sets/voted/{lost.parent.name}/{lost.name}")


@pytest.mark.usefixtures("store")
def test_nothing_there_is_refused(tmp_path: Path) -> None:
    """An address that is mistyped, and one whose package is missing."""
    with pytest.raises(BadData, match=r"memory://bucket/sets/none: no .*; check the address"):
        here("memory://bucket/sets/none", tmp_path)
    with pytest.raises(TuningForkError, match="unknown kind of address"):
        here("s4://bucket/sets/none", tmp_path)


def test_one_file_is_copied_alone(tmp_path: Path, store: Any) -> None:
    """A table of pairs, say; one that is not there is named."""
    store.pipe_file("/bucket/pairs.csv", b"id,same\n1,2\n")
    found = copied_file(Address("memory://bucket/pairs.csv"), tmp_path / "cache")
    assert (found.name, found.read_bytes()) == ("pairs.csv", b"id,same\n1,2\n")
    with pytest.raises(BadData, match=r"none\.csv"):
        copied_file(Address("memory://bucket/none.csv"), tmp_path / "cache")


def test_a_file_is_no_set_and_a_folder_no_table(tmp_path: Path, store: Any) -> None:
    """Each is told what it is."""
    store.pipe_file("/bucket/pairs.csv", b"id,same\n1,2\n")
    with pytest.raises(BadData, match=r"pairs\.csv: a file; give the address of the set's folder"):
        here("memory://bucket/pairs.csv", tmp_path)
    with pytest.raises(BadData, match="voted: a folder; give the address of a file"):
        copied_file(Address(ADDRESS), tmp_path / "cache")


def test_what_is_gone_at_the_address_is_gone_here(tmp_path: Path, store: Any) -> None:
    """It would be learned from otherwise."""
    folder = here(ADDRESS, tmp_path / "cache")
    first, *others = sorted((folder / "images_training_rev1").iterdir())
    store.rm(f"/bucket/sets/voted/images_training_rev1/{first.name}")
    here(ADDRESS, tmp_path / "cache")
    assert not first.exists()
    assert all(one.exists() for one in others)
