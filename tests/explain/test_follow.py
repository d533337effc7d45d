"""How a class follows from votes by a rule."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from tests.model.toy import write_toy
from tuningfork.cli import app
from tuningfork.explain import follow, following_sentence
from tuningfork.explain.layout import CARD_WIDTH, layout, route
from tuningfork.votes.fractions import weighted_from_conditional
from tuningfork.votes.rules import load_rule, rule_names
from tuningfork.votes.tree import TREE


def _votes(**changed: float) -> dict[str, float]:
    fractions = dict.fromkeys(TREE.columns, 0.0)
    return fractions | {name.replace("_", "."): share for name, share in changed.items()}


def test_conditions_are_those_of_the_reference() -> None:
    """Issue's rule: spiral asks for Class1.2 and Class3.2 of at least 0.7 each, and comes first."""
    found = follow(_votes(Class1_2=0.9, Class2_2=0.9, Class3_2=0.7), load_rule("reference"))
    assert found.label == "spiral"
    first = found.judged[0]
    assert first.name == "spiral"
    assert [(one.condition.column, one.fraction, one.met) for one in first.checks] == [
        ("Class1.2", 0.9, True),
        ("Class3.2", 0.7, True),
    ]
    assert [one.name for one in found.judged if one.met] == ["spiral"]


def test_votes_that_agree_on_nothing_make_no_class() -> None:
    """Below every threshold there is no class, and the sentence says that volunteers differ."""
    found = follow(_votes(Class1_1=0.6, Class1_2=0.4, Class6_2=0.9), load_rule("reference"))
    assert found.label is None
    assert "would not agree" in following_sentence(found, "elliptical")


@pytest.mark.parametrize("name", rule_names())
@given(numbers=st.lists(st.floats(0.001, 1), min_size=37, max_size=37))
def test_following_is_the_rule_itself(name: str, numbers: list[float]) -> None:
    """The class that follows is what the rule makes of the same votes."""
    conditional = np.array(numbers)
    for question in TREE.questions:
        conditional[TREE.span(question.number)] /= conditional[TREE.span(question.number)].sum()
    weighted = weighted_from_conditional(conditional[np.newaxis])
    rule = load_rule(name)
    place = int(rule.apply(weighted)[0])
    expected = rule.class_names[place] if place >= 0 else None
    found = follow(dict(zip(TREE.columns, weighted[0].tolist(), strict=True)), rule)
    assert found.label == expected


def test_the_sentence_says_who_disagrees() -> None:
    """Where the rule and the network differ both classes are named."""
    found = follow(_votes(Class1_1=0.9, Class6_2=0.9), load_rule("reference"))
    assert "makes" not in following_sentence(found, "elliptical").split("would make")[0]
    said = following_sentence(found, "edge_on_spiral")
    assert "an elliptical" in said
    assert "an edge-on spiral" in said


def test_cards_do_not_overlap_and_lines_reach_their_questions() -> None:
    """Every question has a place of its own; each way begins and ends at its cards."""
    placed = layout()
    cards = list(placed.cards.values())
    assert sorted(placed.cards) == [question.number for question in TREE.questions]
    for one in cards:
        assert 0 < one.x < one.right < placed.width
        assert 0 < one.y < one.bottom < placed.height
        for other in cards:
            apart = (
                one.right < other.x
                or other.right < one.x
                or one.bottom < other.y
                or other.bottom < one.y
            )
            assert one is other or apart
    for answer in TREE.answers:
        if answer.leads_to is None:
            continue
        corners = route(placed, answer.key, answer.leads_to)
        end = placed.cards[answer.leads_to]
        x, y = corners[-1]
        assert end.x <= x <= end.x + CARD_WIDTH
        assert end.y <= y <= end.bottom
        for (x1, y1), (x2, y2) in pairwise(corners):
            assert x1 == x2 or y1 == y2, "lines run straight down or across"


@pytest.fixture
def galaxy(tmp_path: Path) -> Path:
    """A picture on disk."""
    rng = np.random.default_rng(0)
    path = tmp_path / "galaxy.png"
    Image.fromarray(rng.integers(0, 255, (64, 64, 3)).astype(np.uint8)).save(path)
    return path


def test_explain_draws_the_whole_tree(tmp_path: Path, galaxy: Path) -> None:
    """The drawing holds all questions and answers as text, the class, and two pictures."""
    toy = write_toy(tmp_path / "toy").parent
    drawing = tmp_path / "tree.svg"
    command = ["explain", str(galaxy), "--model", str(toy), "--output", str(drawing)]
    shown = CliRunner().invoke(app, command, catch_exceptions=False)
    assert shown.exit_code == 0, shown.output
    assert "How the class follows" in shown.output
    text = drawing.read_text()
    for answer in TREE.answers:
        assert answer.text in text.replace("&gt;", ">")
    words = " ".join(text.split())
    for question in TREE.questions:
        assert f"{question.number}. {question.text.split()[0]}" in words
    assert text.count("<image") == 2
    again = tmp_path / "again.svg"
    CliRunner().invoke(app, [*command[:-1], str(again)], catch_exceptions=False)
    assert again.read_bytes() == drawing.read_bytes()


def test_explain_as_json_states_conditions(tmp_path: Path, galaxy: Path) -> None:
    """JSON holds the rule's conditions with the fractions held against them."""
    toy = write_toy(tmp_path / "toy").parent
    command = ["explain", str(galaxy), "--model", str(toy), "--json"]
    shown = CliRunner().invoke(app, command, catch_exceptions=False)
    stated = json.loads(shown.stdout)
    conditions = stated["follows"]["classes"]["elliptical"]
    assert [one["column"] for one in conditions] == ["Class1.1", "Class6.2"]
    for one in conditions:
        assert one["met"] == (one["fraction"] >= one["minimum"])


def test_unknown_kinds_of_drawing_are_refused(tmp_path: Path, galaxy: Path) -> None:
    """The refusal names the endings that exist, and nothing is written."""
    shown = CliRunner().invoke(app, ["explain", str(galaxy), "--output", str(tmp_path / "a.jpeg")])
    assert ".svg, .png, .pdf" in str(shown.exception)
    assert list(tmp_path.iterdir()) == [galaxy]
