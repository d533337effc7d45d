"""All sets of a run as arrays: what is known of each galaxy, its draws, who validates."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tuningfork.data import Galaxy, GalaxySet, Known, canonical, validates
from tuningfork.errors import BadData
from tuningfork.train.recipe import Recipe
from tuningfork.train.settings import SourceSettings
from tuningfork.votes.fractions import Fractions
from tuningfork.votes.rules import Rule, load_rule
from tuningfork.votes.tree import TREE

BAR, SPIRAL = "barred_spiral", "spiral"


@dataclass(frozen=True)
class Galaxies:
    """Every galaxy of a run, in the order of its sets; arrays have one row for each."""

    entries: tuple[Galaxy, ...]
    source_names: tuple[str, ...]
    source: NDArray[np.intp]
    """Place among ``source_names``."""
    possible: NDArray[np.bool_]
    """(n, classes): which classes what is known allows; all where nothing is known."""
    likelihood: NDArray[np.float32]
    """(n, classes): how likely what is known would be, were the galaxy of that class; 0 for an
    impossible one, all 1 where nothing is known."""
    votes: NDArray[np.float32]
    """(n, 37) weighted fractions; NaN where not known."""
    side_rules: dict[str, NDArray[np.int64]]
    """For each side rule (n,): the class's place, the last for none, -1 for unknown."""
    validates: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.entries)

    def kept(self, rows: NDArray[np.bool_]) -> Galaxies:
        """Only the galaxies where ``rows`` is true."""
        return replace(
            self,
            entries=tuple(one for one, keep in zip(self.entries, rows, strict=True) if keep),
            source=self.source[rows],
            possible=self.possible[rows],
            likelihood=self.likelihood[rows],
            votes=self.votes[rows],
            side_rules={name: places[rows] for name, places in self.side_rules.items()},
            validates=self.validates[rows],
        )

    @property
    def has_votes(self) -> NDArray[np.bool_]:
        """Whether any votes are known; those of a question may still be missing."""
        return np.asarray(np.isfinite(self.votes).any(axis=1))

    @property
    def has_class(self) -> NDArray[np.bool_]:
        return np.asarray(self.possible.sum(axis=1) == 1)

    def checksum(self) -> str:
        """SHA-256 over what is known of each galaxy, and who validates."""
        whole = hashlib.sha256("\n".join(one.id for one in self.entries).encode())
        rules = [self.side_rules[name] for name in sorted(self.side_rules)]
        parts = (self.source, self.possible, self.likelihood, self.votes, self.validates)
        for part in (*parts, *rules):
            whole.update(np.ascontiguousarray(part).tobytes())
        return whole.hexdigest()

    def counts(self) -> dict[str, int]:
        """Galaxies in each source."""
        counted = Counter(self.source.tolist())
        return {name: counted[place] for place, name in enumerate(self.source_names)}


def gather(
    sets: Sequence[GalaxySet],
    recipe: Recipe,
    *,
    excluded: frozenset[str],
    same: Mapping[str, str],
) -> Galaxies:
    """Put the sets together, without the excluded ids and those ``same`` says are the same galaxy.

    A galaxy validates or trains by its canonical id, so a pair never parts. Ids carry no word of
    the set that they belong to, and a number may mean different galaxies in two sets: such ones
    are taken for the same, which may leave out a galaxy too many but never learns from one that
    is excluded, nor parts a pair. Raises BadData if two sets have one name, or nothing is left to
    train on.
    """
    names = tuple(one.name for one in sets)
    if len(set(names)) < len(names):
        raise BadData(
            f"two data sets are called '{Counter(names).most_common(1)[0][0]}'; rename one folder"
        )
    rule = load_rule(recipe.rule)
    rows = [
        (place, galaxy, canonical(galaxy.id, same))
        for place, one in enumerate(sets)
        for galaxy in one.galaxies
    ]
    left_out = {canonical(name, same) for name in excluded}
    rows = [row for row in rows if row[2] not in left_out]
    rows = [row for row in rows if _teaches(row[1].known, recipe)]
    if not rows:
        raise BadData("no galaxy is left to train on; check the data sets and --exclude")
    entries = tuple(galaxy for _, galaxy, _ in rows)
    settings = [recipe.source(names[place]) for place, _, _ in rows]
    pairs = list(zip(entries, settings, strict=True))
    votes = np.stack([_votes(one.known, own) for one, own in pairs])
    side_rules = {name: _side_rule(entries, votes, name) for name in recipe.network.side_rules}
    possible = np.stack([_possible(one.known, own, rule) for one, own in pairs])
    return Galaxies(
        entries=entries,
        source_names=names,
        source=np.array([place for place, _, _ in rows], dtype=np.intp),
        possible=possible,
        likelihood=_likelihood(possible, side_rules, settings, rule),
        votes=votes.astype(np.float32),
        side_rules=side_rules,
        validates=np.array([validates(name, recipe.held_out) for _, _, name in rows]),
    )


def ids_in(one: GalaxySet) -> frozenset[str]:
    """Every id that a set names, also of galaxies that were left out of it for some trouble."""
    named = {name for problem in one.problems for name in problem.ids}
    return frozenset(named | {galaxy.id for galaxy in one.galaxies})


