"""The languages of the pages: chosen by the browser, texts in gettext catalogues."""

from __future__ import annotations

from functools import cached_property

from babel import negotiate_locale
from babel.support import NullTranslations
from flask import Flask, Response, g, request
from flask_babel import Babel, Domain, format_percent, get_locale, gettext

LANGUAGES = ("en", "es", "de", "fr")
"""English is in the templates; the others have a catalogue in ``translations``."""


class Catalogues(Domain):
    """Catalogues that are read once for all requests, and found once for each."""

    def get_translations(self) -> NullTranslations:
        """Give the catalogue of the present request's language."""
        if "catalogue" not in g:
            g.catalogue = super().get_translations()
        found: NullTranslations = g.catalogue
        return found


class Languages(Babel):
    """Babel with one set of catalogues; its own would read their files anew at every request."""

    @cached_property
    def domain_instance(self) -> Catalogues:
        """The catalogues of the pages."""
        return Catalogues(domain=self.domain)


def install(app: Flask) -> None:
    """Answer each request in the language that its browser asks for, English if in none of ours."""
    Languages(app, default_locale="en", default_timezone="UTC", locale_selector=chosen)
    app.jinja_env.globals.update(language=language, percent=percent, brief_percent=brief_percent)
    app.after_request(_tell)


def chosen() -> str:
    """The best of our languages for the present request."""
    wanted = [name for name, quality in request.accept_languages if quality > 0]
    return negotiate_locale(wanted, LANGUAGES, sep="-") or "en"


def language() -> str:
    """The present language's code, as in ``<html lang>``."""
    return str(get_locale() or "en")


def percent(share: float) -> str:
    """Write a share of 0 to 1 in the language's way; never a 0 % or 100 % that is rounded."""
    if 0.995 <= share < 1:
        return str(gettext("over %(share)s", share=format_percent(0.99)))
    if 0 < share < 0.005:
        return str(gettext("under %(share)s", share=format_percent(0.01)))
    return str(format_percent(round(share, 2)))


def brief_percent(share: float) -> str:
    """Write a share as ``percent`` does, for tables: with a sign in place of a word."""
    if 0.995 <= share < 1:
        return f"> {format_percent(0.99)}"
    if 0 < share < 0.005:
        return f"< {format_percent(0.01)}"
    return percent(share)


def _tell(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers["Content-Language"] = language()
        response.vary.add("Accept-Language")
    return response
