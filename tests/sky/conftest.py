"""The services on this machine."""

from tests.web.conftest import client, server

__all__ = ["client", "server"]
