"""Held-out galaxies, what is known of their classes, and how much each counts.

The rule asks for most of the votes, so it leaves out the galaxies over which volunteers differ;
many sets know less than the votes. A galaxy of such a set counts by how likely it meets the rule
(:mod:`tuningfork.trust.likely`), and all of its stratum together by the share of true galaxies that
are of that stratum and class (:mod:`tuningfork.trust.strata`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuningfork.data import GalaxySet, Known, held_out
from tuningfork.data.layout import find_layout
from tuningfork.errors import BadData
from tuningfork.model.session import Model
from tuningfork.trust.answers import Seen, see
from tuningfork.trust.conformal import membership
from tuningfork.trust.likely import FEWEST_ERRORS, Agrees, likely_classes
from tuningfork.trust.strata import CLEAR, SIDE_RULE, Strata, code_of, codes_of, told_by_votes
from tuningfork.votes.rules import Rule
from tuningfork.votes.tables import id_column, usable_ids
from tuningfork.votes.tree import TREE

Floats = NDArray[np.float64]

FIRST_QUESTION = "q1"
"""A column that says which answer to the first question had how many votes, and nothing else."""
GOOD = 0.5
"""A galaxy is good if fewer volunteers than this share called it a star or an artefact."""
LEAST_LIKELY = 0.01
"""Errors are known of few galaxies, so nothing is held for impossible."""
NOWHERE = -1
"""The stratum of a galaxy of which neither votes nor side rules are known."""


@dataclass(frozen=True)
class Source:
    """A set to calibrate on, and what its pictures show."""

    galaxies: GalaxySet
    frame_share: float = 1.0


@dataclass(frozen=True)
class Judged:
    """What is known of one galaxy's class."""

    possible: NDArray[np.bool_]
    """(classes,); all: nothing is known, or only the stratum."""
    likely: Floats
    """(classes,): how likely it meets the rule as each, 0 everywhere if nobody knows."""
    evidence: Floats
    """(classes,): how likely what is known is under each, the most 1."""
    stratum: int = NOWHERE
    clear: bool = False
    """Whether it is known to be as clear a case as the rule asks for."""


@dataclass(frozen=True)
class Material:
    """Held-out galaxies of all sets, row by row."""

    classes: tuple[str, ...]
    names: tuple[str, ...]
    source: NDArray[np.intp]
    """Place among ``names``."""
    seen: Seen
    judged: tuple[Judged, ...]
    good: NDArray[np.bool_]
    """Whether there is a galaxy, as far as is known."""
    strata: Strata

    @property
    def mix(self) -> Floats:
        """The true share of each class among galaxies that meet the rule, (classes,)."""
        counts = self.strata.counts.sum(axis=0)
        return np.asarray(counts / counts.sum())

    @property
    def possible(self) -> NDArray[np.bool_]:
        """As of each galaxy, (n, classes)."""
        return np.stack([one.possible for one in self.judged])

    @property
    def evidence(self) -> Floats:
        """As of each galaxy, (n, classes)."""
        return np.stack([one.evidence for one in self.judged])

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Which are clear cases, (n,)."""
        return np.array([one.clear for one in self.judged])

    @property
    def telling(self) -> NDArray[np.bool_]:
        """Of which something is known, (n,)."""
        return np.array([bool(one.likely.any()) for one in self.judged])

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Whose class is known."""
        return np.asarray((self.possible.sum(axis=1) == 1) & self.telling)

    def shares(self, rows: NDArray[np.bool_], probabilities: Floats) -> Floats:
        """Say how much each of these rows counts as one of each class.

        Shape (n, classes), 0 elsewhere. Within a class, each stratum has its true share and
        galaxies of none that of their number; each class has its true share, and all sum to the
        number of rows. ``probabilities`` (n, classes) share a galaxy out among its likely classes.
        """
        likely = np.stack([one.likely for one in self.judged]) * rows[:, np.newaxis]
        stratum = np.array([one.stratum for one in self.judged])
        own = membership(probabilities, likely > 0) * likely.sum(axis=1, keepdims=True)
        within = stratum != NOWHERE
        number = own[within].sum(axis=0)
        for place in np.unique(stratum[within]).tolist():
            alike = stratum == place
            wanted = number * self.strata.counts[place] / self.strata.counts.sum(axis=0)
            own[alike] *= wanted / np.maximum(own[alike].sum(axis=0), 1e-12)
        own *= self.mix / np.maximum(own.sum(axis=0), 1e-12)
        return np.asarray(own * rows.sum() / own.sum())


def gather_material(
    model: Model,
    sources: Sequence[Source],
    rule: Rule,
    same: Mapping[str, str],
    step: Callable[[], None] = lambda: None,
) -> Material:
    """See every galaxy that the network never learned from.

    The first source must hold votes: it gives the true mix of classes and, with all its galaxies,
    the strata. Raises BadData if it holds none, a source holds no held-out galaxy or nothing is
    known of the classes.
    """
    strata = _strata(sources[0].galaxies, rule)
    rows: list[tuple[int, Known, str]] = []
    parts: list[Seen] = []
    for place, source in enumerate(sources):
        own = _held_out(source.galaxies, model, same)
        seen = see(
            model,
            [one.picture for one in own.galaxies],
            frame_share=source.frame_share,
            step=step,
        )
        first = _first_question(source.galaxies, rule)
        parts.append(seen)
        kept = (own.galaxies[row] for row in seen.rows.tolist())
        rows += [(place, one.known, first.get(one.id, "")) for one in kept]
    seen = _one(parts)
    judge = _Judge(rule, strata, _errors([known for _, known, _ in rows], seen.fractions))
    return Material(
        classes=rule.class_names,
        names=tuple(one.galaxies.name for one in sources),
        source=np.array([place for place, _, _ in rows], np.intp),
        seen=seen,
        judged=tuple(
            judge(known, first, fractions)
            for (_, known, first), fractions in zip(rows, seen.fractions, strict=True)
        ),
        good=np.array([_is_good(known) for _, known, _ in rows]),
        strata=strata,
    )


