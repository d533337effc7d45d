"""The decision tree against Willett et al. 2013 as the facts state it."""

from __future__ import annotations

import dataclasses

import pytest

from tests.votes.made import ANSWERS, COLUMNS, PARENTS
from tuningfork.votes.tree import TREE

ASKED_AFTER = {
    1: set(),
    2: {"Class1.2"},
    3: {"Class2.2"},
    4: {"Class3.1", "Class3.2"},
    5: {"Class4.2", *(f"Class11.{answer}" for answer in range(1, 7))},
    6: {
        *(f"Class5.{answer}" for answer in range(1, 5)),
        *(f"Class7.{answer}" for answer in range(1, 4)),
        *(f"Class9.{answer}" for answer in range(1, 4)),
    },
    7: {"Class1.1"},
    8: {"Class6.1"},
    9: {"Class2.1"},
    10: {"Class4.1"},
    11: {"Class10.1", "Class10.2", "Class10.3"},
}


def test_columns_are_kaggles() -> None:
    """The tree has 11 questions and 37 answers, in the order of Kaggle's columns."""
    assert list(TREE.columns) == COLUMNS
    assert len(TREE.columns) == 37
    assert [len(question.answers) for question in TREE.questions] == list(ANSWERS.values())


@pytest.mark.parametrize("number", range(1, 12))
def test_routing(number: int) -> None:
    """Each question is asked after the answers that the paper's figure leads to it from."""
    found = {answer.column for answer in TREE.answers if answer.leads_to == number}
    assert found == ASKED_AFTER[number]


@pytest.mark.parametrize("number", range(1, 12))
def test_weighted_parent(number: int) -> None:
    """Each question's weighted fractions sum to the column that the facts name."""
    parent = TREE.question(number).weighted_parent
    assert PARENTS[number] == (parent and f"Class{parent[0]}.{parent[1]}")


def test_ends() -> None:
    """Only a star, nothing odd, and the kind of oddity end the walk."""
    ends = {answer.column for answer in TREE.answers if answer.leads_to is None}
    assert ends == {"Class1.3", "Class6.2", *(f"Class8.{answer}" for answer in range(1, 8))}


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("Class1.3", "star or artifact"),
        ("Class3.1", "bar"),
        ("Class7.3", "cigar-shaped"),
        ("Class8.7", "dust lane"),
        ("Class9.2", "boxy"),
        ("Class11.5", "more than 4"),
        ("Class11.6", "can't tell"),
    ],
)
def test_texts(column: str, text: str) -> None:
    """Answers that are easily mixed up bear the volunteers' words."""
    assert TREE.answers[TREE.columns.index(column)].text == text


def test_frozen() -> None:
    """The one source of truth cannot be changed."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        TREE.questions[0].number = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        TREE.answers[0].text = "rough"  # type: ignore[misc]


def test_places_and_spans() -> None:
    """Places and spans point at the columns of their answers and questions."""
    assert TREE.columns[TREE.place((8, 7))] == "Class8.7"
    assert TREE.columns[TREE.span(11)] == tuple(f"Class11.{answer}" for answer in range(1, 7))
