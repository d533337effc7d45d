"""Class and votes come out of one network, and should say the same of a galaxy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.deck import crops
from tuningfork.data import held_out, read_same_galaxy, read_set
from tuningfork.images.decode import decode
from tuningfork.model.session import SIDE_RULE, load_model, model_names
from tuningfork.votes.rules import load_rule

STATED = 0.01
"""docs/doubt.md: of galaxies whose predicted votes meet the rule, at most so many for a class that
is not the one the network names."""
STATED_HALVES = 0.12
"""And of all galaxies: called elliptical though the predicted votes see more features than smooth,
or the other way round."""
STATED_FIVE = 0.01
"""And of galaxies with one of Zhu's five classes: edge-on or elliptical by one rule, and not by the
other. Cigars are left out, which the reference's rule may see as disks on edge."""


@pytest.mark.parametrize("name", model_names())
def test_class_and_votes_do_not_contradict_each_other(shared_data: Path, name: str) -> None:
    """On the held-out galaxies with votes, no oftener than the documentation states."""
    model = load_model(name)
    rule = load_rule(model.card.rule)
    same = read_same_galaxy(shared_data / "same_galaxy.csv")
    pixels = []
    for one in ("kaggle", "gz2"):
        kept = held_out(read_set(shared_data / one, rule), model.card.held_out, same)
        for galaxy in kept.galaxies:
            image = decode(galaxy.picture.read(), galaxy.picture.path)
            pixels.append(model.card.preprocessing.apply(image))
    assert len(pixels) > 100
    answers = model.answer(np.stack(pixels))
    named = answers.probabilities.argmax(axis=1)
    by_votes = rule.apply(answers.fractions.astype(np.float64))
    meets = by_votes >= 0
    assert meets.sum() > 30
    assert (by_votes[meets] != named[meets]).mean() <= STATED
    smooth = answers.fractions[:, 0] > answers.fractions[:, 1]
    elliptical = named == model.card.classes.index("elliptical")
    assert (smooth != elliptical).mean() <= STATED_HALVES


@pytest.mark.parametrize("name", model_names())
def test_the_four_classes_and_zhus_five_do_not_contradict_each_other(name: str) -> None:
    """On drawn galaxies that the network says to have one of the five."""
    model = load_model(name)
    answers = model.answer(crops(model.card.preprocessing), more=True)
    assert answers.zhu5 is not None
    names = (*load_rule(SIDE_RULE).class_names, "none")
    five = np.array(names)[answers.zhu5.argmax(axis=1)]
    four = np.array(model.card.classes)[answers.probabilities.argmax(axis=1)]
    clear = (five != "none") & (five != "cigar_shaped")
    assert clear.sum() > 150
    edge_on = (four == "edge_on_spiral") != (five == "edge_on")
    smooth = (four == "elliptical") != np.isin(five, ("completely_round", "in_between"))
    assert (edge_on | smooth)[clear].mean() <= STATED_FIVE
