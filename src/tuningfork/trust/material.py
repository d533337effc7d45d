"""Held-out galaxies, what is known of their classes, and how much each counts.

The rule asks for most of the votes, so it leaves out the galaxies over which volunteers differ;
many sets know less than the votes. A galaxy of such a set counts by how often galaxies of which
that much is known meet the rule, which a set with all votes tells (its *strata*).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.data import Galaxy, GalaxySet, Known, held_out
from tuningfork.data.layout import find_layout
from tuningfork.errors import BadData
from tuningfork.images.sources import Picture
from tuningfork.model.card import Card
from tuningfork.model.session import Model
from tuningfork.trust.answers import SILENT, Seen, Watch, see
from tuningfork.trust.conformal import membership
from tuningfork.votes.rules import Rule, load_rule
from tuningfork.votes.tables import id_column, usable_ids
from tuningfork.votes.tree import TREE

Floats = NDArray[np.float64]
Stratum = tuple[str, str]

STRATA_RULE = "zhu5"
FIRST_QUESTION = "q1"
"""A column that says which answer to the first question had how many votes, and nothing else."""
CLEAR = {"smooth>=0.80": ("Class1.1", 0.8), "features>=0.90": ("Class1.2", 0.9)}
"""What it may say."""
GOOD = 0.5
"""A galaxy is good if fewer volunteers than this share called it a star or an artefact."""


@dataclass(frozen=True)
class Source:
    """A set to calibrate on, and what its pictures show."""

    galaxies: GalaxySet
    frame_share: float = 1.0


@dataclass(frozen=True)
class Material:
    """Held-out galaxies of all sets, row by row."""

    classes: tuple[str, ...]
    names: tuple[str, ...]
    source: NDArray[np.intp]
    """Place among ``names``."""
    seen: Seen
    possible: NDArray[np.bool_]
    """(n, classes)"""
    meets: Floats
    """(n,): how likely the galaxy meets the rule, 0 where nothing is known of its class."""
    clear: NDArray[np.bool_]
    """Whether it is known to be as clear a case as the rule asks for."""
    good: NDArray[np.bool_]
    """Whether there is a galaxy, as far as is known."""
    mix: Floats
    """(classes,): the true share of each class among galaxies that meet the rule."""
    learned: Floats
    """(m, channels): embeddings of good galaxies with votes that the network learned from."""
    learned_source: NDArray[np.intp]

    def weights(self, rows: NDArray[np.bool_], probabilities: Floats) -> Floats:
        """Weigh these rows so that each class has its true share.

        Shape (n,), 0 elsewhere; they sum to the rows' number. ``probabilities`` (n, classes) share
        a galaxy out among its possible classes.
        """
        found = np.zeros(len(rows))
        found[rows] = weighed(probabilities[rows], self.possible[rows], self.meets[rows], self.mix)
        return found


def weighed(
    probabilities: Floats, possible: NDArray[np.bool_], meets: Floats, mix: Floats
) -> Floats:
    """Weigh n galaxies, shape (n,), so that each class has its share in ``mix``; they sum to n."""
    own = membership(probabilities, possible) * meets[:, np.newaxis]
    total = np.maximum(own.sum(axis=0), 1e-9)
    found = (own * (mix / total)).sum(axis=1)
    return np.asarray(found * len(found) / found.sum())


def gather_material(
    model: Model,
    sources: Sequence[Source],
    rule: Rule,
    same: Mapping[str, str],
    watch: Watch = SILENT,
) -> Material:
    """See every galaxy that the network never learned from, and those with votes that it did.

    The first source must hold votes: it gives the true mix of classes and, with all its galaxies,
    the strata. Raises BadData if it holds none, a source holds no held-out galaxy or nothing is
    known of the classes.
    """
    mix, strata = _told_by_votes(sources[0].galaxies, rule)
    rows: list[tuple[int, Known, str]] = []
    parts: list[Seen] = []
    learned: list[Floats] = []
    for place, source in enumerate(sources):
        own = kept_from(model, source.galaxies, same)
        seen = see(
            model,
            [one.picture for one in own],
            frame_share=source.frame_share,
            watch=watch,
        )
        others = _learned(source.galaxies, own)
        learned.append(_embeddings(model, others, source.frame_share, seen, watch))
        first = _first_question(source.galaxies, rule)
        parts.append(seen)
        kept = (own[row] for row in seen.rows.tolist())
        rows += [(place, one.known, first.get(one.id, "")) for one in kept]
    judged = [_judged(known, first, rule, strata) for _, known, first in rows]
    return Material(
        classes=rule.class_names,
        names=tuple(one.galaxies.name for one in sources),
        source=np.array([place for place, _, _ in rows], np.intp),
        seen=_one(parts),
        possible=np.stack([possible for possible, _, _ in judged]),
        meets=np.array([meets for _, meets, _ in judged]),
        clear=np.array([clear for _, _, clear in judged]),
        good=np.array([_is_good(known) for _, known, _ in rows]),
        mix=mix,
        learned=np.concatenate(learned),
        learned_source=np.repeat(np.arange(len(learned)), [len(one) for one in learned]),
    )


def _learned(galaxies: GalaxySet, own: Sequence[Galaxy]) -> list[Picture]:
    """Pictures of good galaxies with votes that are not held out."""
    ids = {one.id for one in own}
    return [
        one.picture
        for one in galaxies.galaxies
        if one.id not in ids and one.known.votes is not None and _is_good(one.known)
    ]


def _embeddings(
    model: Model,
    pictures: list[Picture],
    frame_share: float,
    alike: Seen,
    watch: Watch,
) -> Floats:
    """The embeddings of pictures, of which there may be none, with as many channels as others."""
    if not pictures:
        return np.empty((0, alike.embedding.shape[1]))
    return see(model, pictures, frame_share=frame_share, watch=watch).embedding


def kept_from(model: Model, galaxies: GalaxySet, same: Mapping[str, str]) -> tuple[Galaxy, ...]:
    """Give the galaxies that a network never learned from: all of a set that it never met."""
    if is_new(model.card, galaxies):
        return galaxies.galaxies
    return held_out(galaxies, model.card.held_out, same).galaxies


def is_new(card: Card, galaxies: GalaxySet) -> bool:
    """Whether the network learned from no set of that name; its galaxies' ids are not known."""
    return galaxies.name not in card.data


