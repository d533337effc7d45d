"""The toy network, for sets of plain pictures."""

from tests.classify.conftest import model, toy

__all__ = ["model", "toy"]
