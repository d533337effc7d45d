"""What a card knows of doubt."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from tuningfork.errors import BadModel, BadRule
from tuningfork.model.calibration import (
    NO_GALAXY,
    SURE,
    UNSURE,
    Calibration,
    calibration_from,
    doubts,
    flat,
    parsed_prior,
)

NAMES = ("elliptical", "spiral", "barred_spiral", "edge_on_spiral")
CALIBRATION = Calibration(
    scale=(1.2,) * 4,
    shift=(0.0,) * 4,
    mix=dict(zip(NAMES, (0.5, 0.3, 0.05, 0.15), strict=True)),
    coverages=(0.5, 0.9, 0.99),
    thresholds=dict.fromkeys(NAMES, (0.9, 0.4, 0.1)) | {"barred_spiral": (0.5, 0.2, 0.0)},
    strangeness=2.0,
    refused=0.01,
    fitted_on={"kaggle": 28},
)
PROBABILITIES = np.array([[0.95, 0.03, 0.01, 0.01], [0.3, 0.45, 0.25, 0.0], [0.3, 0.3, 0.2, 0.2]])


def test_sets_hold_what_reaches_its_classes_own_threshold() -> None:
    """At 90 % a bar needs 0.2, others 0.4; at 50 % only the first picture's class reaches any."""
    found = CALIBRATION.inside(PROBABILITIES, 0.9)
    np.testing.assert_array_equal(found[0], [True, False, False, False])
    np.testing.assert_array_equal(found[1], [False, True, True, False])
    np.testing.assert_array_equal(found[2], [False, False, True, False])
    assert CALIBRATION.inside(PROBABILITIES, 0.5).sum(axis=1).tolist() == [1, 0, 0]


def test_between_two_coverages_the_threshold_lies_between() -> None:
    """Halfway from 90 % to 99 % it is 0.25; beyond the last, every class is held."""
    near = np.array([[0.74, 0.26, 0.0, 0.0], [0.76, 0.24, 0.0, 0.0]])
    assert CALIBRATION.inside(near, 0.945)[:, 1].tolist() == [True, False]
    assert CALIBRATION.inside(near, 0.995).all()


