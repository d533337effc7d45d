"""Fitting everything that a card says of doubt, and writing it into card and graph.

The temperature is fitted on galaxies that are clear cases of their class, thresholds on all, each
weighted to the true mix (:mod:`tuningfork.trust.material`), or on those with votes alone where
networks of a cross-validation answer for the ones that this network learned from
(:mod:`tuningfork.trust.crossing`); "no galaxy here" on every held-out galaxy, stars and artefacts,
and drawn pictures. All figures that are kept were reached on galaxies and kinds that their own fit
had not seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuningfork.files import replacing
from tuningfork.model.calibration import MEASURED_AT, Calibration
from tuningfork.model.card import write_card
from tuningfork.model.session import Model, graph_path
from tuningfork.trust.answers import see_pixels
from tuningfork.trust.conformal import COVERAGES, all_thresholds, membership
from tuningfork.trust.crossing import Crossed
from tuningfork.trust.graph import doubting_graph, plain_graph
from tuningfork.trust.material import Material, weighed
from tuningfork.trust.refusing import (
    Strangers,
    cross_refused,
    fitted_refusal,
    good_galaxies,
    measured_refusals,
)
from tuningfork.trust.scaling import choose_scaling, cross_fitted, fit_scaling, folds_of, set_loss
from tuningfork.trust.strangers import KINDS, strangers

Floats = NDArray[np.float64]

FOLDS = 10
DRAWN = 60
"""Pictures drawn of each kind of stranger."""
DRAWN_PIXELS = 212


@dataclass(frozen=True)
class Fitted:
    """A calibration and the graph that carries it."""

    calibration: Calibration
    graph: bytes


def plain_model(name_or_path: str | Path | None, model: Model) -> tuple[Model, bytes]:
    """Give the network as it was before any calibration, and its graph.

    ``name_or_path`` is what ``model`` was loaded from.
    """
    path = graph_path(name_or_path or model.card.name)
    graph = plain_graph(path.read_bytes())
    sha256 = hashlib.sha256(graph).hexdigest()
    return Model(
        replace(model.card, sha256=sha256, calibration=None), graph, where=str(path)
    ), graph


def drawn_strangers(model: Model, step: Callable[[], None] = lambda: None) -> dict[str, Floats]:
    """Draw every kind of stranger and give their embeddings."""
    found = {}
    for kind in KINDS:
        found[kind] = see_pixels(model, strangers(kind, DRAWN, DRAWN_PIXELS)).embedding
        step()
    return found


@dataclass(frozen=True)
class _Telling:
    """Galaxies that meet the rule, on which sets are fitted and measured."""

    probabilities: Floats
    """(n, classes)"""
    possible: NDArray[np.bool_]
    """(n, classes)"""
    weights: Floats
    """(n,), in the true mix; they sum to n."""

    @property
    def member(self) -> Floats:
        return membership(self.probabilities, self.possible)


def calibrated(
    material: Material,
    unlike: Strangers,
    graph: bytes,
    *,
    refused: float = 0.01,
    crossed: Crossed | None = None,
) -> Fitted:
    """Fit all, measure all.

    ``graph`` is the plain graph, ``refused`` the share of good galaxies that may be told to be
    none. With ``crossed`` sets are fitted on galaxies with votes alone.
    """
    seen = material.seen
    plain = _softmax(seen.logits)
    teaching = material.clear & (material.meets > 0)
    weights = material.weights(teaching, plain)[teaching]
    kind, scaling, losses = choose_scaling(
        seen.logits[teaching], material.possible[teaching], weights
    )
    telling = _telling(material, np.exp(scaling.apply(seen.logits)), crossed)
    thresholds = all_thresholds(
        telling.probabilities, telling.member, telling.weights, material.classes
    )
    galaxies = good_galaxies(material)
    threshold, refusals = measured_refusals(
        cross_refused(galaxies, unlike), material, unlike, refused
    )
    groups = [*unlike.drawn.values(), unlike.stars]
    refusal = fitted_refusal(galaxies, unlike, groups)
    calibration = Calibration(
        scale=tuple(scaling.scale.tolist()),
        shift=tuple(scaling.shift.tolist()),
        mix=dict(zip(material.classes, material.mix.tolist(), strict=True)),
        coverages=COVERAGES,
        thresholds=thresholds,
        strangeness=threshold,
        refused=refused,
        fitted_on=_counts(material, teaching, crossed, unlike),
        measured={
            "scaling": {"chosen": kind, "temperature": scaling.temperature, "losses": losses},
            "calibration": _scores(material, kind, teaching),
            "coverage": _coverages(
                _telling(material, np.exp(_crossed(material, kind, teaching)), crossed),
                material.classes,
            ),
            "refused": refusals,
        },
    )
    return Fitted(calibration, doubting_graph(graph, calibration.scale, calibration.shift, refusal))


def write_calibrated(model: Model, fitted: Fitted, path: Path) -> None:
    """Write graph and card; the card last, which alone names the graph's hash."""
    sha256 = hashlib.sha256(fitted.graph).hexdigest()
    with replacing(path) as temporary:
        temporary.write_bytes(fitted.graph)
    card = replace(model.card, sha256=sha256, calibration=fitted.calibration)
    write_card(card, path.with_suffix(".json"))


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _for_sets(material: Material, crossed: Crossed | None) -> NDArray[np.bool_]:
    """Rows of the material that sets are fitted on."""
    meets = material.meets > 0
    return np.asarray(meets if crossed is None else meets & material.voted)


