"""A network on a set of galaxies: every measure that what is known of them allows."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tuningfork.classify import Classification, Row, classify_pictures
from tuningfork.data import Galaxy, GalaxySet, Known, Problem
from tuningfork.errors import BadData, UnknownName
from tuningfork.evaluate.intervals import Interval, bootstrap_error
from tuningfork.evaluate.scores import Scores, root_mean_square, score
from tuningfork.images.sources import Picture
from tuningfork.model.session import Model
from tuningfork.votes.rules import Rule
from tuningfork.votes.tree import TREE

Watch = Callable[[Iterable[Row]], Iterable[Row]]
"""Passes rows on; a progress bar that looks at them as they go by."""
BLANK_SIDE = 64
"""Pixels of the picture that is answered before the clock starts."""


@dataclass(frozen=True)
class Answered:
    """A galaxy of which something is known, and what the network says of it."""

    galaxy: Galaxy
    found: Classification

    @property
    def id(self) -> str:
        return self.galaxy.id

    @property
    def known(self) -> Known:
        return self.galaxy.known


@dataclass(frozen=True)
class Evaluation:
    """How good a network is on a set."""

    scores: Scores | None
    """On the galaxies whose class is known; None where there are none."""
    rmse: float | None
    """Over the 37 weighted columns of the galaxies with votes; None where there are none."""
    rmse_interval: Interval | None
    """95 % bootstrap interval over galaxies."""
    voted: int
    """Galaxies with votes that the error was taken over."""
    within_possible: float | None
    """Share of answers among the possible classes, where the class is only narrowed down."""
    narrowed: int
    """Galaxies whose class is not known, but some of the classes are ruled out."""
    unreadable: tuple[Row, ...]
    """Pictures that could not be read: they are in none of the figures."""
    problems: tuple[Problem, ...]
    """What was wrong with the set."""
    answers: Mapping[str, str]
    """Id → the network's class, of the galaxies whose class is known."""
    truths: Mapping[str, str]
    """Id → the true class of the same galaxies."""
    answered: tuple[Answered, ...]
    """Every galaxy whose picture could be read, with all that is known and was answered."""
    seconds: float
    """From the first file to the last answer, decoding included, one answer given before."""

    @property
    def labelled(self) -> tuple[Answered, ...]:
        """The galaxies whose class is known."""
        return tuple(one for one in self.answered if one.known.label is not None)

    @property
    def voted_on(self) -> tuple[Answered, ...]:
        """The galaxies with votes, of a network that foretells votes."""
        return tuple(
            one for one in self.answered if one.known.votes is not None and one.found.fractions
        )

    def as_json(self) -> dict[str, Any]:
        """Give everything but the single answers as JSON can hold it."""
        if self.scores is None:
            stated: dict[str, Any] = {one.name: None for one in fields(Scores)} | {"count": 0}
        else:
            stated = asdict(self.scores) | {"confusion": self.scores.confusion.tolist()}
        return stated | {
            "rmse": self.rmse,
            "rmse_interval": self.rmse_interval,
            "rmse_count": self.voted,
            "within_possible": self.within_possible,
            "within_possible_count": self.narrowed,
            "unreadable": len(self.unreadable),
            "unreadable_pictures": [row.error for row in self.unreadable],
            "problems": [one.sentence for one in self.problems],
        }


def evaluate_set(
    model: Model,
    galaxies: GalaxySet,
    rule: Rule,
    *,
    frame_share: float = 1.0,
    views: int = 1,
    watch: Watch = iter,
) -> Evaluation:
    """Let a network answer for every galaxy of which something is known, and score it.

    Pictures go the same way as in :func:`tuningfork.classify.classify_pictures`, which explains
    ``frame_share`` and ``views``. Raises UnknownName if the network tells other classes apart
    than the rule, BadData if nothing is known of any galaxy or no picture can be read.
    """
    parts = [(model, galaxies)]
    return evaluate_folds(parts, rule, frame_share=frame_share, views=views, watch=watch)


def evaluate_folds(
    parts: Sequence[tuple[Model, GalaxySet]],
    rule: Rule,
    *,
    frame_share: float = 1.0,
    views: int = 1,
    watch: Watch = iter,
) -> Evaluation:
    """Let each network answer for galaxies of its own, parts of one set, and score all together.

    In cross-validation these are the galaxies that were kept from it. Raises what
    :func:`evaluate_set` does, and BadData for a galaxy that is in two parts.
    """
    _check_apart(parts)
    prepared = [_prepared(*part, rule, frame_share, views) for part in parts]
    known = [one for galaxies, _ in prepared for one in galaxies]
    rows = chain.from_iterable(
        classify(one.picture for one in galaxies) for galaxies, classify in prepared
    )
    started = time.perf_counter()
    answered, unreadable = _sorted(zip(known, watch(rows), strict=True))
    seconds = time.perf_counter() - started
    galaxies = parts[0][1]
    if not answered:
        raise BadData(f"{galaxies.folder}: no picture can be read; {unreadable[0].error}")
    return _evaluation(answered, galaxies, unreadable, rule, seconds)


