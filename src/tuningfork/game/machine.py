"""The opponent, and the memory of what it said."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.exc import IntegrityError

from tuningfork.classify import Classifier, load
from tuningfork.classify.classifier import classifications
from tuningfork.errors import BadModel
from tuningfork.game.recent import Recent
from tuningfork.game.store import Opinion, Store
from tuningfork.game.turnstile import aside
from tuningfork.images.decode import decode
from tuningfork.votes.rules import CLASSES
from tuningfork.votes.tree import TREE

REMEMBERED = 2048  # answers kept in memory beside the store, a few kB each


@dataclass(frozen=True)
class Answer:
    """A class, the probability (0 to 1) of each class, and what else one run gave."""

    label: str
    probabilities: Mapping[str, float]
    fractions: Mapping[str, float] = field(default_factory=dict)
    """The 37 weighted vote fractions under their columns' names; empty if it gives none."""
    heat: bytes | None = None
    """The class activations, as a NumPy file of float16, shape (4, h, w), in the order of
    ``CLASSES``; None if it gives none."""


class Machine(Protocol):
    """Whatever can look at a picture and name a class."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def identity(self) -> str:
        """SHA-256 of what answers, so that its answers can be kept."""

    @property
    def view(self) -> float:
        """The part of a picture's shorter side that it looks at, in the middle; 0 to 1."""

    def answer(self, picture: bytes) -> Answer:
        """Look at an encoded picture. Raises UnreadableImage if it cannot be read."""


class Network:
    """A trained network as the opponent. Raises BadModel if it does not tell the four classes."""

    def __init__(self, classifier: Classifier) -> None:
        self._model = classifier.model
        card = classifier.model.card
        if set(card.classes) != set(CLASSES):
            raise BadModel(
                f"The network {card.name} tells {', '.join(card.classes)} apart, but the game is "
                f"about {', '.join(CLASSES)}. Choose another with --model."
            )
        self.name = card.name
        self.identity = card.sha256
        crop = card.preprocessing
        self.view = min(1.0, crop.input_pixels / crop.frame_pixels)
        self._order = [card.classes.index(name) for name in CLASSES]

    def answer(self, picture: bytes) -> Answer:
        """Look at an encoded picture, once. Raises UnreadableImage if it cannot be read."""
        card = self._model.card
        pixels = card.preprocessing.apply(decode(picture, "the picture"))
        given = self._model.answer(pixels[np.newaxis], more=True)
        found = classifications(card, given)[0]
        heat = None if given.heat is None else _packed(given.heat[0][self._order])
        return Answer(
            found.label,
            {name: float(found.probabilities[name]) for name in CLASSES},
            found.fractions,
            heat,
        )


def load_machine(model: str | None = None) -> Network:
    """Load the bundled network, or the one of that name or path, as the opponent."""
    return Network(load(model))


class Memory:
    """Asks the machine once for each picture and keeps the answer in the store."""

    def __init__(self, machine: Machine, store: Store) -> None:
        self.machine = machine
        self._store = store
        self._asking = threading.Lock()
        self._recent: Recent[str, Answer] = Recent(REMEMBERED)

    def answer(self, picture: bytes) -> Answer:
        """Give the machine's answer for an encoded picture."""
        name = hashlib.sha256(picture).hexdigest()
        found = self.kept(name)
        if found is not None:
            return found
        with aside(), self._asking:  # another thread may have asked meanwhile
            found = self.kept(name)
            if found is None:
                found = self.machine.answer(picture)
                self._keep(name, found)
                self._recent.put(name, found)
        return found

    def kept(self, name: str) -> Answer | None:
        """Give the answer for the picture of that SHA-256, if the machine has given it before."""
        found = self._recent.get(name)
        if found is not None:
            return found
        with self._store.reading() as session:
            opinion = session.get(Opinion, (name, self.machine.identity))
        if opinion is None:
            return None
        fractions = dict(zip(TREE.columns, opinion.fractions or (), strict=False))
        answer = Answer(opinion.label, opinion.probabilities, fractions, opinion.heat)
        self._recent.put(name, answer)
        return answer

    def _keep(self, name: str, answer: Answer) -> None:
        opinion = Opinion(
            picture=name,
            model=self.machine.identity,
            label=answer.label,
            probabilities=dict(answer.probabilities),
            fractions=[answer.fractions[column] for column in TREE.columns if answer.fractions],
            heat=answer.heat,
        )
        # A second server on this database may be faster, with the same answer.
        with suppress(IntegrityError), self._store.passing() as session:
            session.add(opinion)


def _packed(heat: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, heat.astype(np.float16))
    return buffer.getvalue()
