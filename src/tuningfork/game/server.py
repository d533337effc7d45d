"""Serving the game on this computer or its network."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable

from flask import Flask
from waitress.server import create_server  # type: ignore[import-untyped]
from waitress.wasyncore import close_all  # type: ignore[import-untyped]

from tuningfork.errors import TuningForkError

THREADS = 8
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (compared with, never listened to)


def serve(app: Flask, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Answer requests until Ctrl-C. ``ready`` is called with the address once it is open.

    ``port`` 0 takes any free one. Raises TuningForkError if the address cannot be had.
    """
    listener = _listen(host, port)
    connections: dict[int, object] = {}
    server = create_server(
        app, sockets=[listener], threads=THREADS, ident="tuningfork", map=connections
    )
    ready(address(host, listener.getsockname()[1]))
    try:
        server.run()  # ends by itself on Ctrl-C, after the requests in progress
    finally:
        close_all(connections)


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
