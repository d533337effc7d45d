"""One galaxy seen several ways: the sky has no up, so every turn of a picture is as good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tuningfork.model.session import Answers, Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUNTS = (1, 8)
"""How many views an answer may be the mean of: the picture alone, or all symmetries of a square."""


def answer_views(model: Model, pixels: NDArray[np.uint8], views: int) -> Answers:
    """Average a network's answers over views of the same pictures.

    ``pixels`` is uint8 of shape (n, side, side, 3); ``views`` is 1, or 8 for the four quarter
    turns of the picture and of its mirror image. Means of fractions keep the tree's sums, which
    are linear. Raises ValueError for another number.
    """
    if views not in COUNTS:
        raise ValueError(f"{views} views; choose one of {COUNTS}")
    if views == 1:
        return model.answer(pixels)
    answers = [
        model.answer(np.rot90(mirrored, turns, axes=(1, 2)))
        for mirrored in (pixels, pixels[:, :, ::-1])
        for turns in range(4)
    ]
    strange = [one.strangeness for one in answers if one.strangeness is not None]
    return Answers(
        np.mean([one.probabilities for one in answers], axis=0),
        np.mean([one.fractions for one in answers], axis=0),
        strangeness=np.mean(strange, axis=0) if strange else None,
    )
