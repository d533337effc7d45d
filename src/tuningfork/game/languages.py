"""The languages of the pages: chosen by the browser, texts in gettext catalogues."""

from __future__ import annotations

from functools import cached_property

from babel import negotiate_locale
from babel.support import Translations
from flask import Flask, Response, g, has_app_context, request
from flask_babel import Babel, Domain, format_percent, get_locale, get_translations, gettext
from flask_babel.speaklater import LazyString

LANGUAGES = ("en", "es", "de", "fr")
"""English is in the templates; the others have a catalogue in ``translations``."""


class Languages(Babel):  # type: ignore[misc]  # flask_babel is untyped
    """Babel with one set of catalogues; its own would read their files anew at every request."""

    @cached_property
    def domain_instance(self) -> Domain:
        """The catalogues of the pages."""
        return Domain(domain=self.domain)


def install(app: Flask) -> None:
    """Answer each request in the language that its browser asks for, English if in none of ours."""
    Languages(app, default_locale="en", default_timezone="UTC", locale_selector=chosen)
    # A page has a hundred texts: the catalogue is found once for all of them.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _catalogue().ugettext(text),
        ngettext=lambda one, many, count: _catalogue().ungettext(one, many, count),
        pgettext=lambda context, text: _catalogue().upgettext(context, text),
        newstyle=True,
    )
    app.jinja_env.globals.update(language=language, percent=percent, brief_percent=brief_percent)
    app.after_request(_tell)


def _catalogue() -> Translations:
    """Give the catalogue of the present request's language."""
    found: Translations | None = g.get("catalogue")
    if found is None:
        found = g.catalogue = get_translations()
    return found


def _translated(text: str) -> str:
    return str(_catalogue().ugettext(text)) if has_app_context() else text


def _translated_in(context: str, text: str) -> str:
    return str(_catalogue().upgettext(context, text)) if has_app_context() else text


def lazy_gettext(text: str) -> LazyString:
    """Give a text that is translated when a page is written."""
    return LazyString(_translated, text)


def lazy_pgettext(context: str, text: str) -> LazyString:
    """Give a text that is translated, as said in some context, when a page is written."""
    return LazyString(_translated_in, context, text)


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