@pytest.mark.parametrize("coverage", [0.0, 1.0, -1.0, 95.0, float("nan")])
def test_impossible_coverages_are_refused(coverage: float) -> None:
    """A share above 0 and below 1, nothing else."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        CALIBRATION.inside(PROBABILITIES, coverage)


def test_sets_grow_with_the_coverage() -> None:
    """What a smaller set holds, a larger holds too."""
    random = np.random.default_rng(0).dirichlet((0.3,) * 4, 500)
    before = np.zeros((500, 4), bool)
    for coverage in (0.3, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999):
        found = CALIBRATION.inside(random, coverage)
        assert (found | ~before).all()
        before = found


def test_a_prior_moves_probabilities_as_bayes_does() -> None:
    """Against a posterior worked out from likelihoods and the new mix; the old mix moves none."""
    random = np.random.default_rng(0)
    likelihood = random.random((50, 4))
    mix = np.array(list(CALIBRATION.mix.values()))
    new = np.array([0.1, 0.2, 0.4, 0.3])

    def posterior(shares: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        joint = likelihood * shares
        return np.asarray(joint / joint.sum(axis=1, keepdims=True))

    found = CALIBRATION.reweighed(posterior(mix), dict(zip(NAMES, new.tolist(), strict=True)))
    np.testing.assert_allclose(found, posterior(new))
    same = CALIBRATION.reweighed(posterior(mix), CALIBRATION.mix)
    np.testing.assert_allclose(same, posterior(mix))
    with pytest.raises(ValueError, match="prior"):
        CALIBRATION.reweighed(posterior(mix), {"elliptical": 1.0})


def test_no_answer_that_is_rather_wrong_is_sure() -> None:
    """Left alone in its set with 0.45 it is unsure, and sure under a prior that makes it 0.7."""
    answers = np.array([[0.25, 0.45, 0.1, 0.2]])
    (one,) = doubts(CALIBRATION, answers, np.zeros(1), 0.9)
    assert (one.possible, one.verdict) == (("spiral",), UNSURE)
    likely = np.array([[0.1, 0.7, 0.1, 0.1]])
    (one,) = doubts(CALIBRATION, answers, np.zeros(1), 0.9, weighed=likely)
    assert (one.possible, one.verdict) == (("spiral",), SURE)


def test_verdicts() -> None:
    """The answer alone is sure; several, none, or another are not; the strange is no galaxy."""
    found = doubts(CALIBRATION, PROBABILITIES, np.array([0.0, 2.0, 2.1]), 0.9)
    assert [one.verdict for one in found] == [SURE, UNSURE, NO_GALAXY]
    assert doubts(CALIBRATION, PROBABILITIES, np.zeros(3), 0.5)[1].verdict == UNSURE
    other = doubts(CALIBRATION, PROBABILITIES, np.zeros(3), 0.9)[2]
    assert (other.possible, other.verdict) == (("barred_spiral",), UNSURE)
    assert [one.possible for one in found] == [
        ("elliptical",),
        ("spiral", "barred_spiral"),
        (),
    ]


def test_a_prior_orders_a_set_and_does_not_change_it() -> None:
    """Coverage holds in every mix, so the set stays; the most probable class stands first."""
    found = doubts(CALIBRATION, PROBABILITIES, np.zeros(3), 0.9, PROBABILITIES[:, [0, 2, 1, 3]])
    assert found[1].possible == ("barred_spiral", "spiral")


def test_flat_crops_show_nothing() -> None:
    """One colour, whatever it is, or nearly; noise of the sky is not, nor is a single star."""
    pixels = np.zeros((4, 16, 16, 3), np.uint8)
    pixels[1] = (200, 10, 30)
    pixels[1, 0, 0] = (203, 10, 30)
    pixels[2] = np.random.default_rng(0).integers(0, 12, (16, 16, 3))
    pixels[3, 5, 11, 2] = 6
    assert flat(pixels).tolist() == [True, True, False, False]


def test_a_calibration_comes_back_from_json_as_it_was() -> None:
    """Through the form in which the card holds it."""
    assert calibration_from(json.loads(json.dumps(asdict(CALIBRATION)))) == CALIBRATION


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scale", (1.0, 1.0, 0.0, 1.0)), ("shift", (0.0,)), ("mix", dict.fromkeys(NAMES, 0.5)),
        ("coverages", (0.9, 0.5, 0.99)), ("coverages", ()), ("refused", 1.5),
        ("thresholds", {"elliptical": (0.9, 0.4, 0.1)}),
        ("thresholds", dict.fromkeys(NAMES, (0.1, 0.4, 0.9))),
    ],
)  # fmt: skip
def test_an_unsound_field_is_named(name: str, value: object) -> None:
    """Numbers that cannot be a calibration's are refused with the field's name."""
    with pytest.raises(BadModel, match=name):
        replace(CALIBRATION, **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [3, {"scale": 1}, {"colour": "blue"}, {"scale": ["a"]}])
def test_what_is_no_calibration_is_refused(values: object) -> None:
    """JSON of another form."""
    with pytest.raises(BadModel, match="calibration"):
        calibration_from(values)


def test_a_prior_is_read_from_text() -> None:
    """Counts do as well as shares, in any order, with spaces."""
    text = "spiral=30, elliptical=50,barred_spiral=5 , edge_on_spiral=15"
    assert parsed_prior(text, NAMES) == pytest.approx(CALIBRATION.mix)


@pytest.mark.parametrize(
    "text",
    [
        "", "elliptical", "elliptical=1", "elliptical=1,spiral=1,barred_spiral=1,edge_on_spiral=x",
        "elliptical=1,spiral=1,barred_spiral=1,edge_on_spiral=-1", "irregular=1",
        "elliptical=1,elliptical=1,spiral=1,barred_spiral=1,edge_on_spiral=1",
        "elliptical=0,spiral=0,barred_spiral=0,edge_on_spiral=0",
        "elliptical=nan,spiral=1,barred_spiral=1,edge_on_spiral=1",
        "elliptical=inf,spiral=1,barred_spiral=1,edge_on_spiral=1",
    ],
)  # fmt: skip
def test_a_prior_that_is_none_is_refused(text: str) -> None:
    """Each with one sentence that says what is wanted."""
    with pytest.raises(BadRule, match="prior"):
        parsed_prior(text, NAMES)
