"""Galaxies that a network learned from, as networks of its cross-validation answer for them.

Few galaxies with votes are held out from a network, and it knows those that it learned from too
well. Networks of the same recipe, each kept from another part (``train --fold``), together answer
for every galaxy without having been shown it (cross-conformal prediction; Vovk 2015, Annals of
Mathematics and Artificial Intelligence 74, 9).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.data import Galaxy
from tuningfork.errors import BadData, UnknownName
from tuningfork.model.session import Model
from tuningfork.trust.answers import see
from tuningfork.trust.material import Source, judged_by_votes, kept_from, true_mix, weighed
from tuningfork.trust.scaling import cross_fitted
from tuningfork.votes.rules import Rule

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Crossed:
    """n galaxies with votes that meet the rule."""

    probabilities: Floats
    """(n, classes), each network's at its own temperature, fitted without the galaxy."""
    possible: NDArray[np.bool_]
    """(n, classes)"""
    source: NDArray[np.intp]
    """Place among the sources."""


@dataclass(frozen=True)
class _Voted:
    """A galaxy whose votes meet the rule, in the source of this place."""

    place: int
    galaxy: Galaxy
    possible: NDArray[np.bool_]


def gather_crossed(
    model: Model,
    folds: Sequence[Model],
    sources: Sequence[Source],
    rule: Rule,
    *,
    same: Mapping[str, str],
    step: Callable[[], None] = lambda: None,
) -> Crossed:
    """Let the networks of ``folds`` answer for galaxies that ``model`` learned from.

    Only votes say of such a galaxy that it meets the rule. One that several were kept from is
    answered for by the first. Raises UnknownName if a network tells other classes apart, BadData
    if one was kept from none of these galaxies.
    """
    mix = true_mix(sources[0].galaxies, rule)
    own = _kept(model, sources, same)
    left = [one for one in _voted(sources, rule) if (one.place, one.galaxy.id) not in own]
    parts = []
    for fold in folds:
        if fold.card.classes != model.card.classes:
            raise UnknownName(
                f"the network {fold.card.name} tells {', '.join(fold.card.classes)} apart, not "
                f"{', '.join(model.card.classes)}; name networks of the same recipe as folds"
            )
        kept = _kept(fold, sources, same)
        asked = [one for one in left if (one.place, one.galaxy.id) in kept]
        left = [one for one in left if (one.place, one.galaxy.id) not in kept]
        if not asked:
            raise BadData(
                f"the network {fold.card.name} was kept from no galaxy with votes that is left to "
                "answer for; give each network of the cross-validation once"
            )
        parts.append(_answered(fold, asked, sources, mix, step))
    return Crossed(
        probabilities=np.concatenate([one.probabilities for one in parts]),
        possible=np.concatenate([one.possible for one in parts]),
        source=np.concatenate([one.source for one in parts]),
    )


def _kept(
    model: Model, sources: Sequence[Source], same: Mapping[str, str]
) -> frozenset[tuple[int, str]]:
    """Places of sources and ids of the galaxies in them that a network never learned from."""
    return frozenset(
        (place, one.id)
        for place, source in enumerate(sources)
        for one in kept_from(model, source.galaxies, same)
    )


def _voted(sources: Sequence[Source], rule: Rule) -> list[_Voted]:
    found = []
    for place, source in enumerate(sources):
        for one in source.galaxies.galaxies:
            possible = judged_by_votes(one.known, rule)
            if possible is not None:
                found.append(_Voted(place, one, possible))
    return found


def _answered(
    fold: Model,
    asked: Sequence[_Voted],
    sources: Sequence[Source],
    mix: Floats,
    step: Callable[[], None],
) -> Crossed:
    logits, rows = [], []
    for place, source in enumerate(sources):
        own = [one for one in asked if one.place == place]
        if own:
            pictures = [one.galaxy.picture for one in own]
            seen = see(fold, pictures, frame_share=source.frame_share, step=step)
            logits.append(seen.logits)
            rows += [own[row] for row in seen.rows.tolist()]
    table, possible = np.concatenate(logits), np.stack([one.possible for one in rows])
    # Each network is as sure as its training made it; at their own temperatures they are alike.
    weights = weighed(np.exp(table), possible, np.ones(len(table)), mix)
    return Crossed(
        probabilities=np.exp(cross_fitted("temperature", table, possible, weights)),
        possible=possible,
        source=np.array([one.place for one in rows], np.intp),
    )
