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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuningfork.errors import BadData, BadModel
from tuningfork.files import replacing
from tuningfork.model.calibration import BY_FOLDS, Calibration
from tuningfork.model.card import write_card
from tuningfork.model.session import Model, graph_path
from tuningfork.trust.answers import see_pixels
from tuningfork.trust.conformal import COVERAGES
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
from tuningfork.trust.scaling import choose_scaling, cross_fitted, fit_scaling, set_loss
from tuningfork.trust.sets import coverages, telling
from tuningfork.trust.strangers import KINDS, strangers

Floats = NDArray[np.float64]

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


def drawn_strangers(model: Model) -> dict[str, Floats]:
    """Draw every kind of stranger and give their embeddings."""
    found = {}
    for kind in KINDS:
        found[kind] = see_pixels(model, strangers(kind, DRAWN, DRAWN_PIXELS)).embedding
    return found


def calibrated(
    material: Material,
    unlike: Strangers,
    graph: bytes,
    crossed: Crossed,
    *,
    refused: float = 0.01,
) -> Fitted:
    """Fit all, measure all.

    ``graph`` is the plain graph, ``refused`` the share of good galaxies that may be told to be
    none. Of ``crossed`` the temperature is fitted too, and sets, with the first source's galaxies,
    on it alone as far as these tell. Raises BadData if no galaxy can be of some class, or none is
    a clear case.
    """
    every = np.concatenate([material.seen.logits, crossed.logits])
    if not _clear(material).any() and not len(crossed):
        names = ", ".join(material.names)
        raise BadData(
            f"{names}: no held-out galaxy is a clear case of a class, so there is nothing to fit "
            "a temperature on; add sets that hold some"
        )
    teaching = _teaching(material, crossed, every)
    kind, scaling, losses = choose_scaling(teaching.logits, teaching.possible, teaching.weights)
    thresholds = telling(material, crossed, np.exp(scaling.apply(every))).fitted()
    after = _after(teaching, kind, every)
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
        fitted_on=_counts(material, crossed, unlike),
        measured={
            "scaling": {"chosen": kind, "temperature": scaling.temperature, "losses": losses},
            "calibration": _scores(material, crossed, after),
            "coverage": coverages(telling(material, crossed, np.exp(after))),
            "refused": refusals,
        },
    )
    return Fitted(calibration, doubting_graph(graph, calibration.scale, calibration.shift, refusal))


def write_calibrated(model: Model, fitted: Fitted, path: Path) -> None:
    """Write graph and card. Raises BadModel if they cannot be written."""
    sha256 = hashlib.sha256(fitted.graph).hexdigest()
    card = replace(model.card, sha256=sha256, calibration=fitted.calibration)
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(fitted.graph)
            # In here, so that one follows the other at once: the card names the graph's hash.
            write_card(card, path.with_suffix(".json"))
    except OSError as error:
        raise BadModel(f"{path}: {error.strerror or error}; write the network elsewhere") from error


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class _Teaching:
    """The galaxies that the temperature is fitted on."""

    rows: NDArray[np.bool_]
    """Which of the material's galaxies, then of those crossed."""
    logits: Floats
    possible: NDArray[np.bool_]
    weights: Floats


def _teaching(material: Material, crossed: Crossed, logits: Floats) -> _Teaching:
    """The clear cases, and what is crossed, as if one network had answered for all.

    ``logits`` are of all rows.

    It has learned by the same recipe; a temperature of each fold's own would be fitted on so few
    galaxies that it goes anywhere.
    """
    rows = np.concatenate([_clear(material), np.ones(len(crossed), np.bool_)])
    own = logits[rows]
    possible = np.concatenate([material.possible, crossed.possible])[rows]
    meets = np.concatenate([material.meets, np.ones(len(crossed))])[rows]
    return _Teaching(rows, own, possible, weighed(_softmax(own), possible, meets, material.mix))


def _clear(material: Material) -> NDArray[np.bool_]:
    return np.asarray(material.clear & (material.meets > 0))


def _after(teaching: _Teaching, kind: str, logits: Floats) -> Floats:
    """Log-probabilities of all rows, of those that teach by fits that had not seen them."""
    own = (teaching.logits, teaching.possible, teaching.weights)
    found = fit_scaling(kind, *own).apply(logits)
    found[teaching.rows] = cross_fitted(kind, *own)
    return found


def _counts(material: Material, crossed: Crossed, unlike: Strangers) -> dict[str, int]:
    for_sets, clear = material.meets > 0, _clear(material)
    found = {}
    for place, name in enumerate(material.names):
        own = material.source == place
        found[f"{name}: held out"] = int(own.sum())
        found[f"{name}: for the temperature"] = int((own & clear).sum())
        found[f"{name}: for the sets"] = int((own & for_sets).sum())
    if len(crossed):
        found[f"{material.names[0]}: {BY_FOLDS}"] = len(crossed)
    found["stars and artefacts"] = len(unlike.stars)
    found["drawn pictures of other things"] = sum(len(one) for one in unlike.drawn.values())
    return found


def _scores(material: Material, crossed: Crossed, after: Floats) -> dict[str, Any]:
    """Loss before and after, cross-fitted, where all is weighted to the true mix."""
    found = {}
    logits, count = material.seen.logits, len(material.meets)
    clear, meets = _clear(material), material.meets > 0
    for name, rows in (("clear cases", clear), ("all that meet the rule", meets)):
        weights = material.weights(rows, _softmax(logits))[rows]
        found[name] = _losses(logits[rows], after[:count][rows], material.possible[rows], weights)
    if len(crossed):
        found[f"{material.names[0]}, by other folds"] = _losses(
            crossed.logits, after[count:], crossed.possible, np.ones(len(crossed))
        )
    return found


def _losses(
    before: Floats, after: Floats, possible: NDArray[np.bool_], weights: Floats
) -> dict[str, Any]:
    share = weights / weights.sum()
    return {
        "galaxies": len(weights),
        "nll before": float(share @ set_loss(np.log(_softmax(before)), possible)),
        "nll after": float(share @ set_loss(after, possible)),
    }