def _check_apart(parts: Sequence[tuple[Model, GalaxySet]]) -> None:
    counted = Counter(name for _, part in parts for name in {one.id for one in part.galaxies})
    twice = next((name for name, count in counted.items() if count > 1), None)
    if twice is not None:
        raise BadData(
            f"{parts[0][1].folder}: galaxy {twice} was kept from two of these networks; give one "
            "network for each fold"
        )


def _prepared(
    model: Model, galaxies: GalaxySet, rule: Rule, frame_share: float, views: int
) -> tuple[list[Galaxy], Callable[[Iterable[Picture]], Iterator[Row]]]:
    """The galaxies of which something is known, and a network that is warm and can answer."""
    if set(model.card.classes) != set(rule.class_names):
        raise UnknownName(
            f"the network {model.card.name} tells {', '.join(model.card.classes)} apart, the rule "
            f"{rule.name} {', '.join(rule.class_names)}; choose the rule {model.card.rule}"
        )
    known = [one for one in galaxies.galaxies if _says_something(one.known, rule)]
    if not known:
        raise BadData(
            f"{galaxies.folder}: neither class nor votes are known of any galaxy in it "
            f"({len(galaxies.galaxies):,}); add a labels table, votes or class folders"
        )
    classify = partial(classify_pictures, model, frame_share=frame_share, views=views)
    # What is loaded and laid out at the first answer belongs to no picture's time.
    list(classify([_blank()]))
    return known, classify


def _blank() -> Picture:
    data = io.BytesIO()
    Image.new("RGB", (BLANK_SIDE, BLANK_SIDE)).save(data, "PNG")
    return Picture("blank", "blank", data.getvalue)


def _says_something(known: Known, rule: Rule) -> bool:
    return known.label is not None or known.votes is not None or _narrowed(known, rule)


def _narrowed(known: Known, rule: Rule) -> bool:
    """Tell whether just several classes are possible: fewer than all."""
    return known.label is None and 0 < len(known.possible) < len(rule.class_names)


def _sorted(pairs: Iterable[tuple[Galaxy, Row]]) -> tuple[list[Answered], tuple[Row, ...]]:
    answered: list[Answered] = []
    unreadable: list[Row] = []
    for galaxy, row in pairs:
        if row.classification is None:
            unreadable.append(row)
        else:
            answered.append(Answered(galaxy, row.classification))
    return answered, tuple(unreadable)


def _evaluation(
    answered: list[Answered],
    galaxies: GalaxySet,
    unreadable: tuple[Row, ...],
    rule: Rule,
    seconds: float,
) -> Evaluation:
    labelled = [one for one in answered if one.known.label is not None]
    voted = [one for one in answered if one.known.votes is not None and one.found.fractions]
    narrowed = [one for one in answered if _narrowed(one.known, rule)]
    fractions = vote_arrays(voted)
    within = sum(one.found.label in one.known.possible for one in narrowed)
    return Evaluation(
        scores=_scores(labelled, rule.class_names) if labelled else None,
        rmse=root_mean_square(*fractions),
        rmse_interval=bootstrap_error(np.square(fractions[0] - fractions[1])),
        voted=len(voted),
        within_possible=within / len(narrowed) if narrowed else None,
        narrowed=len(narrowed),
        unreadable=unreadable,
        problems=galaxies.problems,
        answers={one.id: one.found.label for one in labelled},
        truths={one.id: str(one.known.label) for one in labelled},
        answered=tuple(answered),
        seconds=seconds,
    )


def class_arrays(
    labelled: Iterable[Answered], classes: tuple[str, ...]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Give true places among the classes, (n,), and probabilities, (n, classes)."""
    pairs = [
        (classes.index(str(one.known.label)), [one.found.probabilities[name] for name in classes])
        for one in labelled
    ]
    truth = np.array([place for place, _ in pairs], dtype=np.intp)
    return truth, np.array([shares for _, shares in pairs]).reshape(-1, len(classes))


def vote_arrays(
    voted: Iterable[Answered], *, raw: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give predicted and known weighted fractions, both of shape (n, 37).

    ``raw`` asks for votes as volunteers gave them where debiased ones are known beside.
    """
    pairs = [(list(one.found.fractions.values()), _votes(one.known, raw=raw)) for one in voted]
    columns = len(TREE.columns)
    predicted = np.array([said for said, _ in pairs], dtype=np.float64).reshape(-1, columns)
    return predicted, np.array([votes for _, votes in pairs]).reshape(-1, columns)


def _votes(known: Known, *, raw: bool) -> NDArray[np.float64]:
    votes = known.raw if raw and known.raw is not None else known.votes
    return np.full(len(TREE.columns), np.nan) if votes is None else votes


def _scores(labelled: list[Answered], classes: tuple[str, ...]) -> Scores:
    truth, probabilities = class_arrays(labelled, classes)
    answers = np.array([classes.index(one.found.label) for one in labelled])
    return score(truth, answers, classes, probabilities)
