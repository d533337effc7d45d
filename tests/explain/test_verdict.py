"""An answer's doubt in words, in the terminal and on the drawing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tuningfork.classify import Classification
from tuningfork.cli import app
from tuningfork.explain import verdict_sentence
from tuningfork.explain.verdict import title_of
from tuningfork.model.calibration import Doubt


@pytest.mark.parametrize(
    ("doubt", "said"),
    [
        (Doubt(("spiral",), "sure"), "sure: at a coverage of 90% no other class is left"),
        (
            Doubt(("spiral", "barred_spiral"), "unsure"),
            "unsure: at a coverage of 90% it is spiral or barred spiral",
        ),
        (
            Doubt(("spiral",), "unsure"),
            "unsure: at a coverage of 90% spiral alone is left, yet no likelier than all else "
            "together",
        ),
        (Doubt((), "unsure"), "unsure: no class is probable enough for a coverage of 90%"),
        (Doubt((), "no galaxy here"), "no galaxy here: what follows means little"),
    ],
)
def test_each_verdict_has_its_sentence(doubt: Doubt, said: str) -> None:
    """What is left is named, most probable first."""
    assert verdict_sentence(doubt, coverage=0.9) == said


def test_a_drawing_is_headed_by_the_class_or_its_refusal() -> None:
    """A network without calibration refuses nothing."""
    plain = Classification("barred_spiral", {"barred_spiral": 1.0}, {})
    assert title_of(plain) == "barred spiral"
    assert title_of(replace(plain, doubt=Doubt((), "no galaxy here"))) == "no galaxy here"
    assert title_of(replace(plain, label="edge_on_spiral")) == "edge-on spiral"


def test_explain_refuses_noise(tmp_path: Path) -> None:
    """The bundled network calls noise no galaxy: in text, in JSON, and above the tree."""
    noise, drawing = tmp_path / "noise.png", tmp_path / "tree.svg"
    pixels = np.random.default_rng(0).integers(0, 256, (424, 424, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(noise)
    run = CliRunner().invoke(app, ["explain", str(noise), "--output", str(drawing)])
    assert run.exit_code == 0, run.output
    assert "no galaxy here" in run.output
    assert "no galaxy here" in drawing.read_text()
    stated = json.loads(CliRunner().invoke(app, ["explain", str(noise), "--json"]).stdout)
    assert (stated["verdict"], stated["set"]) == ("no galaxy here", [])
