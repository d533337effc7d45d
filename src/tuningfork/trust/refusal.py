"""Telling pictures without a galaxy from galaxies, by what the network's last features say.

The embedding is centred, turned to its principal axes and brought to the galaxies' spread (so that
its square length is Mahalanobis's distance); each axis and its square are then weighed by a
logistic regression that has seen galaxies, and as strangers both stars and artefacts of the survey
and drawn pictures of other things (outlier exposure, Hendrycks et al. 2019). The square terms let
what lies far from every galaxy in any direction be strange, although no such stranger was shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AXES = 192
"""Principal axes that are kept at most."""
LIMIT = 12.0
"""Standard deviations at which an axis is cut off, so that none outweighs all others."""
PENALTY = 0.001
"""scikit-learn's C: the smaller, the smoother."""


@dataclass(frozen=True)
class Refusal:
    """Numbers of one fit; channels are those of the embedding."""

    mean: Floats
    """(channels,)"""
    whitening: Floats
    """(channels, axes)"""
    linear: Floats
    """(axes,)"""
    quadratic: Floats
    """(axes,)"""
    bias: float
    limit: float = LIMIT

    def strangeness(self, embedding: Floats) -> Floats:
        """The logit that a picture shows no galaxy, shape (n,); embedding is (n, channels)."""
        clipped = self._axes(embedding)
        strange = clipped @ self.linear + np.square(clipped) @ self.quadratic + self.bias
        return np.asarray(strange)

    def _axes(self, embedding: Floats) -> Floats:
        return np.asarray(
            np.clip((embedding - self.mean) @ self.whitening, -self.limit, self.limit)
        )


def fit_refusal(
    galaxies: Floats, strangers: Floats, weights: Floats, own: Floats | None = None
) -> Refusal:
    """Fit on embeddings of galaxies (n, channels) and strangers (m, channels).

    ``weights`` (m,) are the strangers', ``own`` (n,) the galaxies', by default equal. Strangers
    count as much as galaxies altogether.
    """
    from sklearn.linear_model import LogisticRegression

    own = np.ones(len(galaxies)) if own is None else own * len(galaxies) / own.sum()
    mean = np.average(galaxies, axis=0, weights=own)
    variances, axes = np.linalg.eigh(np.cov(galaxies, rowvar=False, aweights=own))
    order = np.argsort(-variances)[:AXES]
    kept = order[variances[order] > 1e-6 * variances.max()]
    whitening = axes[:, kept] / np.sqrt(variances[kept])
    plain = Refusal(mean, whitening, np.zeros(len(kept)), np.zeros(len(kept)), 0.0)
    clipped = plain._axes(np.concatenate([galaxies, strangers]))
    features = np.concatenate([clipped, np.square(clipped)], axis=1)
    strange = np.repeat([0, 1], [len(galaxies), len(strangers)])
    shares = np.concatenate([own, weights * len(galaxies) / weights.sum()])
    regression = LogisticRegression(C=PENALTY, solver="newton-cholesky")
    regression.fit(features, strange, sample_weight=shares)
    weighed = regression.coef_[0]
    linear, quadratic = weighed[: len(kept)], weighed[len(kept) :]
    return Refusal(mean, whitening, linear, quadratic, float(regression.intercept_[0]))


def least_refused(strangeness: Floats, share: float, weights: Floats | None = None) -> float:
    """Give the threshold that refuses no more than ``share`` of these galaxies, weighted (n,)."""
    own = np.ones(len(strangeness)) if weights is None else weights
    order = np.argsort(strangeness)
    reached = own[order].cumsum() / own.sum()
    place = int(np.searchsorted(reached, 1 - share - 1e-12))
    return float(strangeness[order[min(place, len(order) - 1)]])