def _telling(material: Material, probabilities: Floats, crossed: Crossed | None) -> _Telling:
    rows = _for_sets(material, crossed)
    if crossed is None:
        weights = material.weights(rows, probabilities)[rows]
        return _Telling(probabilities[rows], material.possible[rows], weights)
    both = np.concatenate([probabilities[rows], crossed.probabilities])
    possible = np.concatenate([material.possible[rows], crossed.possible])
    return _Telling(both, possible, weighed(both, possible, np.ones(len(both)), material.mix))


def _counts(
    material: Material,
    teaching: NDArray[np.bool_],
    crossed: Crossed | None,
    unlike: Strangers,
) -> dict[str, int]:
    telling = _for_sets(material, crossed)
    found = {}
    for place, name in enumerate(material.names):
        own = material.source == place
        found[f"{name}: held out"] = int(own.sum())
        found[f"{name}: for the temperature"] = int((own & teaching).sum())
        found[f"{name}: for the sets"] = int((own & telling).sum())
        if crossed is not None:
            found[f"{name}: for the sets, by other folds"] = int((crossed.source == place).sum())
    found["stars and artefacts"] = len(unlike.stars)
    found["drawn pictures of other things"] = sum(len(one) for one in unlike.drawn.values())
    return found


def _scores(material: Material, kind: str, teaching: NDArray[np.bool_]) -> dict[str, Any]:
    """Loss before and after, cross-fitted, where all is weighted to the true mix."""
    found = {}
    logits = material.seen.logits
    meets = material.meets > 0
    for name, rows in (("clear cases", teaching), ("all that meet the rule", meets)):
        weights = material.weights(rows, _softmax(logits))[rows]
        share = weights / weights.sum()
        possible = material.possible[rows]
        after = _crossed(material, kind, teaching)[rows]
        found[name] = {
            "galaxies": int(rows.sum()),
            "nll before": float(share @ set_loss(np.log(_softmax(logits[rows])), possible)),
            "nll after": float(share @ set_loss(after, possible)),
        }
    return found


def _crossed(material: Material, kind: str, teaching: NDArray[np.bool_]) -> Floats:
    """Log-probabilities of all rows, of those that teach by fits that had not seen them."""
    logits = material.seen.logits
    weights = material.weights(teaching, _softmax(logits))[teaching]
    own, possible = logits[teaching], material.possible[teaching]
    found = fit_scaling(kind, own, possible, weights).apply(logits)
    found[teaching] = cross_fitted(kind, own, possible, weights, folds=FOLDS)
    return found


def _coverages(telling: _Telling, classes: tuple[str, ...]) -> dict[str, Any]:
    """How often sets hold the class where it is known, with thresholds from other galaxies."""
    probabilities, member, weights = telling.probabilities, telling.member, telling.weights
    part = folds_of(len(weights), FOLDS, seed=1)
    even = dict.fromkeys(classes, 1 / len(classes))
    held = {asked: np.zeros(member.shape, np.bool_) for asked in MEASURED_AT}
    for number in range(FOLDS):
        fit, own = part != number, part == number
        found = all_thresholds(probabilities[fit], member[fit], weights[fit], classes)
        count = len(classes)
        sets = Calibration(
            (1.0,) * count, (0.0,) * count, even, COVERAGES, found, strangeness=0.0, refused=0.0
        )
        for asked, inside in held.items():
            inside[own] = sets.inside(probabilities[own], asked)
    return {f"{asked:g}": _covered(telling, inside, classes) for asked, inside in held.items()}


def _covered(
    telling: _Telling, inside: NDArray[np.bool_], classes: tuple[str, ...]
) -> Mapping[str, Any]:
    """Shares covered, by class: weighted over all, and plainly where the class is known."""
    shares = telling.member * telling.weights[:, np.newaxis]
    exact = telling.possible.sum(axis=1) == 1
    found: dict[str, Any] = {}
    for place, name in enumerate(classes):
        own = shares[:, place]
        known = exact & telling.possible[:, place]
        found[name] = {
            "weighted": float((own @ inside[:, place]) / own.sum()),
            "known": float(inside[known, place].mean()) if known.any() else None,
            "galaxies known": int(known.sum()),
        }
    rows = shares.sum(axis=1)
    found["mean set size"] = float((rows @ inside.sum(axis=1)) / rows.sum())
    found["one class"] = float((rows @ (inside.sum(axis=1) == 1)) / rows.sum())
    return found
