"""Decoding every picture of a set beforehand."""

from __future__ import annotations

from pathlib import Path

from tests.data.made import jpeg, pictures
from tuningfork.data import read_set
from tuningfork.data.verify import verify
from tuningfork.votes.rules import load_rule


def test_unreadable_pictures_are_named(tmp_path: Path) -> None:
    """Empty, truncated and foreign files leave their galaxies out, each with its reason."""
    folder = pictures(tmp_path / "spiral", ["1", "2", "3", "4", "5"])
    (folder / "2.jpg").write_bytes(b"")
    (folder / "3.jpg").write_bytes(jpeg()[: len(jpeg()) // 2])
    (folder / "4.jpg").write_bytes(b"<html>503</html>")
    seen: list[int] = []
    found = verify(read_set(tmp_path, load_rule("reference")), lambda: seen.append(1))
    assert [galaxy.id for galaxy in found.galaxies] == ["1", "5"]
    assert len(seen) == 5
    (problem,) = found.problems
    assert (problem.ids, problem.dropped) == (("2", "3", "4"), True)
    assert "2.jpg" in problem.details[0]
    assert "3 " not in problem.kind


def test_whole_pictures_stay(tmp_path: Path) -> None:
    """A set without bad pictures is the same set."""
    pictures(tmp_path / "spiral", ["1", "2"])
    found = read_set(tmp_path, load_rule("reference"))
    assert verify(found) is found
