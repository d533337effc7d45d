"""The volunteers' questions and answers, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.votes.made import COLUMNS, votes
from tuningfork.evaluate.questions import answer_scores, question_scores, relevant


def galaxy(**fractions: float) -> np.ndarray:
    """Votes with these fractions, ``c1_1=0.9`` for Class1.1, and 0 elsewhere."""
    row = np.zeros(37)
    for name, share in fractions.items():
        row[COLUMNS.index("Class" + name[1:].replace("_", "."))] = share
    return row


SMOOTH = galaxy(c1_1=0.9, c1_2=0.1, c2_2=0.1, c3_2=0.1, c4_2=0.1, c5_2=0.1, c6_2=1, c7_1=0.9)
DISK = galaxy(c1_1=0.3, c1_2=0.7, c2_2=0.7, c3_1=0.28, c3_2=0.42, c4_1=0.7, c5_2=0.7, c6_2=1)


def test_errors_are_those_of_the_column() -> None:
    """RMSE, bias and bins of one answer, its unknown votes left out."""
    voted = np.stack([SMOOTH, DISK, DISK])
    voted[2, 0] = np.nan
    predicted = voted.copy()
    predicted[:, 0] = (0.7, 0.35, 0.9)
    found = answer_scores(predicted, voted)[0]
    assert (found.column, found.text, found.count) == ("Class1.1", "smooth", 2)
    assert found.rmse == pytest.approx(np.sqrt((0.2**2 + 0.05**2) / 2))
    assert found.bias == pytest.approx((-0.2 + 0.05) / 2)
    assert found.calibration_error == pytest.approx((0.2 + 0.05) / 2)
    assert [one.predicted for one in found.bins] == pytest.approx([0.35, 0.7])
    assert [one.voted for one in found.bins] == pytest.approx([0.3, 0.9])
    assert [one.count for one in found.bins] == [1, 1]


def test_errors_where_volunteers_agree_are_told_apart() -> None:
    """0.9 of the volunteers agree on the smooth galaxy, 0.7 not on the disk; of neither on bars."""
    voted = np.stack([SMOOTH, DISK])
    predicted = voted.copy()
    predicted[:, 0] = (0.7, 0.35)
    scores = answer_scores(predicted, voted)
    smooth, bar = scores[0].agreed, scores[COLUMNS.index("Class3.1")].agreed
    assert smooth is not None
    assert bar is not None
    assert (smooth.count, smooth.rmse, smooth.bias) == pytest.approx((1, 0.2, -0.2))
    assert (bar.count, bar.rmse) == (0, None)


def test_errors_in_one_bin_cancel_in_calibration_but_not_in_rmse() -> None:
    """Right on the mean is calibrated, though each is off."""
    voted, predicted = np.stack([SMOOTH, SMOOTH]), np.stack([SMOOTH, SMOOTH])
    predicted[:, 0] = (0.92, 0.96)
    voted[:, 0] = (0.96, 0.92)
    found = answer_scores(predicted, voted)[0]
    assert found.calibration_error == pytest.approx(0)
    assert found.rmse == pytest.approx(0.04)


def test_a_question_counts_where_half_the_volunteers_came_to_it() -> None:
    """The bar is asked of the disk (0.7 came to it), not of the smooth galaxy (0.1)."""
    asked = relevant(np.stack([SMOOTH, DISK]))
    assert asked[0].tolist() == [True] + 4 * [False] + [True, True] + 4 * [False]
    assert asked[1, [0, 1, 2, 3, 4, 5]].all()
    assert not asked[1, 6]


def test_accuracy_on_all_and_where_volunteers_agree() -> None:
    """Arms: 0.7 of 0.7 agree. Bar: 0.6 against 0.4 do not. The machine errs about the bar."""
    voted = np.stack([SMOOTH, DISK])
    predicted = voted.copy()
    predicted[1] = galaxy(c1_1=0.2, c1_2=0.8, c2_2=0.8, c3_1=0.5, c3_2=0.3, c4_1=0.8, c6_2=1)
    found = {one.number: one for one in question_scores(predicted, voted)}
    assert (found[1].all.count, found[1].all.accuracy, found[1].agreed.count) == (2, 1, 1)
    assert (found[3].all.count, found[3].all.accuracy, found[3].agreed.count) == (1, 0, 0)
    assert (found[4].agreed.count, found[4].agreed.accuracy) == (1, 1)
    assert found[9].all.accuracy is None
    assert found[1].all.most_common == 0.5


def test_true_votes_are_faultless_whatever_the_tree() -> None:
    """Predicting the votes themselves gives no error and every answer right."""
    voted = votes(300, seed=3)
    for one in answer_scores(voted, voted):
        assert one.rmse == 0
    for question in question_scores(voted, voted):
        assert question.all.accuracy in {1, None}
        assert question.agreed.count <= question.all.count


def test_a_question_with_unknown_votes_is_left_out() -> None:
    """NaN means that nobody knows, so nothing is counted right or wrong."""
    voted = np.stack([DISK, DISK])
    voted[0, COLUMNS.index("Class3.1")] = np.nan
    assert relevant(voted)[:, 2].tolist() == [False, True]
