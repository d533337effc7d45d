"""One honest sentence about an answer: whence the truth is, and what the machine made of it."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext

from tuningfork.game import words
from tuningfork.game.deck import Deck, DeckGalaxy
from tuningfork.game.languages import percent
from tuningfork.game.store import Turn
from tuningfork.game.volunteers import split

SURE = 0.9

_: Callable[..., str] = gettext


def why(turn: Turn, galaxy: DeckGalaxy, deck: Deck) -> str:
    """Say whence the truth comes, and how sure the machine was of it and of its own answer.

    Where volunteers voted, the truth comes from them, with their share.
    """
    sure = percent(turn.machine_probabilities[turn.machine_label])
    share = percent(turn.machine_probabilities[turn.truth])
    source = _source(turn.truth, galaxy, deck)
    if turn.machine_label != turn.truth:
        return _(
            "%(source)s; the machine took it for %(label)s (%(sure)s) and gave the truth "
            "%(share)s.",
            source=source,
            label=words.ARTICLES[turn.machine_label],
            sure=sure,
            share=share,
        )
    if turn.machine_probabilities[turn.truth] >= SURE:
        return _(
            "%(source)s; the machine had little doubt and gave it %(share)s.",
            source=source,
            share=share,
        )
    return _(
        "%(source)s; the machine was right but not sure: it gave it %(share)s.",
        source=source,
        share=share,
    )


def _source(truth: str, galaxy: DeckGalaxy, deck: Deck) -> str:
    if galaxy.votes:
        return _(
            "%(share)s of the volunteers saw %(sign)s",
            share=percent(split(galaxy.votes)[truth]),
            sign=words.SEEN[truth],
        )
    if deck.simulated or galaxy.simulated:
        return str(words.DRAWN[truth])
    if galaxy.title:
        return _(
            "%(title)s is %(label)s in the catalogue",
            title=galaxy.title,
            label=words.ARTICLES[truth],
        )
    return _("The deck's owner calls it %(label)s", label=words.ARTICLES[truth])
