"""The measure of the deck's realism: a network that never saw a simulated galaxy knows them."""

from __future__ import annotations

import pytest

from tuningfork.data import read_set
from tuningfork.evaluate import evaluate_set
from tuningfork.images.simulated import DECK_COUNT, deck_folder
from tuningfork.model import load_model, model_names
from tuningfork.votes.rules import load_rule


def test_bundled_network_knows_the_simulated_galaxies() -> None:
    """The bundled network, trained on real galaxies alone, gets 85 % of the deck right."""
    if not model_names():
        pytest.skip("no network is bundled yet: make model")
    rule = load_rule("reference")
    found = evaluate_set(load_model(), read_set(deck_folder(), rule), rule)
    assert found.scores is not None
    assert found.scores.count == DECK_COUNT
    assert found.scores.accuracy >= 0.85
    # No class may owe its share to the others.
    assert min(one.recall or 0 for one in found.scores.per_class.values()) >= 0.65
