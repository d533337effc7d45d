"""Polite requests to services on the internet."""
