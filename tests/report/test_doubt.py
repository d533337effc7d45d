"""What page, JSON and terminal say of a calibrated network."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.classify.conftest import COLOURS, plain
from tests.images.pictures import encoded
from tests.model.toy import CLASSES
from tests.report.conftest import command, text_of
from tests.trust.test_graph import REFUSAL, embedding_toy
from tuningfork.model import load_model
from tuningfork.model.calibration import Calibration
from tuningfork.model.card import read_card, write_card
from tuningfork.trust.graph import doubting_graph

CALIBRATION = Calibration(
    scale=(1.0,) * 4,
    shift=(0.0,) * 4,
    mix=dict.fromkeys(CLASSES, 0.25),
    coverages=(0.8, 0.9, 0.95, 0.99),
    thresholds=dict.fromkeys(CLASSES, (0.99, 0.5, 0.3, 0.01)),
    strangeness=1e9,
    refused=0.01,
)
"""The toy gives 0.92 to what it sees and more than 0.01 to the others: sets hold nothing at 0.80,
its answer at 0.90 and 0.95, all classes at 0.99. Only pictures of one colour are refused."""


def calibrated_toy(folder: Path, fitted_on: Mapping[str, int] | None = None) -> Path:
    """Write the toy with its calibration; returns its folder."""
    path = embedding_toy(folder)
    graph = doubting_graph(path.read_bytes(), CALIBRATION.scale, CALIBRATION.shift, REFUSAL)
    path.write_bytes(graph)
    card = replace(
        read_card(path.with_suffix(".json")),
        sha256=hashlib.sha256(graph).hexdigest(),
        calibration=replace(CALIBRATION, fitted_on=dict(fitted_on or {})),
        held_out={"share": 0.4, "seed": 0},
    )
    write_card(card, path.with_suffix(".json"))
    return folder


def noisy(looks: str) -> bytes:
    """A picture that is not of one colour, taken for this class."""
    random = np.random.default_rng(0)
    pixels = random.normal(COLOURS[looks], 4, (40, 40, 3)).clip(0, 255)
    return encoded(pixels.astype(np.uint8))


@pytest.fixture(scope="module")
def galaxies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three ellipticals, three spirals of which one looks elliptical, a bar of one colour."""
    folder = tmp_path_factory.mktemp("sets") / "known"
    pictures = {
        "elliptical": [noisy("elliptical")] * 3,
        "spiral": [noisy("spiral"), noisy("spiral"), noisy("elliptical")],
        "barred_spiral": [plain(COLOURS["barred_spiral"])],
    }
    for name, own in pictures.items():
        (folder / name).mkdir(parents=True)
        for place, data in enumerate(own):
            (folder / name / f"{name}{place}.png").write_bytes(data)
    return folder


def evaluated(data: Path, model: Path, folder: Path, *more: str) -> tuple[dict[str, Any], str, str]:
    """Evaluate; gives the JSON, the page's text and what was printed."""
    page, figures = folder / "page.html", folder / "figures.json"
    done = command(
        *("evaluate", data, "--model", model, "--report", page, "--json", figures), *more
    )
    assert done.exit_code == 0, done.output
    return json.loads(figures.read_text()), text_of(page), " ".join(done.output.split())


def test_sets_and_refusals_are_measured(galaxies: Path, tmp_path: Path) -> None:
    """Six galaxies count, the refused one does not; five of six look like what they are."""
    model = calibrated_toy(tmp_path / "toy")
    figures, page, printed = evaluated(galaxies, model, tmp_path)
    sets = figures["sets"]
    assert (sets["refused"], sets["pictures"]) == (1, 7)
    found = {one["asked"]: one["found"] for one in sets["at"]}
    assert [one["covered"] for one in found.values()] == pytest.approx([0, 5 / 6, 5 / 6, 1])
    assert [one["mean_size"] for one in found.values()] == [0, 1, 1, 4]
    spiral = found[0.95]["by_class"]["spiral"]
    assert (spiral["covered"], spiral["count"]) == (pytest.approx(2 / 3), 3)
    assert "barred_spiral" not in found[0.95]["by_class"]
    assert "Refused as “no galaxy here”: 1 of 7 pictures" in page
    assert re.search(r"0\.95 0\.833 0\.\d{3} to 0\.\d{3} 1\.000 .* 0\.667 .* – – 1\.00 ", page)
    assert (
        "Sets at 0.95 hold the class of 0.8333 of 6 galaxies, 1.00 classes each; "
        "no galaxy here: 1 of 7 pictures"
    ) in printed


@pytest.mark.parametrize("other", ["views", "rule", "plain network"])
def test_sets_are_left_out_where_they_mean_nothing(
    galaxies: Path, toys: Path, tmp_path: Path, other: str
) -> None:
    """They were fitted on single views and the network's own rule; a plain network has none."""
    model = toys if other == "plain network" else calibrated_toy(tmp_path / "toy")
    rule = (resources.files("tuningfork.votes") / "rules/reference.toml").read_text("utf-8")
    (tmp_path / "mine.toml").write_text(rule.replace("0.7", "0.6"), encoding="utf-8")
    more = {
        "views": ("--views", "8"),
        "rule": ("--rule", str(tmp_path / "mine.toml")),
        "plain network": (),
    }[other]
    figures, page, printed = evaluated(galaxies, model, tmp_path, *more)
    assert figures["sets"] is None
    assert "Prediction sets" not in page
    assert "no galaxy here" not in printed


def test_galaxies_that_calibrated_are_called_so(kaggle: Path, tmp_path: Path) -> None:
    """The shipped card's own words for what was fitted on kaggle are understood and told."""
    calibration = load_model().card.calibration
    assert calibration is not None
    fitted_on = calibration.fitted_on
    model = calibrated_toy(tmp_path / "toy", fitted_on)
    figures, page, printed = evaluated(kaggle, model, tmp_path, "--held-out")
    assert figures["setting"]["calibrated_on"] == {
        "held out": fitted_on["kaggle: held out"],
        "for the temperature": fitted_on["kaggle: for the temperature"],
        "for the sets": fitted_on["kaggle: for the sets"],
    }
    told = f"these very galaxies ({fitted_on['kaggle: held out']:,} held out, "
    for said in (page, printed):
        assert told in said
        assert f"{fitted_on['kaggle: for the temperature']:,} for the temperature" in said
    _, page, _ = evaluated(kaggle, model, tmp_path)
    assert "galaxies of a set called kaggle (" in page


def test_of_other_sets_nothing_is_said(galaxies: Path, tmp_path: Path) -> None:
    """A set that the calibration never met is warned of no calibration."""
    model = calibrated_toy(tmp_path / "toy", {"kaggle: held out": 3, "stars and artefacts": 2})
    figures, page, printed = evaluated(galaxies, model, tmp_path)
    assert figures["setting"]["calibrated_on"] == {}
    assert "calibration was fitted" not in page + printed
