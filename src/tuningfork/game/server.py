"""Serving the game on this computer or its network."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask
from waitress.server import create_server  # type: ignore[import-untyped]
from waitress.wasyncore import close_all  # type: ignore[import-untyped]

from tuningfork.errors import TuningForkError
from tuningfork.game.turnstile import one_at_a_time

THREADS = 8
SWITCH_SECONDS = 0.001
"""How long a thread computes while another waits: Python's own 0.005 keeps the thread that takes in
requests from them for longer than an answer takes."""
LARGEST_BODY = 9 * 2**20
"""Bytes of a request: a picture to look at and its form. A larger one is not even taken in; what is
taken in stays in memory, so that nothing of a picture touches the disk."""
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (compared with, never listened to)


def serve(
    app: Flask,
    *,
    host: str,
    port: int,
    ready: Callable[[str], None],
    proxy: str | None = None,
) -> None:
    """Answer requests until Ctrl-C or SIGTERM; ``ready`` hears the address once it is open.

    ``port`` 0 takes any free one. ``proxy`` is the address of the one reverse proxy that is
    believed when it says who asks, for which host, and whether by https; nobody else is.
    Raises TuningForkError if the address cannot be had.
    """
    listener = _listen(host, port)
    sys.setswitchinterval(SWITCH_SECONDS)
    connections: dict[int, object] = {}
    server = create_server(
        one_at_a_time(app),
        sockets=[listener],
        threads=THREADS,
        ident="tuningfork",
        max_request_body_size=LARGEST_BODY,
        inbuf_overflow=LARGEST_BODY + 1,
        map=connections,
        clear_untrusted_proxy_headers=True,
        asyncore_use_poll=True,
        **_trust(proxy),
    )
    # That a request waits a moment for a free thread is no news for players.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    with _ending_by_signal():
        ready(address(host, listener.getsockname()[1]))
        server.run()  # ends by itself on Ctrl-C, after the requests in progress
    close_all(connections)


def _trust(proxy: str | None) -> dict[str, object]:
    if proxy is None:
        return {}
    return {
        "trusted_proxy": proxy,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
    }


@contextmanager
def _ending_by_signal() -> Iterator[None]:
    """Let Ctrl-C and a request to terminate end the server alike, and end this block.

    A shell script starts what runs in its background deaf to interrupts, hence the handler.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals; whoever serves from another ends it
        return
    before = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def address(host: str, port: int) -> str:
    """Where a browser on this computer finds the game."""
    shown = EVERYWHERE.get(host, host)
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


def _listen(host: str, port: int) -> socket.socket:
    listener = None
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":  # elsewhere this would let two games share one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(128)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise TuningForkError(_refusal(error, host, port)) from error
    return listener


def _refusal(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is already in use, perhaps by another game. "
            "Choose another with --port, or any free one with --port 0."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} may not be opened by this user. Choose one above 1023 with --port."
    return (
        f"The address {host} cannot be opened: {error.strerror or error}. "
        "Give one of this computer's addresses with --host, such as 127.0.0.1."
    )
