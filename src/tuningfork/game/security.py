"""Headers and forms: nothing foreign runs in the pages, nothing is kept by browsers."""

from __future__ import annotations

from flask import Flask, Response, g, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect

# Scripts, styles and pictures come from this server's files only; nothing stands in the pages.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
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
ONLY_ENCRYPTED = "max-age=31536000"  # a year: ask for this server by https only
WITHOUT_COOKIE = {"static", "health.healthz", "pictures.picture", "pictures.heat"}
"""Endpoints whose answers do not set the cookie anew; pages do, so that it lasts from the last."""


class Sessions(SecureCookieSessionInterface):
    """The signed cookie; sent over https only, where the page came over https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the present request is encrypted, as the server or its proxy saw it."""
        return request.is_secure or super().get_cookie_secure(app)


def protect(app: Flask) -> None:
    """Ask every form for its token, and send the headers with every answer."""
    app.session_interface = Sessions()
    CSRFProtect(app)
    app.before_request(_last)
    app.after_request(_add_headers)


def _last() -> None:
    if request.endpoint not in WITHOUT_COOKIE:
        session.permanent = True  # else the cookie would be gone with the browser's window


def _add_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    if g.get("pictures_inside"):
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
            "img-src 'self'", "img-src 'self' data:"
        )
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = ONLY_ENCRYPTED
    if request.endpoint != "static":
        # Going back asks the server again, so that an answered galaxy shows its answer.
        response.headers["Cache-Control"] = "private, no-store"
    return response
