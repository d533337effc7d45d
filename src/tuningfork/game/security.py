"""Headers and forms: nothing foreign runs in the pages, nothing is kept by browsers."""

from __future__ import annotations

from flask import Flask, Response, request, session
from flask_wtf import CSRFProtect

# Pages have no script, and their styles and pictures come from this server only.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def protect(app: Flask) -> None:
    """Ask every form for its token, and send the headers with every answer."""
    CSRFProtect(app)
    app.before_request(_last)
    app.after_request(_add_headers)


def _last() -> None:
    session.permanent = True  # else the cookie would be gone with the browser's window


def _add_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    if request.endpoint != "static":
        # Going back asks the server again, so that an answered galaxy shows its answer.
        response.headers["Cache-Control"] = "private, no-store"
    return response
