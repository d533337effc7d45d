"""The opponent, and the memory of what it said."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.exc import IntegrityError

from tuningfork.classify import Classifier, load
from tuningfork.errors import BadModel
from tuningfork.game.store import Opinion, Store
from tuningfork.votes.rules import CLASSES


@dataclass(frozen=True)
class Answer:
    """A class and the probability (0 to 1) of each class."""

    label: str
    probabilities: Mapping[str, float]


class Machine(Protocol):
    """Whatever can look at a picture and name a class."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def identity(self) -> str:
        """SHA-256 of what answers, so that its answers can be kept."""

    def answer(self, picture: bytes) -> Answer:
        """Look at an encoded picture. Raises UnreadableImage if it cannot be read."""


class Network:
    """A trained network as the opponent. Raises BadModel if it does not tell the four classes."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        card = classifier.model.card
        if set(card.classes) != set(CLASSES):
            raise BadModel(
                f"The network {card.name} tells {', '.join(card.classes)} apart, but the game is "
                f"about {', '.join(CLASSES)}. Choose another with --model."
            )
        self.name = card.name
        self.identity = card.sha256

    def answer(self, picture: bytes) -> Answer:
        """Look at an encoded picture. Raises UnreadableImage if it cannot be read."""
        found = self._classifier.classify(picture)
        probabilities = {name: float(found.probabilities[name]) for name in CLASSES}
        return Answer(found.label, probabilities)


def load_machine(model: str | None = None) -> Network:
    """Load the bundled network, or the one of that name or path, as the opponent."""
    return Network(load(model))


class Memory:
    """Asks the machine once for each picture and keeps the answer in the store."""

    def __init__(self, machine: Machine, store: Store) -> None:
        self.machine = machine
        self._store = store
        self._asking = threading.Lock()

    def answer(self, picture: bytes) -> Answer:
        """Give the machine's answer for an encoded picture."""
        key = (hashlib.sha256(picture).hexdigest(), self.machine.identity)
        kept = self._kept(key)
        if kept is not None:
            return kept
        with self._asking:  # another thread may have asked meanwhile
            kept = self._kept(key)
            if kept is not None:
                return kept
            answer = self.machine.answer(picture)
            self._keep(key, answer)
        return answer

    def _kept(self, key: tuple[str, str]) -> Answer | None:
        with self._store.reading() as session:
            found = session.get(Opinion, key)
        return None if found is None else Answer(found.label, found.probabilities)

    def _keep(self, key: tuple[str, str], answer: Answer) -> None:
        picture, model = key
        opinion = Opinion(
            picture=picture,
            model=model,
            label=answer.label,
            probabilities=dict(answer.probabilities),
        )
        try:
            with self._store.writing() as session:
                session.add(opinion)
        except IntegrityError:
            pass  # a second server on this database was faster, with the same answer
