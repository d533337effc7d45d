"""Colour or shape? A network's accuracy where pictures lose the one, the other, or detail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuningfork.cores import cores
from tuningfork.data import Galaxy, GalaxySet
from tuningfork.errors import BadData, TuningForkError, UnknownName
from tuningfork.images.frame import Pixels
from tuningfork.images.framing import with_share
from tuningfork.images.reading import read_picture
from tuningfork.model.session import Model
from tuningfork.trust.changes import (
    CHANGES,
    FRAME,
    UNCHANGED,
    Batch,
    Change,
    mean_colours,
    middle,
    wide_preprocessing,
)
from tuningfork.votes.rules import Rule

TOGETHER = 128
"""Galaxies that are held at a time; colours are borrowed among them."""
AT_ONCE = 32
"""Pictures in one run of the network."""
SEED = 0

Watch = Callable[[int, int], None]
"""Told how many pictures have been answered, of how many."""


@dataclass(frozen=True)
class Probed:
    """What a network makes of pictures changed in one way."""

    name: str
    setting: str
    accuracy: float
    interval: tuple[float, float]
    """95 % interval of the accuracy (Wilson 1927)."""
    same: float
    """Share of galaxies that get the same answer as unchanged, right or wrong."""
    recall: Mapping[str, float | None]
    """Share of each true class that is recognised; None for a class without a galaxy."""
    answers: Mapping[str, int]
    """How often each class is the answer."""


@dataclass(frozen=True)
class Conflict:
    """Galaxies that wear another class's colour, and whose class is the answer."""

    count: int
    shape: int
    """The galaxy's own, to which the shape belongs."""
    colour: int
    """That of the galaxy which lent its colour."""


@dataclass(frozen=True)
class Probe:
    """A network's accuracy on a set under each change."""

    model: str
    recipe: str
    sha256: str
    data: str
    rule: str
    classes: tuple[str, ...]
    support: Mapping[str, int]
    """Galaxies of each class."""
    unreadable: tuple[str, ...]
    """Why pictures could not be read; these galaxies are in no figure."""
    colour_alone: float | None
    """Accuracy of a logistic regression on the galaxies' mean colour, cross-fitted in five parts:
    what colour by itself can reach here. None for fewer than five galaxies of some class."""
    conflict: Conflict
    results: tuple[Probed, ...]

    @property
    def count(self) -> int:
        """Galaxies probed."""
        return sum(self.support.values())

    @property
    def largest_share(self) -> float:
        """What always answering the commonest class would reach."""
        return max(self.support.values()) / self.count

    def of(self, name: str) -> tuple[Probed, ...]:
        """Give the results of one kind of change."""
        return tuple(one for one in self.results if one.name == name)

    def as_json(self) -> dict[str, Any]:
        """Give everything as JSON can hold it."""
        return {"count": self.count, "largest_share": self.largest_share} | asdict(self)


def probe(
    model: Model,
    galaxies: GalaxySet,
    rule: Rule,
    *,
    frame_share: float = 1.0,
    watch: Watch = lambda done, total: None,
) -> Probe:
    """Let a network answer for every galaxy whose class is known, under every change.

    ``frame_share`` is the pictures' width as a share of Galaxy Zoo's frame. The same set gives the
    same figures. Raises UnknownName if the network tells other classes apart than the rule, BadData
    if no class is known or no picture can be read.
    """
    if set(model.card.classes) != set(rule.class_names):
        raise UnknownName(
            f"the network {model.card.name} tells {', '.join(model.card.classes)} apart, the rule "
            f"{rule.name} {', '.join(rule.class_names)}; choose the rule {model.card.rule}"
        )
    known = [one for one in galaxies.galaxies if one.known.label is not None]
    if not known:
        raise BadData(
            f"{galaxies.folder}: the class of none of its {len(galaxies.galaxies)} galaxies is "
            "known; add a labels table, votes or class folders"
        )
    unreadable: list[str] = []
    answers, colours, truth, donors = [], [], [], []
    total = len(known) * len(CHANGES)
    done = 0
    rng = np.random.default_rng(SEED)
    for batch, labels in _batches(model, known, frame_share, unreadable, rng):
        places = np.array([model.card.classes.index(one) for one in labels])
        columns = []
        for change in CHANGES:
            columns.append(_answers(model, change, batch))
            done += len(places)
            watch(done, total)
        answers.append(np.stack(columns))
        colours.append(mean_colours(batch.pixels, batch.scale))
        truth.append(places)
        donors.append(np.roll(places, 1))
    if not truth:
        raise BadData(f"{galaxies.folder}: no picture can be read; {unreadable[0]}")
    found = _Answered(
        np.concatenate(answers, axis=1),
        np.concatenate(truth),
        np.concatenate(donors),
        np.concatenate(colours),
    )
    return _probe(model, galaxies, rule, found, tuple(unreadable))