def draw_weights(galaxies: Galaxies, recipe: Recipe) -> NDArray[np.float64]:
    """How often each galaxy is drawn, relative to the others; 0 for those that validate."""
    rule = load_rule(recipe.rule)
    settings = [recipe.source(name) for name in galaxies.source_names]
    weights = np.array([one.weight for one in settings])[galaxies.source]
    if BAR in rule.class_names:
        bars = galaxies.has_class & galaxies.possible[:, rule.class_names.index(BAR)]
        weights[bars] *= np.array([one.bar_weight for one in settings])[galaxies.source[bars]]
    for place, own in enumerate(settings):
        for name, classes in own.oftener.items():
            found = load_rule(name).class_names
            for class_name, times in classes.items():
                of_class = galaxies.side_rules[name] == found.index(class_name)
                weights[of_class & (galaxies.source == place)] *= times
    nothing = galaxies.possible.all(axis=1) & ~galaxies.has_votes
    for places in galaxies.side_rules.values():
        nothing &= places < 0
    weights[nothing] *= recipe.loss.unknown_weight
    weights[galaxies.validates] = 0
    return weights


def teaching(galaxies: Galaxies, recipe: Recipe) -> NDArray[np.bool_]:
    """Of which galaxies something is known that the recipe's loss asks for, teachers apart."""
    loss = recipe.loss
    found = (loss.classes > 0) & (galaxies.likelihood < 1).any(axis=1)
    found |= (loss.votes > 0) & galaxies.has_votes
    for places in galaxies.side_rules.values():
        found |= (loss.side_rules > 0) & (places >= 0)
    return np.asarray(found)


def logit_shifts(galaxies: Galaxies, recipe: Recipe) -> NDArray[np.float32]:
    """What the loss adds to the logits of a known bar or spiral, where its source has many bars.

    The log of a class's share among the source's drawn bars and spirals over its share in the sky:
    a network trained with the shift gives the sky's probabilities without it.
    """
    names = load_rule(recipe.rule).class_names
    shifts = np.zeros((len(galaxies), len(names)), dtype=np.float32)
    if not {BAR, SPIRAL} <= set(names):
        return shifts
    bar, spiral = names.index(BAR), names.index(SPIRAL)
    drawn = draw_weights(galaxies, recipe) * galaxies.has_class
    for place, name in enumerate(galaxies.source_names):
        if not recipe.source(name).many_bars:
            continue
        own = galaxies.source == place
        bars = drawn[own & galaxies.possible[:, bar]].sum()
        both = bars + drawn[own & galaxies.possible[:, spiral]].sum()
        rows = own & galaxies.has_class
        if 0 < bars < both:
            share, truth = bars / both, recipe.loss.true_bar_share
            shifts[rows, bar] = np.log(share / truth)
            shifts[rows, spiral] = np.log((1 - share) / (1 - truth))
    return shifts


def class_weights(
    possible: NDArray[np.bool_], validates: NDArray[np.bool_], recipe: Recipe
) -> NDArray[np.float32]:
    """Count of the largest class over the count of each galaxy's own; 1 without a class.

    ``possible`` is of shape (galaxies, classes): a galaxy's class is the only possible one.
    """
    weights = np.ones(len(possible), dtype=np.float32)
    if recipe.loss.class_weights:
        known = possible.sum(axis=1) == 1
        places = possible.argmax(axis=1)
        counts = np.bincount(places[known & ~validates], minlength=possible.shape[1])
        weights[known] = (counts.max() / np.maximum(counts, 1))[places[known]]
    return weights


def _teaches(known: Known, recipe: Recipe) -> bool:
    """The reference network learns from classes alone; ours has a use for every galaxy."""
    return recipe.network.kind != "reference" or bool(known.possible)


def _possible(known: Known, own: SourceSettings, rule: Rule) -> NDArray[np.bool_]:
    """The classes that what is known allows; one by debiased votes needs raw votes behind it."""
    if not known.possible:
        return np.ones(len(rule.class_names), dtype=np.bool_)
    possible = np.array([name in known.possible for name in rule.class_names])
    if known.raw is not None:
        agreed = rule.meets(_votes(known, own)[None], own.agreement)[0]
        if not (possible & agreed).any():
            return np.ones_like(possible)
    return possible


def _votes(known: Known, own: SourceSettings) -> Fractions:
    if known.votes is None:
        return np.full(len(TREE.columns), np.nan)
    if known.raw is None or own.debiased == 1:
        return known.votes
    return own.debiased * known.votes + (1 - own.debiased) * known.raw


def _likelihood(
    possible: NDArray[np.bool_],
    side_rules: Mapping[str, NDArray[np.int64]],
    settings: Sequence[SourceSettings],
    rule: Rule,
) -> NDArray[np.float32]:
    """1 for possible classes; less for a galaxy of which only is known that it meets no side rule.

    Weights of a source's ``unclassed`` are scaled to at most 1, which changes no gradient.
    """
    likelihood = possible.astype(np.float32)
    only_none = possible.all(axis=1)
    for name, places in side_rules.items():
        only_none &= places == len(load_rule(name).class_names)
    for row in np.flatnonzero(only_none).tolist():
        shares = settings[row].unclassed
        if shares:
            own = np.array([shares.get(name, 0.0) for name in rule.class_names])
            likelihood[row] = own / own.max()
    return likelihood


def _side_rule(entries: Sequence[Galaxy], votes: Fractions, name: str) -> NDArray[np.int64]:
    rule = load_rule(name)
    places = {class_name: place for place, class_name in enumerate(rule.class_names)}
    none = len(places)
    found = rule.apply(votes)
    # Without some votes a galaxy may still meet a class, but not be said to meet none.
    whole = np.isfinite(votes).all(axis=1)
    result = np.where(found >= 0, found, np.where(whole, none, -1)).astype(np.int64)
    # What a table states comes before what the votes say.
    for row, entry in enumerate(entries):
        if name in entry.known.rules:
            result[row] = places.get(entry.known.rules[name], none)
    return result
