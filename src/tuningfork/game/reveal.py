"""What an answer's page shows once the guess is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuningfork.game.machine import Answer
from tuningfork.game.sentences import why
from tuningfork.game.state import Game
from tuningfork.game.store import Round, Turn
from tuningfork.game.volunteers import split


@dataclass(frozen=True)
class Reveal:
    """One galaxy's answer."""

    sentence: str
    volunteers: Mapping[str, float]
    """Shares of the four classes and of ``artifact``; empty where nobody voted."""
    heat_of: Sequence[str]
    """The classes whose heat can be shown: the machine's answer, and the truth if it is another;
    none where the machine gave no heat."""
    title: str
    """What astronomers call the galaxy; empty where they do not."""
    substitute: bool
    """A simulated galaxy in a deck of real ones, whose service did not answer."""


def reveal_of(game: Game, played: Round, turn: Turn) -> Reveal:
    """Gather what is told of an answered galaxy."""
    deck = game.deck_of(played)
    if deck is None:
        raise KeyError(played.deck)
    galaxy = deck.by_id[turn.galaxy]
    said = said_of(game, played, turn)
    labels = list(dict.fromkeys((turn.machine_label, turn.truth)))
    return Reveal(
        sentence=why(turn, galaxy, deck),
        volunteers=split(galaxy.votes),
        heat_of=labels if said is not None and said.heat is not None else [],
        title=galaxy.title,
        substitute=galaxy.simulated and not deck.simulated,
    )


def said_of(game: Game, played: Round, turn: Turn) -> Answer | None:
    """Find what the machine said of a turn's picture, as it was kept in the run that said it."""
    memory = game.memory_of(played.strength)
    if turn.picture is None or turn.model != memory.machine.identity:
        return None
    return memory.kept(turn.picture)
