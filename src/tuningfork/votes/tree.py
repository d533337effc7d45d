"""The Galaxy Zoo 2 decision tree: 11 questions, 37 answers and how one leads to the next.

Source: Willett et al. 2013 (MNRAS 435, 2835), Figure 1 and Table 2. Everything that needs a
column, a name or a parent asks :data:`TREE`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

Key = tuple[int, int]
"""An answer's place in the tree: (question number, answer number), both from 1."""


@dataclass(frozen=True)
class Answer:
    """One of the 37 answers."""

    question: int
    number: int
    text: str
    leads_to: int | None
    """The number of the question asked next; None where the walk ends."""

    @property
    def key(self) -> Key:
        return (self.question, self.number)

    @property
    def column(self) -> str:
        """The answer's column in Kaggle's table, ``Class1.1`` to ``Class11.6``."""
        return f"Class{self.question}.{self.number}"


@dataclass(frozen=True)
class Question:
    """One of the 11 questions, its answers in order, and the answers after which it is asked."""

    number: int
    text: str
    answers: tuple[Answer, ...]
    weighted_parent: Key | None
    """The answer whose weighted fraction this question's answers sum to; None: they sum to 1.

    Question 6 sums to 1 in Kaggle's published file although 1.3 never leads to it.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(answer.column for answer in self.answers)


@dataclass(frozen=True)
class Tree:
    """All questions in order of their numbers."""

    questions: tuple[Question, ...]

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """The 37 answers in the order of Kaggle's columns."""
        return tuple(answer for question in self.questions for answer in question.answers)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """``Class1.1`` … ``Class11.6``, in the order of Kaggle's table."""
        return tuple(answer.column for answer in self.answers)

    @cached_property
    def _places(self) -> dict[Key, int]:
        return {answer.key: place for place, answer in enumerate(self.answers)}

    def question(self, number: int) -> Question:
        """The question with this number, 1 to 11."""
        return self.questions[number - 1]

    def place(self, key: Key) -> int:
        """The answer's place among the 37 columns, from 0."""
        return self._places[key]

    def span(self, number: int) -> slice:
        """The columns of one question's answers."""
        first = self.place((number, 1))
        return slice(first, first + len(self.question(number).answers))


def _question(
    number: int, text: str, weighted_parent: Key | None, *answers: tuple[str, int | None]
) -> Question:
    return Question(
        number,
        text,
        tuple(
            Answer(number, place, words, leads_to)
            for place, (words, leads_to) in enumerate(answers, start=1)
        ),
        weighted_parent,
    )


TREE = Tree(
    (
        _question(
            1,
            "Is the galaxy simply smooth and rounded, with no sign of a disk?",
            None,
            ("smooth", 7),
            ("features or disk", 2),
            ("star or artifact", None),
        ),
        _question(2, "Could this be a disk viewed edge-on?", (1, 2), ("yes", 9), ("no", 3)),
        _question(
            3,
            "Is there a sign of a bar feature through the centre of the galaxy?",
            (2, 2),
            ("bar", 4),
            ("no bar", 4),
        ),
        _question(
            4,
            "Is there any sign of a spiral arm pattern?",
            (2, 2),
            ("spiral", 10),
            ("no spiral", 5),
        ),
        _question(
            5,
            "How prominent is the central bulge, compared with the rest of the galaxy?",
            (2, 2),
            ("no bulge", 6),
            ("just noticeable", 6),
            ("obvious", 6),
            ("dominant", 6),
        ),
        _question(6, "Is there anything odd?", None, ("yes", 8), ("no", None)),
        _question(
            7,
            "How rounded is it?",
            (1, 1),
            ("completely round", 6),
            ("in between", 6),
            ("cigar-shaped", 6),
        ),
        _question(
            8,
            "Is the odd feature a ring, or is the galaxy disturbed or irregular?",
            (6, 1),
            ("ring", None),
            ("lens or arc", None),
            ("disturbed", None),
            ("irregular", None),
            ("other", None),
            ("merger", None),
            ("dust lane", None),
        ),
        _question(
            9,
            "Does the galaxy have a bulge at its centre? If so, what shape?",
            (2, 1),
            ("rounded", 6),
            ("boxy", 6),
            ("no bulge", 6),
        ),
        _question(
            10,
            "How tightly wound do the spiral arms appear?",
            (4, 1),
            ("tight", 11),
            ("medium", 11),
            ("loose", 11),
        ),
        _question(
            11,
            "How many spiral arms are there?",
            (4, 1),
            ("1", 5),
            ("2", 5),
            ("3", 5),
            ("4", 5),
            ("more than 4", 5),
            ("can't tell", 5),
        ),
    )
)
