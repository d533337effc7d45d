"""The command ``tuningfork volunteers``, and what it keeps for the game."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.report.conftest import COUNT, command
from tuningfork.game import crowd
from tuningfork.game.crowd import matched_by, place
from tuningfork.model import load_model
from tuningfork.report.volunteers import crowd_range, crowd_size, kept


def told(folder: Path, *words: str | Path) -> tuple[str, dict[str, Any]]:
    """What the command prints with these words, and what it writes as JSON."""
    done = command("volunteers", *words, "--json", folder / "k.json")
    assert done.exit_code == 0, done.output
    return done.output, json.loads((folder / "k.json").read_text())


def test_it_prints_a_sentence_and_keeps_figures_for_these_weights(
    kaggle: Path, toys: Path, tmp_path: Path
) -> None:
    """The file beside the network is read back for its own hash only."""
    run = shutil.copytree(toys, tmp_path / "run")
    figure = tmp_path / "k.svg"
    output, stated = told(tmp_path, kaggle, "--model", run, "--keep", "--figure", figure)
    assert "the machine is as good as" in output
    count = stated["galaxies"]["kaggle"]
    assert f"that only validated: {count} of kaggle" in output
    assert figure.read_bytes().startswith(b"<?xml")
    sha256 = load_model(run).card.sha256
    found = kept(sha256, run)
    assert found is not None
    assert found["sentence"] in " ".join(output.split())
    assert kept("0" * 64, run) is None


def test_too_few_galaxies_are_told(kaggle: Path, toys: Path, tmp_path: Path) -> None:
    """In place of the sentence; and where a figure was asked for nothing is written."""
    few = shutil.copytree(kaggle, tmp_path / "few")
    table = few / "training_solutions_rev1.csv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:3]))
    output, _ = told(tmp_path, few, "--model", toys, "--all")
    assert "Too few of these galaxies" in output
    asked = ("--figure", tmp_path / "few.svg", "--json", tmp_path / "few.json")
    refused = command("volunteers", few, "--model", toys, "--all", *asked)
    assert "too few galaxies for a figure" in f"{refused.output}{refused.exception}"
    assert not list(tmp_path.glob("few.*"))


def test_flattering_figures_are_not_kept(kaggle: Path, toys: Path, tmp_path: Path) -> None:
    """What the network learned from is counted with --all, and never shown in the game."""
    _, stated = told(tmp_path, kaggle, "--model", toys, "--all")
    assert stated["galaxies"] == {"kaggle": COUNT}
    assert not stated["held_out"]
    refused = command("volunteers", kaggle, "--model", toys, "--all", "--keep")
    assert refused.exit_code == 2
    assert "--keep" in refused.output


def test_a_set_that_an_earlier_one_holds_is_passed_over(
    kaggle: Path, toys: Path, tmp_path: Path
) -> None:
    """Its galaxies count once."""
    again = shutil.copytree(kaggle, tmp_path / "again")
    _, stated = told(tmp_path, kaggle, again, "--model", toys)
    assert list(stated["galaxies"]) == ["kaggle"]


def test_only_held_out_galaxies_are_asked(kaggle: Path, toys: Path, tmp_path: Path) -> None:
    """Without --all the galaxies that were learned from stay out."""
    _, stated = told(tmp_path, kaggle, "--model", toys)
    assert stated["held_out"]
    assert 0 < stated["galaxies"]["kaggle"] < COUNT


def test_the_about_page_draws_what_was_kept(
    kaggle: Path, toys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the command keeps becomes rows of the game's page, the crowd of any question last."""
    _, stated = told(tmp_path, kaggle, "--model", toys, "--all")
    monkeypatch.setattr(crowd, "kept", lambda identity: stated)
    rows = crowd.matched_by(stated["sha256"])
    assert [one.question for one in rows][:2] == [1, 2]
    assert rows[-1].question == 0
    asked = [one for one in stated["whole"]["questions"] if one["crowd"]["volunteers"] is not None]
    assert len(rows) == len(asked) + 1
    for one in rows:
        assert 0 <= one.bar[0] <= one.place <= one.bar[1] <= 100


def test_numbers_of_volunteers_are_written_with_their_doubt() -> None:
    """One decimal below ten, none above, and words where there is no end."""
    assert crowd_size(3.14159) == "3.1"
    assert crowd_size(12.6) == "13"
    assert crowd_size(float("inf")) == "any number of"
    assert crowd_range((2.0, float("inf"))) == "2.0 or more"
    assert crowd_range((2.0, 14.2)) == "2.0 to 14"


def test_the_games_scale_is_logarithmic() -> None:
    """From 1 at the left to 50 at the right, larger crowds at the edge."""
    assert (place(1), place(50), place(1e9), place(0.2)) == (0, 100, 100, 0)
    assert abs(place(50**0.5) - 50) < 1e-9
    assert matched_by("0" * 64) == ()
