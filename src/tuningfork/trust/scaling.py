"""Scaling logits so that probabilities mean what they say (Guo et al. 2017).

A galaxy teaches by what is known of it: the negative log of the summed probability of its
possible classes, which is the usual -ln p where only one is possible. Galaxies of which the class
is only narrowed down so still count, and ``weights`` give the classes their true shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

KINDS = ("none", "temperature", "temperature and shift")
"""Ways of scaling, the simplest first: 0, 1 and 1 + classes - 1 numbers to fit."""
SHIFT_SPREAD = 0.3
"""How far shifts are expected to lie from 0, in nats: few galaxies shall not move them far."""
BEST_BY = 0.003
"""In nats a galaxy: shifts must be better by this, cross-fitted, to be taken. A temperature, one
number from a thousand galaxies, is taken wherever it is better."""


@dataclass(frozen=True)
class Scaling:
    """What is done to logits: multiplied, then shifted; shapes (classes,)."""

    scale: Floats
    shift: Floats

    def apply(self, logits: Floats) -> Floats:
        """Give log-probabilities (n, classes) of logits (n, classes)."""
        scaled = logits * self.scale + self.shift
        return np.asarray(scaled - logsumexp(scaled, axis=1, keepdims=True))

    @property
    def temperature(self) -> float:
        """What logits are divided by, where it is one number for all classes."""
        return float(1 / self.scale.mean())


def set_loss(log_probabilities: Floats, possible: Bools) -> Floats:
    """Give -ln of the possible classes' summed probability, shape (n,), in nats."""
    return np.asarray(-logsumexp(np.where(possible, log_probabilities, -np.inf), axis=1))


def fit_scaling(kind: str, logits: Floats, possible: Bools, weights: Floats) -> Scaling:
    """Fit a way of scaling of KINDS; all arrays have n rows, ``weights`` sum to n.

    Raises ValueError for another kind.
    """
    classes = logits.shape[1]
    if kind not in KINDS:
        raise ValueError(f"no scaling is called '{kind}'; choose one of {KINDS}")
    if kind == "none":
        return Scaling(np.ones(classes), np.zeros(classes))
    shifted = kind == "temperature and shift"

    def built(numbers: Floats) -> Scaling:
        # Shifts are told from one another only, so they sum to 0.
        shift = numbers[1:] - numbers[1:].mean() if shifted else np.zeros(classes)
        return Scaling(np.full(classes, np.exp(numbers[0])), shift)

    def loss(numbers: Floats) -> float:
        own = built(numbers)
        spread = 0.5 * float(np.square(own.shift / SHIFT_SPREAD).sum())
        return float(weights @ set_loss(own.apply(logits), possible)) + spread

    found = minimize(loss, np.zeros(1 + classes * shifted), method="L-BFGS-B")
    return built(found.x)


def folds_of(count: int, folds: int, seed: int = 0) -> NDArray[np.intp]:
    """Give each of ``count`` rows one of ``folds`` parts of near-equal size, by chance."""
    return np.random.default_rng(seed).permutation(count) % folds


def cross_fitted(
    kind: str, logits: Floats, possible: Bools, weights: Floats, *, folds: int = 10
) -> Floats:
    """Give log-probabilities (n, classes), each by a fit that had not seen its galaxy."""
    part = folds_of(len(logits), folds)
    result = np.empty_like(logits)
    for number in range(folds):
        own = part == number
        fitted = fit_scaling(kind, logits[~own], possible[~own], weights[~own])
        result[own] = fitted.apply(logits[own])
    return result


def choose_scaling(
    logits: Floats, possible: Bools, weights: Floats
) -> tuple[str, Scaling, dict[str, float]]:
    """Choose the way of scaling of least cross-fitted loss, the simpler one where it is close.

    Returns its name, the fit on all galaxies, and the cross-fitted loss of every way.
    """
    losses = {
        kind: float(
            weights
            @ set_loss(cross_fitted(kind, logits, possible, weights), possible)
            / weights.sum()
        )
        for kind in KINDS
    }
    chosen = "temperature" if losses["temperature"] < losses["none"] else "none"
    if losses["temperature and shift"] < losses[chosen] - BEST_BY:
        chosen = "temperature and shift"
    return chosen, fit_scaling(chosen, logits, possible, weights), losses