def judged_by_votes(known: Known, rule: Rule) -> NDArray[np.bool_] | None:
    """Which classes are possible for a galaxy whose votes meet the rule; None for any other."""
    possible, meets, _ = _judged(known, "", rule, {})
    return possible if known.votes is not None and meets else None


def _told_by_votes(
    galaxies: GalaxySet, rule: Rule
) -> tuple[Floats, dict[Stratum, NDArray[np.intp]]]:
    votes = [one.known.votes for one in galaxies.galaxies if one.known.votes is not None]
    if not votes:
        raise BadData(
            f"{galaxies.folder}: has no votes; name first a set of galaxies with all votes, whose "
            "mix of classes is the true one"
        )
    table = np.stack(votes)
    labels = rule.apply(table)
    counts = np.bincount(labels[labels >= 0], minlength=len(rule.class_names))
    if not counts.all():
        lacking = ", ".join(
            name for name, count in zip(rule.class_names, counts.tolist(), strict=True) if not count
        )
        raise BadData(f"{galaxies.folder}: no galaxy in it is {lacking}; name a larger set first")
    side = load_rule(STRATA_RULE)
    strata: dict[Stratum, list[int]] = defaultdict(list)
    for row, place, label in zip(table, side.apply(table).tolist(), labels.tolist(), strict=True):
        name = side.class_names[place] if place >= 0 else ""
        strata[name, next((text for text in CLEAR if _holds(text, row)), "")].append(label)
    mix = np.asarray(counts / counts.sum(), dtype=np.float64)
    return mix, {name: np.array(found) for name, found in strata.items()}


def _holds(text: str, votes: Floats) -> bool:
    column, least = CLEAR[text]
    return bool(votes[TREE.columns.index(column)] >= least)


def _judged(
    known: Known, first: str, rule: Rule, strata: Mapping[Stratum, NDArray[np.intp]]
) -> tuple[NDArray[np.bool_], float, bool]:
    """Which classes are possible, how likely the galaxy meets the rule, whether clearly."""
    possible = np.array([name in known.possible for name in rule.class_names])
    if not possible.any() or possible.all():
        return np.ones(len(possible), np.bool_), 0.0, False
    if known.raw is not None:
        raw = int(rule.apply(known.raw[np.newaxis])[0])
        if raw < 0 or not possible[raw]:
            # Debiased and raw votes disagree: nobody knows.
            return possible, 0.0, False
    if known.votes is not None or STRATA_RULE not in known.rules:
        return possible, 1.0, True
    alike = strata.get((known.rules[STRATA_RULE], first))
    if alike is None:
        return possible, 0.0, False
    return possible, float((possible[alike] & (alike >= 0)).mean()), bool(first)


def _first_question(galaxies: GalaxySet, rule: Rule) -> Mapping[str, str]:
    """What the labels table's column on the first question says, by id."""
    file = find_layout(galaxies.folder, rule).table
    if file is None or FIRST_QUESTION not in file.header:
        return {}
    table = file.read([id_column(file), FIRST_QUESTION])
    keep, ids, _ = usable_ids(table)
    texts = table.text[FIRST_QUESTION]
    return {
        id_: text
        for id_, text, kept in zip(ids, texts, keep.tolist(), strict=True)
        if kept and text in CLEAR
    }


def _is_good(known: Known) -> bool:
    return known.votes is None or not known.votes[TREE.columns.index("Class1.3")] >= GOOD


def _one(parts: Sequence[Seen]) -> Seen:
    return Seen(
        rows=np.concatenate([one.rows for one in parts]),
        logits=np.concatenate([one.logits for one in parts]),
        embedding=np.concatenate([one.embedding for one in parts]),
    )
