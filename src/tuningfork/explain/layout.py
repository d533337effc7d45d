"""Where the cards of the decision tree stand in its drawing, and how lines run between them.

Lengths are in inches, x from the left and y from the top.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from tuningfork.votes.tree import TREE, Key

CARD_WIDTH = 2.75
LEFT = 3.25
"""Where the tree begins; the pictures stand before it."""
GUTTER = 0.5
GAP = 0.36
ROW = 0.2
LINE = 0.165
PADDING = 0.09
TOP = 0.35
CHARACTERS = 37
"""Of a question on one line of its card."""

COLUMNS = ((1, 7), (2, 9), (3, 4, 10), (11, 5))
"""Questions of each column, from the top."""
LOWER = (6, 8)
"""Questions below them, where all ways meet."""


@dataclass(frozen=True)
class Card:
    """One question's place."""

    number: int
    x: float
    y: float
    lines: tuple[str, ...]
    """The question, wrapped."""

    @property
    def height(self) -> float:
        """Of question, answers and margins."""
        answers = len(TREE.question(self.number).answers)
        return 2 * PADDING + LINE * (len(self.lines) + 1) + ROW * answers

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def right(self) -> float:
        return self.x + CARD_WIDTH

    @property
    def middle(self) -> float:
        return self.x + CARD_WIDTH / 2

    def answer_y(self, number: int) -> float:
        """Give the middle of an answer's row."""
        return self.y + PADDING + LINE * (len(self.lines) + 1) + ROW * (number - 0.5)


@dataclass(frozen=True)
class Layout:
    """All cards, and the size of what they fill."""

    cards: dict[int, Card]
    channel: float
    """Height at which lines run between the upper cards and the lower."""
    width: float
    height: float


def layout() -> Layout:
    """Place all eleven cards."""
    cards: dict[int, Card] = {}
    for place, numbers in enumerate(COLUMNS):
        y = TOP
        for number in numbers:
            cards[number] = _card(number, place, y)
            y = cards[number].bottom + GAP
    floor = max(one.bottom for one in cards.values())
    for place, number in enumerate(LOWER):
        cards[number] = _card(number, place, floor + 0.6)
    return Layout(
        cards,
        channel=floor + 0.3,
        width=_column(len(COLUMNS)) - GUTTER + 0.3,
        height=max(one.bottom for one in cards.values()) + 0.3,
    )


def route(placed: Layout, key: Key, target: int) -> list[tuple[float, float]]:
    """Give the corners of the line from an answer to the question that it leads to."""
    start, end = placed.cards[key[0]], placed.cards[target]
    if start.x == end.x and target != LOWER[0]:
        return [(start.middle, start.bottom), (end.middle, end.y)]
    if target == LOWER[0]:
        # Each way comes down at a place of its own along the card's upper edge.
        arrival = end.x + CARD_WIDTH * {7: 0.3, 9: 0.6, 5: 0.8}[key[0]]
        if start.x == end.x:
            return [(arrival, start.bottom), (arrival, end.y)]
        return [
            (start.middle, start.bottom),
            (start.middle, placed.channel),
            (arrival, placed.channel),
            (arrival, end.y),
        ]
    y = start.answer_y(key[1])
    turn = start.right + GUTTER * (0.3 if key[0] == 10 else 0.55)
    arrival = end.y + end.height * (0.5 if key[0] == 10 else 0.3)
    return [(start.right, y), (turn, y), (turn, arrival), (end.x, arrival)]


def _card(number: int, column: int, y: float) -> Card:
    question = TREE.question(number)
    lines = textwrap.wrap(f"{number}. {question.text}", CHARACTERS)
    return Card(number, _column(column), y, tuple(lines))


def _column(place: int) -> float:
    return LEFT + place * (CARD_WIDTH + GUTTER)
