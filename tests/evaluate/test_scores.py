"""The measures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import f1_score

from tuningfork.evaluate.scores import (
    LEAST_PROBABILITY,
    ClassScore,
    log_loss,
    root_mean_square,
    score,
)

CLASSES = ("elliptical", "spiral", "barred_spiral", "edge_on_spiral")
REFERENCE = np.array([[759, 46, 3, 7], [22, 373, 23, 3], [2, 25, 67, 1], [3, 0, 3, 180]])
"""The reference's confusion matrix on its own 1,517, in the order of CLASSES."""


def listed(
    confusion: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
) -> tuple[
    np.ndarray[tuple[int, ...], np.dtype[np.intp]], np.ndarray[tuple[int, ...], np.dtype[np.intp]]
]:
    """Spell a confusion matrix out into truths and answers."""
    truth, answer = np.indices(confusion.shape).reshape(2, -1)
    return np.repeat(truth, confusion.ravel()), np.repeat(answer, confusion.ravel())


def test_the_references_figures_follow_from_its_confusion_matrix() -> None:
    """Accuracy 0.90903 and F1 0.70 for bars are what the reference reports of itself."""
    found = score(*listed(REFERENCE), CLASSES)
    assert found.accuracy == pytest.approx(0.90903, abs=5e-6)
    assert found.per_class["barred_spiral"].f1 == pytest.approx(2 * 67 / (95 + 96))
    assert found.per_class["barred_spiral"].recall == pytest.approx(67 / 95)
    assert found.per_class["elliptical"].precision == pytest.approx(759 / 786)
    assert [one.support for one in found.per_class.values()] == [815, 421, 95, 186]
    np.testing.assert_array_equal(found.confusion, REFERENCE)
    assert found.macro_f1 == pytest.approx(np.mean([one.f1 for one in found.per_class.values()]))
    assert found.count == 1517
    assert found.loss is None


def test_the_interval_is_wilsons() -> None:
    """81 of 263 gives 0.2553 to 0.3662 (Newcombe 1998, Statist. Med. 17, 857, Table I)."""
    truth = np.zeros(263, np.intp)
    answer = np.array([0] * 81 + [1] * 182)
    assert score(truth, answer, CLASSES).accuracy_interval == pytest.approx(
        (0.2553, 0.3662), abs=5e-5
    )


def test_all_right_is_1_and_all_wrong_is_0() -> None:
    """The extremes are reached, with intervals inside 0 and 1."""
    truth = np.array([0, 1, 2, 3])
    right, wrong = score(truth, truth, CLASSES), score(truth, (truth + 1) % 4, CLASSES)
    assert (right.accuracy, right.macro_f1) == (1, 1)
    assert (wrong.accuracy, wrong.macro_f1) == (0, 0)
    assert right.accuracy_interval[1] == pytest.approx(1)
    assert wrong.accuracy_interval[0] == pytest.approx(0)


def test_a_class_that_does_not_occur_counts_for_nothing() -> None:
    """Macro-F1 is the mean over the classes that occur; of an absent one nothing is said."""
    found = score(np.array([0, 0, 1]), np.array([0, 0, 1]), CLASSES)
    assert found.macro_f1 == 1
    assert found.per_class["barred_spiral"] == ClassScore(None, None, None, 0)


def test_only_what_a_class_has_galaxies_or_answers_for_is_measured() -> None:
    """Answered without a galaxy: no recall, no F1. Never answered: no precision, F1 of 0."""
    truth, answer = np.array([0, 0, 1]), np.array([0, 2, 0])
    found = score(truth, answer, CLASSES)
    assert found.per_class["barred_spiral"] == ClassScore(0, None, None, 0)
    assert found.per_class["spiral"] == ClassScore(None, 0, 0, 1)
    assert found.macro_f1 == pytest.approx(f1_score(truth, answer, average="macro"))


def test_loss_is_the_mean_negative_logarithm_of_the_truths_probability() -> None:
    """Worked by hand; a probability of 0 costs as much as the least one, not infinity."""
    probabilities = np.array([[0.5, 0.5], [0.2, 0.8], [1.0, 0.0]])
    found = log_loss(np.array([0, 1, 1]), probabilities)
    expected = -(math.log(0.5) + math.log(0.8) + math.log(LEAST_PROBABILITY)) / 3
    assert found == pytest.approx(expected)


def test_the_challenges_score_leaves_out_unknown_votes() -> None:
    """An error of 0.3 in one of the two known fractions is the root of 0.045."""
    votes = np.array([[0.5, np.nan], [np.nan, 0.4]])
    predicted = np.array([[0.5, 0.9], [0.1, 0.7]])
    assert root_mean_square(predicted, votes) == pytest.approx(math.sqrt(0.09 / 2))
    assert root_mean_square(predicted, np.full((2, 2), np.nan)) is None
