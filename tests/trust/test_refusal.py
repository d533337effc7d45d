"""Telling strangers from galaxies."""

from __future__ import annotations

import numpy as np
import pytest

from tuningfork.trust.refusal import fit_refusal, least_refused
from tuningfork.trust.strangers import KINDS, strangers


def test_what_lies_far_in_a_direction_that_no_stranger_took_is_strange() -> None:
    """Strangers along one axis teach that distance along the others is strange as well."""
    random = np.random.default_rng(0)
    turn = np.linalg.qr(random.normal(size=(12, 12)))[0]
    galaxies = random.normal(size=(3000, 12)) * np.linspace(0.5, 3, 12) @ turn + 5
    shown = random.normal(size=(400, 12)) * 4 * np.linspace(0.5, 3, 12) @ turn + 5
    fitted = fit_refusal(galaxies[:2000], shown, np.ones(400))
    new = galaxies[2000:]
    threshold = least_refused(fitted.strangeness(new), 0.01)
    far = 5 + 7 * np.linspace(0.5, 3, 12)[:, np.newaxis] * turn
    assert (fitted.strangeness(new) > threshold).mean() == pytest.approx(0.01, abs=0.001)
    assert (fitted.strangeness(far) > threshold).all()


def test_the_threshold_refuses_no_more_than_asked() -> None:
    """Of 200 galaxies 1 % are two; weights make some count for more."""
    values = np.arange(200.0)
    assert (values > least_refused(values, 0.01)).sum() == 2
    weights = np.ones(200)
    weights[-1] = 10.0
    assert (values > least_refused(values, 0.03, weights)).sum() == 0
    assert (values > least_refused(values, 0.0)).sum() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_strangers_are_drawn_alike_from_a_seed_and_differ_among_themselves(kind: str) -> None:
    """Whole pictures of the size asked for, the same each time, no two the same."""
    found = strangers(kind, 4, 64)
    assert found.shape == (4, 64, 64, 3)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, strangers(kind, 4, 64))
    assert len({one.tobytes() for one in found}) == 4
    assert strangers(kind, 1, 64, seed=1)[0].tobytes() != found[0].tobytes()
