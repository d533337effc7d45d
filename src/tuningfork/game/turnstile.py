"""One request computes at a time, for the good of all.

Python runs one thread at a time. Threads that contend for it lose a third of the processor to
handing it over, and once a server is behind it stays behind. So requests go through a turnstile;
who waits for something else than Python, a network's answer or another service, steps aside.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

Application: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_turn = threading.Lock()  # of the process, as the interpreter's own
_mine = threading.local()


def one_at_a_time(application: Application) -> Application:
    """Give a WSGI application that begins to answer a request when the one before has answered."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with _turn:
            _mine.held = True
            try:
                return application(environ, start_response)
            finally:
                _mine.held = False

    return answer


@contextmanager
def aside() -> Iterator[None]:
    """Let other requests go first while this block waits or computes outside Python.

    Does nothing in a thread that is not answering a request.
    """
    if not getattr(_mine, "held", False):
        yield
        return
    _mine.held = False
    _turn.release()
    try:
        yield
    finally:
        _turn.acquire()
        _mine.held = True
