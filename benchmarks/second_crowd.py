"""How well a class could be told at best, since another crowd would have given another.

    python benchmarks/second_crowd.py ../shared/data/kaggle --rule zhu5

Each galaxy's recorded fractions are taken for the truth, and as many new volunteers answer along
the tree, many times over. Who knew those fractions, and so named the class that most such crowds
give, would be right as often as is printed, among the crowds that give one: no network can do
better by labels that crowds of this size made. ``--counts`` weighs the classes to another mix.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tuningfork.data import read_set
from tuningfork.errors import TuningForkError
from tuningfork.evaluate.volunteers import ASSUMED
from tuningfork.votes.fractions import conditional_from_weighted, parents_first
from tuningfork.votes.rules import load_rule
from tuningfork.votes.tree import TREE

DRAWS = 200

Floats = NDArray[np.float64]


def second_crowds(weighted: Floats, volunteers: int, rng: np.random.Generator) -> Floats:
    """Draw new weighted fractions (n, 37): each question is answered by those who came to it."""
    shares = np.nan_to_num(conditional_from_weighted(weighted))
    drawn = np.zeros(weighted.shape)
    for number in parents_first():
        question, span = TREE.question(number), TREE.span(number)
        parent = question.weighted_parent
        came = np.full(len(weighted), volunteers)
        if parent is not None:
            came = drawn[:, TREE.place(parent)].astype(int)
        own = shares[:, span]
        total = own.sum(axis=1, keepdims=True)
        even = np.full(own.shape, 1 / own.shape[1])
        drawn[:, span] = rng.multinomial(came, np.divide(own, total, out=even, where=total > 0))
    return drawn / volunteers


def main(arguments: Sequence[str] | None = None) -> None:
    """Print, for each class of a rule and for all, how often it could be named rightly."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a set of galaxies with votes")
    parser.add_argument("--rule", default="zhu5")
    parser.add_argument("--counts", type=int, nargs="*", help="galaxies of each class, in order")
    parser.add_argument("--volunteers", type=int, default=round(ASSUMED))
    chosen = parser.parse_args(arguments)
    try:
        rule = load_rule(chosen.rule)
        galaxies = read_set(chosen.data, rule).galaxies
    except TuningForkError as error:
        parser.error(str(error))
    if chosen.volunteers < 1 or len(chosen.counts or rule.class_names) != len(rule.class_names):
        parser.error(f"give a volunteer or more, and counts of all: {', '.join(rule.class_names)}")
    known = [one.known.votes for one in galaxies]
    whole = [one for one in known if one is not None and np.isfinite(one).all()]
    if not whole:
        parser.error(f"{chosen.data}: no galaxy has all votes")
    votes = np.stack(whole)
    classes = rule.class_names
    rng = np.random.default_rng(0)
    counts = np.zeros((len(votes), len(classes) + 1))
    for _ in range(DRAWS):
        # The last column takes those that meet no class.
        after = rule.apply(second_crowds(votes, chosen.volunteers, rng))
        counts[np.arange(len(votes)), after] += 1
    told = counts[:, :-1]
    best = np.eye(len(classes))[told.argmax(axis=1)] * told
    recall = best.sum(axis=0) / told.sum(axis=0)
    for name, share in zip(classes, recall.tolist(), strict=True):
        print(f"{name}: {share:.4f}")
    mix = np.array(chosen.counts or told.sum(axis=0))
    print(f"all: {mix @ recall / mix.sum():.4f}")


if __name__ == "__main__":
    main()