@dataclass(frozen=True, eq=False)
class _Answered:
    answers: NDArray[np.intp]
    """Shape (changes, n): places of classes."""
    truth: NDArray[np.intp]
    donors: NDArray[np.intp]
    colours: NDArray[np.float64]


def _batches(
    model: Model,
    known: Sequence[Galaxy],
    frame_share: float,
    unreadable: list[str],
    rng: np.random.Generator,
) -> Iterator[tuple[Batch, list[str]]]:
    """Give readable galaxies in random order, each beside one that lends its colour."""
    preprocessing = wide_preprocessing(model.card.preprocessing)
    reading = with_share(None, frame_share)

    def read(galaxy: Galaxy) -> Pixels | str:
        try:
            shown = read_picture(galaxy.picture.read(), galaxy.picture.path, reading)
            return preprocessing.cut(shown.picture, shown.window)
        except TuningForkError as error:
            return str(error)

    # Sets may be sorted by class; a galaxy's neighbour should be any other.
    order = rng.permutation(len(known))
    parts = np.array_split(order, -(-len(known) // TOGETHER))
    with ThreadPoolExecutor(min(4, cores())) as pool:
        for part in parts:
            some = [known[int(place)] for place in part]
            results = list(pool.map(read, some))
            unreadable += [one for one in results if isinstance(one, str)]
            pixels = [one for one in results if not isinstance(one, str)]
            labels = [
                str(galaxy.known.label)
                for galaxy, one in zip(some, results, strict=True)
                if not isinstance(one, str)
            ]
            if pixels:
                wide = np.stack(pixels)
                scale = model.card.preprocessing.frame_pixels / FRAME
                yield Batch(wide, scale, np.roll(wide, 1, axis=0), rng), labels


def _answers(model: Model, change: Change, batch: Batch) -> NDArray[np.intp]:
    crops = middle(change.apply(batch), model.card.preprocessing.input_pixels)
    return np.concatenate(
        [
            model.answer(crops[start : start + AT_ONCE]).probabilities.argmax(axis=1)
            for start in range(0, len(crops), AT_ONCE)
        ]
    )


def _probe(
    model: Model,
    galaxies: GalaxySet,
    rule: Rule,
    found: _Answered,
    unreadable: tuple[str, ...],
) -> Probe:
    classes = model.card.classes
    counts = np.bincount(found.truth, minlength=len(classes))
    plain = found.answers[[one.name for one in CHANGES].index(UNCHANGED)]
    return Probe(
        model=model.card.name,
        recipe=model.card.recipe,
        sha256=model.card.sha256,
        data=galaxies.name,
        rule=rule.name,
        classes=classes,
        support=dict(zip(classes, counts.tolist(), strict=True)),
        unreadable=unreadable,
        colour_alone=_colour_alone(found.colours, found.truth),
        conflict=_conflict(found),
        results=tuple(
            _probed(change, answers, plain, found.truth, classes)
            for change, answers in zip(CHANGES, found.answers, strict=True)
        ),
    )


def _probed(
    change: Change,
    answers: NDArray[np.intp],
    plain: NDArray[np.intp],
    truth: NDArray[np.intp],
    classes: tuple[str, ...],
) -> Probed:
    from scipy.stats import binomtest

    right = answers == truth
    interval = binomtest(int(right.sum()), len(right)).proportion_ci(0.95, method="wilson")
    recall = {
        name: float(right[truth == place].mean()) if (truth == place).any() else None
        for place, name in enumerate(classes)
    }
    given = np.bincount(answers, minlength=len(classes))
    return Probed(
        name=change.name,
        setting=change.setting,
        accuracy=float(right.mean()),
        interval=(float(interval.low), float(interval.high)),
        same=float((answers == plain).mean()),
        recall=recall,
        answers=dict(zip(classes, given.tolist(), strict=True)),
    )


def _conflict(found: _Answered) -> Conflict:
    names = [one.name for one in CHANGES]
    answers = found.answers[names.index("another galaxy's colour")]
    differ = found.truth != found.donors
    return Conflict(
        count=int(differ.sum()),
        shape=int((answers == found.truth)[differ].sum()),
        colour=int((answers == found.donors)[differ].sum()),
    )


def _colour_alone(colours: NDArray[np.float64], truth: NDArray[np.intp]) -> float | None:
    """Cross-fit a logistic regression on ln(red / green) and ln(blue / green)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    present = np.bincount(truth)
    if len(present[present > 0]) < 2 or present[present > 0].min() < 5:
        return None
    features = np.log(colours[:, [0, 2]] / colours[:, [1]])
    fit = make_pipeline(StandardScaler(), PolynomialFeatures(2), LogisticRegression(max_iter=1000))
    parts = StratifiedKFold(5, shuffle=True, random_state=SEED)
    return float((cross_val_predict(fit, features, truth, cv=parts) == truth).mean())
