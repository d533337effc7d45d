"""Manners towards a host: how often it is asked, and when it is left alone for a while."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tuningfork.errors import ServiceFailed

FAILURES = 6
"""Attempts failing one after the other, after which a host is not asked any more."""
REST = 60.0
"""Seconds for which it is then left alone; one attempt after them decides how it goes on."""


@dataclass
class _Host:
    next_turn: float = 0.0
    failures: int = 0
    closed_until: float = 0.0
    trying: bool = False
    last_trouble: str = ""


@dataclass
class Manners:
    """A rate and a circuit breaker for each host. Safe to use from several threads."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _hosts: dict[str, _Host] = field(default_factory=lambda: defaultdict(_Host))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_for_turn(self, host: str, rate: float) -> None:
        """Sleep until the host may be asked again, at most ``rate`` times a second.

        Raises CircuitOpen, at once, while the host is being left alone.
        """
        with self._lock:
            state = self._hosts[host]
            now = self.clock()
            self._check(state, host, now)
            turn = max(now, state.next_turn)
            state.next_turn = turn + 1 / rate
        if turn > now:
            self.sleep(turn - now)

    def hold(self, host: str, seconds: float) -> None:
        """Let nobody ask the host for some seconds, because it said so."""
        with self._lock:
            state = self._hosts[host]
            state.next_turn = max(state.next_turn, self.clock() + seconds)

    def succeeded(self, host: str) -> None:
        """Note that the host answered."""
        with self._lock:
            state = self._hosts[host]
            state.failures, state.closed_until, state.trying = 0, 0.0, False

    def failed(self, host: str, trouble: str) -> None:
        """Note that the host failed; after FAILURES in a row it is left alone for REST."""
        with self._lock:
            state = self._hosts[host]
            state.failures += 1
            state.trying = False
            state.last_trouble = trouble
            if state.failures >= FAILURES:
                state.closed_until = self.clock() + REST

    def _check(self, state: _Host, host: str, now: float) -> None:
        if not state.closed_until:
            return
        left = state.closed_until - now
        if left > 0 or state.trying:
            raise CircuitOpen(
                f"{host} failed {state.failures} times in a row ({state.last_trouble}) and is left "
                f"alone for {max(1, round(left))} seconds; check the connection, or try again "
                "after them"
            )
        state.trying = True


class CircuitOpen(ServiceFailed):
    """A host that failed so often that it is not asked for a while."""
