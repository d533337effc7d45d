"""Galaxies that a network learned from, as networks of its cross-validation answer for them.

Few galaxies with votes are held out from a network, and it knows those that it learned from too
well. Networks of the same recipe, each kept from another part (``train --fold``), together answer
for every galaxy without having been shown it (cross-conformal prediction; Vovk 2015, Annals of
Mathematics and Artificial Intelligence 74, 9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.errors import BadData, UnknownName
from tuningfork.model.session import Model
from tuningfork.trust.answers import SILENT, Watch, see
from tuningfork.trust.material import Source, judged_by_votes, kept_from
from tuningfork.votes.rules import Rule

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Crossed:
    """n galaxies whose votes meet the rule; none where there is no cross-validation."""

    logits: Floats
    """(n, classes), each galaxy's by a network that was kept from it."""
    possible: NDArray[np.bool_]
    """(n, classes)"""

    def __len__(self) -> int:
        return len(self.possible)


def gather_crossed(
    model: Model,
    folds: Sequence[Model],
    source: Source,
    rule: Rule,
    *,
    same: Mapping[str, str],
    watch: Watch = SILENT,
) -> Crossed:
    """Let the networks of ``folds`` answer for galaxies that ``model`` learned from.

    ``source`` holds votes. A galaxy that several were kept from is answered for by the first.
    Raises UnknownName if a network tells other classes apart, BadData if one was kept from none
    of these galaxies.
    """
    own = _kept(model, source, same)
    left = [one for one in source.galaxies.galaxies if one.id not in own]
    met = {one.id: judged_by_votes(one.known, rule) for one in left}
    left = [one for one in left if met[one.id] is not None]
    none = np.empty((0, len(rule.class_names)))
    parts = [Crossed(none, none.astype(np.bool_))]
    for fold in folds:
        if fold.card.classes != model.card.classes:
            raise UnknownName(
                f"the network {fold.card.name} tells {', '.join(fold.card.classes)} apart, not "
                f"{', '.join(model.card.classes)}; name networks of the same recipe as folds"
            )
        kept = _kept(fold, source, same)
        asked = [one for one in left if one.id in kept]
        left = [one for one in left if one.id not in kept]
        if not asked:
            raise BadData(
                f"the network {fold.card.name} was kept from no galaxy of {source.galaxies.folder} "
                "that is left to answer for; give each network of the cross-validation once"
            )
        pictures = [one.picture for one in asked]
        seen = see(fold, pictures, frame_share=source.frame_share, watch=watch)
        possible = np.array([met[asked[row].id] for row in seen.rows.tolist()], np.bool_)
        parts.append(Crossed(seen.logits, possible))
    return Crossed(
        logits=np.concatenate([one.logits for one in parts]),
        possible=np.concatenate([one.possible for one in parts]),
    )


def _kept(model: Model, source: Source, same: Mapping[str, str]) -> frozenset[str]:
    """Ids of the galaxies that a network never learned from."""
    return frozenset(one.id for one in kept_from(model, source.galaxies, same))
