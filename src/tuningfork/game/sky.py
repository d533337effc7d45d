"""The deck of the real sky: pictures fetched when they are wanted, simulated ones if they fail.

Nothing is asked of a service before somebody chooses this deck. Then one thread fetches pictures
ahead, at the service's polite rate, each request with a short time-out; what came once is kept on
disk. A service that keeps failing is left alone for a while (``tuningfork.web.manners``).
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import ClassVar

from tuningfork.errors import ServiceFailed, TuningForkError
from tuningfork.game.deck import Deck, DeckGalaxy
from tuningfork.game.sky_catalogue import Catalogued, catalogued
from tuningfork.game.turnstile import aside
from tuningfork.sky.cutouts import SURVEYS, cutout
from tuningfork.web import Client, load_settings
from tuningfork.web.manners import CircuitOpen

TIMEOUT = 1.5
"""Seconds without a sign of life after which a request is given up; there is no second attempt."""
ENOUGH = 10
"""Galaxies that a round of the real sky needs before it begins."""
SILENCE = 2.0
"""Seconds without a new picture after which a player gets simulated galaxies."""
PATIENCE = 8.0
"""Seconds that a player waits at most while pictures do come."""

_log = logging.getLogger(__name__)


class Fetcher:
    """Fetches the pictures of some galaxies, one after the other, in the background."""

    def __init__(self, galaxies: Collection[Catalogued], client: Client) -> None:
        self._galaxies = {one.name: one for one in galaxies}
        self._client = client
        self._pictures: dict[str, bytes] = {}
        self._useless: set[str] = set()
        self._news = threading.Condition()
        self._working = False
        self._closed = False

    def here(self) -> frozenset[str]:
        """The names of the galaxies whose pictures are here."""
        with self._news:
            return frozenset(self._pictures)

    def picture(self, name: str) -> bytes:
        """Give a picture, from here, from disk or from the service. Raises TuningForkError."""
        with self._news:
            found = self._pictures.get(name)
        return self._fetch(self._galaxies[name]) if found is None else found

    def wait(self, had: Collection[str]) -> frozenset[str]:
        """Give the names of pictures that are here and not in ``had``.

        Starts fetching, and waits for ``ENOUGH`` as long as pictures come, ``SILENCE`` for each
        and ``PATIENCE`` in all.
        """
        self._start()
        end = time.monotonic() + PATIENCE
        with self._news:
            while True:
                found = frozenset(self._pictures) - frozenset(had)
                if len(found) >= ENOUGH or not self._working:
                    return found
                before = len(self._pictures)
                self._news.wait(min(SILENCE, end - time.monotonic()))
                if len(self._pictures) == before or time.monotonic() >= end:
                    return frozenset(self._pictures) - frozenset(had)

    def close(self) -> None:
        """Stop fetching and close the connections."""
        with self._news:
            self._closed = True
            while self._working:
                self._news.wait()
        self._client.http.close()

    def _start(self) -> None:
        with self._news:
            tried = len(self._pictures) + len(self._useless)
            if self._closed or self._working or tried == len(self._galaxies):
                return
            self._working = True
        threading.Thread(target=self._work, name="sky", daemon=True).start()

    def _work(self) -> None:
        try:
            for one in self._missing():
                if self._closed:
                    return
                self._try(one)
        except CircuitOpen as error:
            _log.info("The real sky has to wait: %s", error)
        except Exception:
            _log.exception("The real sky cannot be fetched")
        finally:
            with self._news:
                self._working = False
                self._news.notify_all()

    def _missing(self) -> list[Catalogued]:
        """Galaxies without a picture, the classes by turns, so that each is soon there."""
        chance = Random()  # noqa: S311  (the order is no secret)
        by_class: dict[str, list[Catalogued]] = {}
        for one in self._galaxies.values():
            if one.name not in self._pictures and one.name not in self._useless:
                by_class.setdefault(one.truth, []).append(one)
        for some in by_class.values():
            chance.shuffle(some)
        longest = max(map(len, by_class.values()), default=0)
        return [
            some[turn] for turn in range(longest) for some in by_class.values() if turn < len(some)
        ]

    def _try(self, one: Catalogued) -> None:
        try:
            data = self._fetch(one)
        except CircuitOpen:
            raise
        except ServiceFailed as error:
            _log.info("%s was not fetched: %s", one.name, error)
            return
        except TuningForkError as error:
            _log.info("%s is left out: %s", one.name, error)
            self._useless.add(one.name)
            return
        with self._news:
            self._pictures[one.name] = data
            self._news.notify_all()

    def _fetch(self, one: Catalogued) -> bytes:
        return cutout(one.ra, one.dec, one.frame_arcsec, client=self._client).data


@dataclass(frozen=True)
class SkyDeck(Deck):
    """Real galaxies, and simulated ones that take their place where the service fails."""

    fetcher: Fetcher = field(kw_only=True)
    far: ClassVar[bool] = True

    def ready(self, had: Collection[str] = ()) -> Mapping[str, tuple[DeckGalaxy, ...]]:
        """The real galaxies that are here, if they are enough for a round; else simulated ones."""
        with aside():
            here = self.fetcher.wait(had)
        enough = len(here) >= ENOUGH
        return {
            name: tuple(one for one in galaxies if (one.id in here if enough else one.simulated))
            for name, galaxies in self.by_class.items()
        }

    def close(self) -> None:
        """Stop fetching and close the connections."""
        self.fetcher.close()


def open_sky(substitutes: Deck, client: Client | None = None) -> SkyDeck:
    """Make the deck of the real sky; nothing is fetched yet. ``substitutes`` are simulated."""
    fetcher = Fetcher(catalogued(), client or polite_client())
    real = [
        DeckGalaxy(
            one.name,
            one.truth,
            lambda name=one.name: fetcher.picture(name),  # type: ignore[misc]
            title=f"{_spaced(one.name)} ({one.hubble})",
        )
        for one in catalogued()
    ]
    simulated = [
        replace(one, id=f"simulated/{one.id}", simulated=True) for one in substitutes.galaxies
    ]
    return SkyDeck("sky", simulated=False, galaxies=(*real, *simulated), fetcher=fetcher)


def polite_client() -> Client:
    """Give a client with the user's settings that has no time for a player to lose."""
    settings = load_settings()
    services = dict(settings.services)
    for name in SURVEYS:
        one = services[name]
        services[name] = replace(one, timeout=min(TIMEOUT, one.timeout), attempts=1)
    return Client(replace(settings, services=services))


def _spaced(name: str) -> str:
    """Write a name as astronomers do: NGC 5746 for NGC5746."""
    return re.sub(r"^(NGC|IC)0*", r"\1 ", name)
