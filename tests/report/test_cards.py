"""The cards in docs/ say what was measured of the weights that ship."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tuningfork.model import load_model
from tuningfork.report.cards import CARDS, FIGURES, card_text

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """Read the figures that the cards were written from."""
    found: dict[str, Any] = json.loads((DOCS / FIGURES).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", CARDS)
def test_cards_hold_the_measured_numbers(name: str, figures: dict[str, Any]) -> None:
    """Filling the template again gives the very card: no number was changed by hand."""
    assert card_text(name, figures) == (DOCS / name).read_text(encoding="utf-8")


def test_figures_are_of_the_weights_that_ship(figures: dict[str, Any]) -> None:
    """New weights need new figures: make cards."""
    card = load_model().card
    assert figures["model"]["sha256"] == card.sha256, "run make cards"
    assert figures["model"]["data"] == dict(card.data)
    small = load_model("swift").card
    assert figures["small"]["sha256"] == small.sha256, "run make cards"
    stated = (DOCS / "model-card.md").read_text(encoding="utf-8")
    assert card.sha256 in stated
    assert f"{figures['evaluations'][0]['accuracy']:.4f}" in stated


def test_what_the_card_shows_is_there() -> None:
    """Every picture that a card shows lies in docs/, and so does every page that it leads to."""
    for name in CARDS:
        for target in re.findall(r"\]\(([^)h][^)]*)\)", (DOCS / name).read_text(encoding="utf-8")):
            assert (DOCS / target).exists(), target
