"""Drawing galaxies: every class alike, none again to a player before all others were."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from random import Random

from sqlalchemy import func, select

from tuningfork.game.deck import DeckGalaxy
from tuningfork.game.store import Round, Store, Turn

Pool = Mapping[str, tuple[DeckGalaxy, ...]]


def candidates(
    pool: Pool, chance: Random, seen: Mapping[str, int], without: Collection[str] = ()
) -> Iterator[DeckGalaxy]:
    """Give the galaxies of a pool in the order in which a round takes them.

    First those that the player has seen least (``seen``: how often, by id), so that none comes
    again before the deck is used up. Among those every class comes once; what else comes is drawn
    with equal chance for each class, so that counting the classes seen says nothing about the
    next. Galaxies whose ids are in ``without`` do not come.
    """
    times = sorted({seen.get(one.id, 0) for galaxies in pool.values() for one in galaxies})
    for lap in times:
        left = {
            name: [one for one in galaxies if seen.get(one.id, 0) == lap and one.id not in without]
            for name, galaxies in pool.items()
        }
        yield from _balanced({name: some for name, some in left.items() if some}, chance)


def _balanced(left: dict[str, list[DeckGalaxy]], chance: Random) -> Iterator[DeckGalaxy]:
    once = chance.sample(sorted(left), k=len(left))
    while left:
        name = once.pop() if once else chance.choice(sorted(left))
        yield left[name].pop(chance.randrange(len(left[name])))
        if not left[name]:
            del left[name]


def times_seen(store: Store, deck: str, player: str) -> Mapping[str, int]:
    """Tell how often a player was shown each galaxy of a deck, doubled.

    A galaxy that was drawn in a round but not yet shown counts one, so that it comes after those
    never drawn and before those seen.
    """
    drawn = (
        select(Turn.galaxy, func.count(), func.count(func.coalesce(Turn.shown, Turn.answered)))
        .join(Round, Turn.round_id == Round.id)
        .where(Round.player == player, Round.deck == deck)
        .group_by(Turn.galaxy)
    )
    with store.reading() as session:
        found = session.execute(drawn).all()
    return {galaxy: 2 * shown or 1 for galaxy, _, shown in found}
