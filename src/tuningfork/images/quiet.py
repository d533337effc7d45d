"""Silence, safely among threads: what libraries warn of while they read other people's files."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Filters of warnings belong to the whole process, so only one thread may change them at a time.
_quiet = threading.RLock()


@contextmanager
def quietly() -> Iterator[None]:
    """Pass over warnings; one thread at a time."""
    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
