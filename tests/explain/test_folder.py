"""`classify --explain`: a heat map for each picture that could be read."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import tuningfork
from tests.classify.conftest import COLOURS, plain
from tests.model.toy import write_toy
from tuningfork.classify import Classification
from tuningfork.cli import app
from tuningfork.explain.folder import captions
from tuningfork.explain.overlay import SHOWN
from tuningfork.model.calibration import Doubt


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Make a folder with a spot on the left, one on the right, a broken file, and a twin's name."""
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    for name, column in (("left.png", 8), ("more/left.png", 40)):
        picture = np.zeros((64, 64, 3), np.uint8)
        picture[24:40, column : column + 16, 0] = 250
        Image.fromarray(picture).save(folder / name)
    (folder / "odd name*.png").write_bytes(plain(COLOURS["spiral"]))
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def _run(tmp_path: Path, *words: str) -> tuple[int, str]:
    toy = write_toy(tmp_path / "toy").parent
    shown = CliRunner().invoke(app, ["classify", *words, "--model", str(toy), "--frame", "0.5"])
    return shown.exit_code, shown.output + str(shown.exception)


def test_each_readable_picture_gets_its_map(tmp_path: Path, pictures: Path) -> None:
    """Maps bear the pictures' ids, twins a number, and what cannot be read gets none."""
    maps = tmp_path / "maps"
    code, shown = _run(tmp_path, str(pictures), "--explain", str(maps))
    assert code == 1, shown  # one picture is broken
    assert sorted(path.name for path in maps.iterdir()) == [
        "left-2.png",
        "left.png",
        "odd_name_.png",
    ]
    assert str(maps) in shown


def test_the_map_shows_the_picture_and_where_it_is_hot(tmp_path: Path, pictures: Path) -> None:
    """Left of the file stands the crop, right of it the heat over the spot."""
    maps = tmp_path / "maps"
    _run(tmp_path, str(pictures / "left.png"), "--explain", str(maps))
    drawn = np.asarray(Image.open(maps / "left.png").convert("RGB")).astype(float)
    side = drawn.shape[1] // 2
    assert side >= SHOWN
    crop, hot = drawn[:side, :side], drawn[:side, side:]
    assert crop[side // 2, side // 4, 0] > 200
    assert crop[side // 2, 3 * side // 4].max() < 30
    assert hot[:, : side // 2].sum() > 3 * hot[:, side // 2 :].sum()


def test_answers_are_the_same_with_and_without_maps(tmp_path: Path, pictures: Path) -> None:
    """But for a note of each map that could not have its picture's name."""
    tables: list[list[dict[str, str]]] = []
    for place, more in enumerate(([], ["--explain", str(tmp_path / "maps")])):
        table = tmp_path / f"{place}.csv"
        _run(tmp_path, str(pictures), "--output", str(table), *more)
        with table.open(newline="") as file:
            tables.append(list(csv.DictReader(file)))
    notes = [one.pop("note").split("; ")[-1] for one in tables[1]]
    assert notes.count("heat map in left-2.png") == notes.count("heat map in odd_name_.png") == 1
    assert sum("heat map" in one for one in notes) == 2
    for one in tables[0]:
        one.pop("note")
    assert tables[0] == tables[1]


def test_a_map_does_not_claim_what_is_refused() -> None:
    """Noise is no galaxy to the bundled network, and the map says so in place of a class."""
    noise = np.random.default_rng(0).integers(0, 256, (424, 424, 3), dtype=np.uint8)
    refused = tuningfork.load().classify(Image.fromarray(noise))
    assert captions(refused) == ("no galaxy here", f"what speaks for {refused.label}")
    sure = Classification("spiral", {"spiral": 0.9, "elliptical": 0.1}, {})
    assert captions(sure) == ("spiral 90%", "what speaks for it")
    unsure = replace(sure, doubt=Doubt(("spiral", "elliptical"), "unsure"))
    assert captions(unsure)[0] == "spiral 90%, unsure"


def test_no_picture_is_written_over(tmp_path: Path, pictures: Path) -> None:
    """A folder among the pictures is refused before anything is read, and so is the picture."""
    before = {one: one.read_bytes() for one in pictures.rglob("*.png")}
    for maps in (pictures, pictures / "more", pictures / "maps"):
        code, shown = _run(tmp_path, str(pictures), "--explain", str(maps))
        assert code == 2, shown
        assert "name a folder beside them" in " ".join(shown.replace("│", "").split())
    left = pictures / "left.png"
    code, shown = _run(tmp_path, str(left), "--explain", str(pictures))
    assert code == 2, shown
    command = ["explain", str(left), "--output", str(left)]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "name another file" in " ".join(refused.output.replace("│", "").split())
    assert before == {one: one.read_bytes() for one in pictures.rglob("*.png")}


def test_a_long_name_in_any_script_gets_its_map(tmp_path: Path) -> None:
    """243 bytes of name leave no room for more on a file system, so the map's is cut."""
    name = "星" * 80
    (tmp_path / f"{name}.png").write_bytes(plain(COLOURS["spiral"]))
    code, shown = _run(tmp_path, str(tmp_path / f"{name}.png"), "--explain", str(tmp_path / "m"))
    assert code == 0, shown
    (drawn,) = (tmp_path / "m").iterdir()
    assert name.startswith(drawn.stem)
    assert len(drawn.stem) > 30


def test_a_way_to_heat_needs_maps(tmp_path: Path, pictures: Path) -> None:
    """Not ignored, and neither is an empty name for their folder."""
    for words in (["--heat", "views"], ["--explain", ""]):
        code, shown = _run(tmp_path, str(pictures), *words)
        assert code == 2, shown


def test_what_cannot_be_drawn_is_refused_at_once(tmp_path: Path, pictures: Path) -> None:
    """A file for a folder, an unknown method, a graph without activation, a catalogue."""
    file = tmp_path / "file"
    file.write_text("here")
    code, shown = _run(tmp_path, str(pictures), "--explain", str(file))
    assert code != 0
    assert "name another folder" in shown
    code, shown = _run(tmp_path, str(pictures), "--explain", str(tmp_path / "a"), "--heat", "magic")
    assert "occlusion, " in shown or "activation, " in shown
    code, shown = _run(
        tmp_path, str(pictures), "--explain", str(tmp_path / "a"), "--heat", "activation"
    )
    assert "--heat occlusion" in shown
    code, shown = _run(
        tmp_path, str(pictures), "--explain", str(tmp_path / "a"), "--output", str(tmp_path / "b")
    )
    assert code == 2
    assert not (tmp_path / "a").exists() or not list((tmp_path / "a").iterdir())
