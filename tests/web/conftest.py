"""The services on this machine, and a client that asks them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.loopback import Loopback, loopback
from tuningfork.web import Client, load_settings


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Run the services for one test."""
    with loopback() as found:
        yield found


@pytest.fixture
def client(server: Loopback, tmp_path: Path) -> Iterator[Client]:
    """A client with the loopback's addresses and empty folders of its own."""
    folders = {
        "TUNINGFORK_CACHE": str(tmp_path / "cache"),
        "TUNINGFORK_RECORDS": str(tmp_path / "records"),
    }
    found = Client(load_settings(server.environment(**folders)))
    yield found
    found.http.close()
