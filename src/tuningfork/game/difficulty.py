"""Difficulty: how sure the volunteers were, or the machine where nobody voted.

Galaxies of each class are put in order of the share that is for their true class, and parted into
thirds: the surest are easy, the least sure hard. Of a deck without votes the machine looks at up
to ``LOOKED_AT`` galaxies, which takes seconds, in the background.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping
from random import Random

from tuningfork.errors import TuningForkError
from tuningfork.game.deck import Deck, DeckGalaxy
from tuningfork.game.machine import Memory
from tuningfork.game.turnstile import aside
from tuningfork.game.volunteers import split

LEVELS = ("easy", "medium", "hard")
LOOKED_AT = 1200
PATIENCE = 20.0  # seconds that a player waits for the machine to have looked at the deck

_log = logging.getLogger(__name__)
Pool = Mapping[str, tuple[DeckGalaxy, ...]]


class Difficulties:
    """The thirds of one deck. ``start`` begins the machine's look; asking for a third awaits it."""

    def __init__(self, deck: Deck, memory: Memory) -> None:
        self._deck = deck
        self._memory = memory
        self._levels: Mapping[str, Pool] = {}
        self._known = threading.Event()
        self._once = threading.Lock()
        self._begun = False

    def start(self) -> None:
        """Begin in the background, unless it has begun."""
        with self._once:
            if self._begun:
                return
            self._begun = True
        threading.Thread(target=self._find, name="difficulties", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Begin unless it has begun, and wait so long for its end; whether it has ended."""
        self.start()
        with aside():
            return self._known.wait(seconds)

    def pool(self, level: str, had: Collection[str] = ()) -> Pool:
        """Give the galaxies of a level, by class; all, of no level or of a deck that is far.

        Raises TuningForkError while the machine is still looking.
        """
        if level not in LEVELS or self._deck.far:
            return self._deck.ready(had)
        if not self.wait(PATIENCE):
            raise TuningForkError(
                "The machine is still looking at this deck to tell easy from hard galaxies. "
                "Try again in a moment, or play galaxies of any difficulty."
            )
        return self._levels[level] or self._deck.ready(had)

    def _find(self) -> None:
        try:
            sureness = measure(self._deck, self._memory)
        except Exception:
            _log.exception("The deck could not be parted by difficulty")
            sureness = {}
        self._levels = thirds(self._deck, sureness)
        self._known.set()


def measure(deck: Deck, memory: Memory) -> Mapping[str, float]:
    """Tell the share for the true class of each galaxy: volunteers' votes, else the machine's.

    Of galaxies without votes a fixed sample is looked at, of each class alike; those whose
    picture cannot be read are left out.
    """
    found = {one.id: split(one.votes)[one.truth] for one in deck.galaxies if one.votes}
    chance = Random(deck.key)  # noqa: S311  (a sample, not a secret)
    for galaxies in deck.by_class.values():
        without = [one for one in galaxies if one.id not in found]
        for galaxy in chance.sample(without, min(len(without), LOOKED_AT // len(deck.by_class))):
            try:
                found[galaxy.id] = memory.answer(galaxy.read()).probabilities[galaxy.truth]
            except (OSError, TuningForkError) as error:
                _log.warning("Galaxy %s has no difficulty: %s", galaxy.id, error)
    return found


def thirds(deck: Deck, sureness: Mapping[str, float]) -> Mapping[str, Pool]:
    """Part the galaxies of each class into thirds by how sure one is of their class."""
    levels: dict[str, dict[str, tuple[DeckGalaxy, ...]]] = {level: {} for level in LEVELS}
    for name, galaxies in deck.by_class.items():
        known = sorted(
            (one for one in galaxies if one.id in sureness),
            key=lambda one: (-sureness[one.id], one.id),
        )
        for place, level in enumerate(LEVELS):
            part = known[place * len(known) // 3 : (place + 1) * len(known) // 3]
            if part:
                levels[level][name] = tuple(part)
    return levels
