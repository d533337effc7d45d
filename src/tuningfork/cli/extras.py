"""Verbs that need an extra say so before they start."""

from __future__ import annotations

from importlib.util import find_spec

from tuningfork.errors import TuningForkError


def require_extra(extra: str, *packages: str) -> None:
    """Raise a TuningForkError with the install command if one of the packages is missing."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise TuningForkError(
            f"this needs {', '.join(missing)}; install with: pip install 'tuningfork[{extra}]'"
        )