def _held_out(galaxies: GalaxySet, model: Model, same: Mapping[str, str]) -> GalaxySet:
    """A set that the network never met is held out as a whole."""
    card = model.card
    if galaxies.name not in card.data:
        return galaxies
    return held_out(galaxies, card.held_out, same)


def _strata(galaxies: GalaxySet, rule: Rule) -> Strata:
    votes = [one.known.votes for one in galaxies.galaxies if one.known.votes is not None]
    if not votes:
        raise BadData(
            f"{galaxies.folder}: has no votes; name first a set of galaxies with all votes, whose "
            "mix of classes is the true one"
        )
    strata = told_by_votes(np.stack(votes), rule)
    counts = strata.counts.sum(axis=0)
    if not counts.all():
        lacking = ", ".join(
            name for name, count in zip(rule.class_names, counts.tolist(), strict=True) if not count
        )
        raise BadData(f"{galaxies.folder}: no galaxy in it is {lacking}; name a larger set first")
    return strata


def _errors(known: Sequence[Known], fractions: Floats) -> Floats:
    """Votes less predicted ones, (m, 37), where all are known; raw and debiased ones meaned."""
    if not fractions.shape[1]:
        return np.empty((0, 0))
    found = []
    for one, predicted in zip(known, fractions, strict=True):
        if one.votes is not None:
            votes = one.votes if one.raw is None else (one.votes + one.raw) / 2
            found.append(votes - predicted)
    errors = np.array(found).reshape(-1, fractions.shape[1])
    return np.asarray(errors[np.isfinite(errors).all(axis=1)])


class _Judge:
    """Says what is known of one galaxy after the other."""

    def __init__(self, rule: Rule, strata: Strata, errors: Floats) -> None:
        self._rule, self._strata, self._errors = rule, strata, errors
        self._random = np.random.default_rng(0)

    def __call__(self, known: Known, first: str, fractions: Floats) -> Judged:
        classes = self._rule.class_names
        possible = np.array([not known.possible or name in known.possible for name in classes])
        nothing = Judged(possible, np.zeros(len(classes)), np.ones(len(classes)))
        if known.votes is not None:
            return nothing if possible.all() else self._by_votes(known.votes, known.raw, possible)
        if SIDE_RULE in known.rules:
            return self._by_stratum(known.rules[SIDE_RULE], first, possible, fractions) or nothing
        if possible.all():
            return nothing
        # Experts' class is taken for the one that comes nearest to what the rule asks.
        likely = self._likely(
            fractions, lambda votes: possible[self._rule.nearness(votes).argmax(axis=1)], 1.0
        )
        return Judged(possible, likely * possible, possible * 1.0, clear=True)

    def _by_votes(
        self, votes: Floats, raw_votes: Floats | None, possible: NDArray[np.bool_]
    ) -> Judged:
        likely = possible * 1.0
        if raw_votes is not None:
            raw = int(self._rule.apply(raw_votes[np.newaxis])[0])
            if raw < 0 or not possible[raw]:
                # Debiased and raw votes disagree: nobody knows.
                likely = np.zeros(len(possible))
        side, first = codes_of(votes[np.newaxis])[0].tolist()
        place = self._strata.place((side, first))
        if place >= 0 and not (self._strata.counts[place] * possible).any():
            place = NOWHERE
        return Judged(possible, likely, possible * 1.0, place, clear=bool(likely.any()))

    def _by_stratum(
        self, side: str, first: str, possible: NDArray[np.bool_], fractions: Floats
    ) -> Judged | None:
        code = code_of(side, first)
        place = self._strata.place(code)
        if place < 0:
            return None
        met = (self._strata.counts[place] > 0) & possible
        if not met.any():
            return None
        usual = float(self._strata.counts[place].sum() / self._strata.galaxies[place])
        likely = self._likely(fractions, lambda votes: (codes_of(votes) == code).all(axis=1), usual)
        known = not possible.all()
        evidence = possible * 1.0 if known else self._strata.evidence(place)
        return Judged(possible, likely * met, evidence, place, clear=known and bool(first))

    def _likely(self, fractions: Floats, agrees: Agrees, otherwise: float) -> float:
        """How likely the rule is met, ``otherwise`` where that cannot be told."""
        if len(self._errors) < FEWEST_ERRORS:
            return otherwise
        found = likely_classes(fractions, self._errors, agrees, self._rule, self._random)
        return otherwise if found is None else max(float(found.sum()), LEAST_LIKELY)


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
        fractions=np.concatenate([one.fractions for one in parts]),
        embedding=np.concatenate([one.embedding for one in parts]),
        flat=np.concatenate([one.flat for one in parts]),
    )
