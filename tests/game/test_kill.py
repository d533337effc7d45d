"""Killed in the middle of load, the game has every acknowledged guess, once."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from benchmarks.load import Tally, load
from sqlalchemy import select

from tests.game.tiny_game import running
from tuningfork.game.schema import Round, Turn
from tuningfork.game.store import Store

LOADS = 2
ENOUGH = 40  # guesses that must have been acknowledged before the kill


def test_acknowledged_guesses_outlive_sigkill(database: str, tmp_path: Path) -> None:
    """Two kills under load of a dozen players: what was acknowledged is there, as it was given.

    A guess on its way at the kill may be there or not; no round has more than one a galaxy, and
    the next server takes players at once.
    """
    said: list[tuple[str, int, str]] = []
    for _ in range(LOADS):
        with running(tmp_path / "data", database=database) as (address, process):
            tally = Tally()
            stop = threading.Timer(0, _kill_amid, (process, tally))
            stop.start()
            asyncio.run(load([address], rate=400, seconds=60, players=12, tally=tally))
            stop.join()
        assert tally.broken > 0, "the load ended before the kill"
        said += tally.acknowledged
    assert len(said) >= LOADS * ENOUGH
    assert len(set(said)) == len({(token, number) for token, number, _ in said}) == len(said)
    kept = _kept(database)
    assert {guess for guess in said if guess not in kept} == set()
    # Each of the killed players had at most one guess on its way.
    assert len(kept) <= len(said) + LOADS * 12


def _kill_amid(process: object, tally: Tally) -> None:
    while len(tally.acknowledged) < ENOUGH:
        threading.Event().wait(0.01)
    process.kill()  # type: ignore[attr-defined]


def _kept(database: str) -> set[tuple[str, int, str]]:
    store = Store(database)
    with store.reading() as session:
        wanted = select(Round.token, Turn.number, Turn.guess).join(Turn)
        rows = session.execute(wanted.where(Turn.guess.is_not(None))).all()
    store.close()
    assert len({(token, number) for token, number, _ in rows}) == len(rows)
    return {(token, number, str(guess)) for token, number, guess in rows}
