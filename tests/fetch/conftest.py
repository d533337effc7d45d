"""The services on this machine, and made-up data sets true in form."""

from tests.web.conftest import client, server

__all__ = ["client", "server"]
