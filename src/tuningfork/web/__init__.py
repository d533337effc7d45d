"""Polite requests to services on the internet."""

from tuningfork.web.client import Answer, Client, shared_client
from tuningfork.web.settings import Service, Settings, load_settings

__all__ = ["Answer", "Client", "Service", "Settings", "load_settings", "shared_client"]
