"""What went wrong with a request, whether it may pass, and what the service said of waiting."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping

from tuningfork.errors import ServiceFailed
from tuningfork.web.settings import Service

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses that a later attempt may not meet (RFC 9110, 15)."""
PATIENT = frozenset({429, 503})
"""Those with which a living service asks for patience (RFC 6585, 4; RFC 9110, 15.6.4)."""
LONGEST_WAIT = 120.0
"""Seconds; a service that asks for a longer wait is not waited for."""

_REASONS = {
    401: "wants a login, or does not know this one",
    403: "does not allow this",
    404: "has nothing there",
    410: "has nothing there any more",
    429: "asks to come back later",
}


class Refused(ServiceFailed):
    """An answer that says no; ``status`` is its HTTP status and ``body`` the first of its text."""

    def __init__(self, message: str, status: int, body: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class Passing(ServiceFailed):
    """Trouble that may pass; ``wait`` is how many seconds the service asked to wait, or None."""

    def __init__(self, message: str, wait: float | None = None, *, alive: bool = False) -> None:
        super().__init__(message)
        self.wait = wait
        self.alive = alive
        """Whether the service is up and only asks for patience."""


def check_status(service: Service, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Raise Passing or Refused unless the status is one of success."""
    if 200 <= status < 300:
        return
    reason = _REASONS.get(status, "fails" if status >= 500 else "refuses")
    message = f"{service.title} {reason} (HTTP {status} from {service.host})"
    if status not in PASSING:
        raise Refused(f"{message}; check what was asked for", status, _text(body))
    wait = retry_after(headers.get("retry-after")) if status in PATIENT else None
    if wait is not None and wait > LONGEST_WAIT:
        later = f"{message}; it asks to wait {wait:.0f} seconds, so try again after them"
        raise Refused(later, status, _text(body))
    raise Passing(f"{message}; try again later", wait, alive=wait is not None or status == 429)


def retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks to wait (RFC 9110, 10.2.3); None for none."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _text(body: bytes) -> str:
    return " ".join(body[:2000].decode("utf-8", "replace").split())
