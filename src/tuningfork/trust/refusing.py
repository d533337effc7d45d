"""How many strangers and how many good galaxies are refused, by fits that had not seen them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuningfork.trust.material import Material
from tuningfork.trust.refusal import Refusal, fit_refusal, least_refused
from tuningfork.trust.scaling import folds_of

Floats = NDArray[np.float64]

FOLDS = 5


@dataclass(frozen=True)
class Strangers:
    """Embeddings, (pictures, channels), of what is no galaxy."""

    stars: Floats
    """Stars and artefacts of the survey; many stand beside a real galaxy."""
    drawn: Mapping[str, Floats]
    """By kind."""
    others: Mapping[str, Floats] = field(default_factory=dict)
    """Never learned from, only refused: the user's own test."""

    def weights(self, groups: Sequence[Floats]) -> Floats:
        """Weigh strangers so that stars, the last group, count as much as all kinds drawn."""
        kinds = max(len(groups) - 1, 1)
        shares = [1 / kinds] * (len(groups) - 1) + [1.0]
        parts = [
            np.full(len(one), share / len(one)) for one, share in zip(groups, shares, strict=True)
        ]
        return np.concatenate(parts)


@dataclass(frozen=True)
class Galaxies:
    """Embeddings, (pictures, channels), of good galaxies, and which set each is of."""

    held_out: Floats
    source: NDArray[np.intp]
    learned: Floats
    """Whole frames that the network learned from: they help to fit, and are never counted."""
    learned_source: NDArray[np.intp]

    def fitting(self, rows: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Give what a fit sees with only these held-out rows, and weights.

        Every set counts the same, its held-out part and what was learned apart: else the
        thumbnails of clear cases, which are most, would say what a galaxy looks like.
        """
        shares = [_alike(self.source[rows]), _alike(self.learned_source)]
        return np.concatenate([self.held_out[rows], self.learned]), np.concatenate(shares)


def good_galaxies(material: Material) -> Galaxies:
    """The good galaxies of what was gathered."""
    good = material.good
    learned = material.learned
    return Galaxies(
        material.seen.embedding[good], material.source[good], learned, material.learned_source
    )


def _alike(source: NDArray[np.intp]) -> Floats:
    """Weights with which all sets count the same."""
    return np.asarray(1 / np.bincount(source)[source])


@dataclass(frozen=True)
class OutOfFold:
    """Strangeness, each by a fit that had not seen the picture nor, save in ``met``, its kind."""

    galaxies: Floats
    stars: Floats
    drawn: Mapping[str, Floats]
    met: Mapping[str, Floats]
    """Of what is drawn, by a fit that had seen others of its kind."""
    others: Mapping[str, Floats]


def cross_refused(galaxies: Galaxies, unlike: Strangers) -> OutOfFold:
    """Fit without each fifth of galaxies and stars, and without each kind that is drawn."""
    held_out = galaxies.held_out
    part, star_part = folds_of(len(held_out), FOLDS), folds_of(len(unlike.stars), FOLDS, seed=1)
    of_galaxies, of_stars = np.zeros(len(held_out)), np.zeros(len(unlike.stars))
    kinds = list(unlike.drawn.values())
    for number in range(FOLDS):
        groups = [*kinds, unlike.stars[star_part != number]]
        fitted = fitted_refusal(galaxies, unlike, groups, part != number)
        of_galaxies[part == number] = fitted.strangeness(held_out[part == number])
        of_stars[star_part == number] = fitted.strangeness(unlike.stars[star_part == number])
    of_kinds = {}
    for kind, embedding in unlike.drawn.items():
        groups = [one for name, one in unlike.drawn.items() if name != kind]
        fitted = fitted_refusal(galaxies, unlike, [*groups, unlike.stars])
        of_kinds[kind] = fitted.strangeness(embedding)
    met = _met(galaxies, unlike)
    whole = fitted_refusal(galaxies, unlike, [*kinds, unlike.stars])
    others = {name: whole.strangeness(embedding) for name, embedding in unlike.others.items()}
    return OutOfFold(of_galaxies, of_stars, of_kinds, met, others)


def _met(galaxies: Galaxies, unlike: Strangers) -> dict[str, Floats]:
    """Fit without each fifth of every kind."""
    parts = {name: folds_of(len(one), FOLDS, seed=2) for name, one in unlike.drawn.items()}
    found = {name: np.zeros(len(one)) for name, one in unlike.drawn.items()}
    for number in range(FOLDS):
        groups = [one[parts[name] != number] for name, one in unlike.drawn.items()]
        fitted = fitted_refusal(galaxies, unlike, [*groups, unlike.stars])
        for name, one in unlike.drawn.items():
            own = parts[name] == number
            found[name][own] = fitted.strangeness(one[own])
    return found


def measured_refusals(
    crossed: OutOfFold, material: Material, unlike: Strangers, refused: float
) -> tuple[float, dict[str, Any]]:
    """Give the threshold that refuses ``refused`` of the good galaxies, and what it refuses."""
    threshold = least_refused(crossed.galaxies, refused)
    source = material.source[material.good]

    def above(strangeness: Floats) -> float:
        return float((strangeness > threshold).mean())

    def share(strangeness: Floats) -> dict[str, float | int]:
        return {"refused": above(strangeness), "pictures": len(strangeness)}

    found: dict[str, Any] = {
        "good galaxies": share(crossed.galaxies)
        | {
            name: share(crossed.galaxies[source == place])
            for place, name in enumerate(material.names)
        },
        "stars and artefacts": {"met": above(crossed.stars), "pictures": len(crossed.stars)},
    }
    for kind, own in crossed.drawn.items():
        found[kind] = share(own) | {"met": above(crossed.met[kind])}
    found |= {name: share(own) for name, own in crossed.others.items()}
    return threshold, found


def fitted_refusal(
    galaxies: Galaxies,
    unlike: Strangers,
    groups: Sequence[Floats],
    rows: NDArray[np.bool_] | None = None,
) -> Refusal:
    """Fit on these groups of strangers and on all good galaxies, or these held-out ``rows``."""
    every = np.ones(len(galaxies.held_out), np.bool_)
    embeddings, own = galaxies.fitting(every if rows is None else rows)
    return fit_refusal(embeddings, np.concatenate(groups), unlike.weights(groups), own)
