"""What every page keeps to: headers, plain markup, small weight, kind errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

import tuningfork.game
from tests.game.conftest import Player, make_deck
from tuningfork.game.deck import Deck
from tuningfork.game.pages import about

GAME = Path(tuningfork.game.__file__).parent


def _pages(player: Player) -> Iterator[tuple[str, TestResponse]]:
    """Every kind of page, once."""
    path = player.start()
    yield "home", player.get("/")
    yield "about", player.get("/about")
    yield "guide", player.get("/guide")
    yield "board", player.get("/board/ten/2026-11-23")
    yield "yours", player.get("/yours")
    yield "question", player.get(f"{path}/galaxy/1")
    yield "asked again", player.guess(path, 1, "")
    yield "too early", player.guess(path, 2, "spiral")
    yield "missing", player.get("/no/such/page")
    yield "expired", player.client.post("/round")
    player.play(path, ["spiral"] * 10)
    yield "answer", player.get(f"{path}/galaxy/1/answer")
    yield "end", player.get(f"{path}/end")


class _Reader(HTMLParser):
    """Notes what a page holds."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def test_pages_hold_no_script_or_style_inline_and_nothing_foreign(player: Player) -> None:
    """No inline script or style, and every picture, style and form is of this server."""
    for name, answer in _pages(player):
        page = _Reader()
        page.feed(answer.text)
        assert not {"style", "iframe", "object"} & set(page.tags), name
        assert re.findall(r"<script[^>]*>(.*?)</script>", answer.text, re.DOTALL) == [""], name
        for tag, attribute, value in page.attributes:
            assert attribute != "style", name
            assert not attribute.startswith("on"), name
            if attribute in {"src", "action"} or (tag, attribute) == ("link", "href"):
                assert value.startswith("/"), (name, value)


def test_pages_can_be_read_aloud(player: Player) -> None:
    """Every page has a language, a title, one main part, one first heading, described pictures."""
    titles = set()
    for name, answer in _pages(player):
        page = _Reader()
        page.feed(answer.text)
        assert ("html", "lang", "en") in page.attributes, name
        assert page.tags.count("main") == page.tags.count("h1") == 1, name
        assert page.tags.count("header") == page.tags.count("footer") == 1, name
        named = [tag for tag, attribute, _ in page.attributes if attribute == "aria-label"]
        assert page.tags.count("nav") == named.count("nav") >= 1, name
        described = [
            tag for tag, attribute, _ in page.attributes if (tag, attribute) == ("img", "alt")
        ]
        assert len(described) == page.tags.count("img"), name
        titles.add(re.search(r"<title>(.+?)</title>", answer.text)[1])  # type: ignore[index]
    assert len(titles) >= 7


def test_every_answer_carries_the_security_headers(player: Player) -> None:
    """A strict policy goes with pages, errors, redirects, pictures and styles alike."""
    path = player.start()
    answers = [answer for _, answer in _pages(player)]
    answers += [
        player.get(f"{path}/galaxy/1.jpg"),
        player.get(path),
        player.get("/static/style.css"),
    ]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"


def test_cookie_is_out_of_reach_of_scripts(player: Player) -> None:
    """The one cookie is HttpOnly and SameSite."""
    cookies = player.get("/").headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    assert cookies[0].startswith("tuningfork=")
    assert "HttpOnly" in cookies[0]
    assert "SameSite=Lax" in cookies[0]


def test_first_page_is_light(player: Player) -> None:
    """Home with everything that it asks for weighs at most 150 kB, its headers included."""
    page = player.get("/")
    asked = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    assert {name.rpartition(".")[2] for name in asked} == {"css", "js", "svg", "webp"}
    answers = [page, *(player.get(name) for name in asked)]
    weight = sum(len(one.data) + len(str(one.headers)) for one in answers)
    assert weight <= 150_000
    assert all(one.status_code == 200 for one in answers)


def test_errors_are_kind_pages(app: Flask, player: Player) -> None:
    """Wrong addresses, methods and oversized forms lead back to the start."""
    path = player.start()
    answers = {
        404: player.get(f"{path}/galaxy/11"),
        405: player.client.put("/about"),
        413: player.client.post("/round", data={"csrf_token": "x" * 20_000}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert "To the start" in answer.text
    assert "GET" in answers[405].headers["Allow"]
    for number in ("0", "99999999999999999999999", "-1", "one", "1.png"):
        assert player.get(f"{path}/galaxy/{number}").status_code == 404


def test_broken_page_tells_no_secrets(
    app: Flask, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unforeseen failure gives a page without its cause, which the log gets."""

    def fail() -> None:
        raise RuntimeError("private detail")

    monkeypatch.setattr(about, "current_game", fail)
    answer = player.get("/about")
    assert answer.status_code == 500
    assert "private detail" not in answer.text
    assert "Your answers so far are kept" in answer.text


def test_deck_without_a_readable_picture_says_so(make_app: Callable[..., Flask]) -> None:
    """When nothing can be drawn the player is told, and the server goes on."""
    deck = make_deck(1)
    for galaxy in deck.galaxies:
        object.__setattr__(galaxy, "read", lambda: Path("/nowhere/at/all.jpg").read_bytes())
    player = Player(make_app(deck))
    answer = player.client.post("/round", data={"csrf_token": player.form(player.get("/").text)})
    assert answer.status_code == 503
    assert "cannot be shown" in answer.text


def test_deck_is_called_what_it_is(make_app: Callable[..., Flask]) -> None:
    """Simulated galaxies are called simulated; a folder's truth is called its owner's."""
    simulated = Player(make_app())
    assert "simulated" in simulated.get("/").text
    assert "not photographs" in simulated.get("/about").text
    own = Player(make_app(Deck("my <sky>", simulated=False, galaxies=make_deck().galaxies)))
    assert "my &lt;sky&gt;" in own.get("/").text
    assert "not photographs" not in own.get("/about").text


def test_credits_are_complete(player: Player) -> None:
    """Everyone whose pictures and votes the network learned from is named."""
    page = player.get("/about").text
    for name in ("SDSS", "Galaxy Zoo", "Willett et al.", "Hart et al. 2016", "Lintott et al. 2011"):
        assert name in re.sub(r"\s+", " ", page)
    for name in ("Dieleman et al.", "Kaggle", "EFIGI", "Baillard et al. 2011"):
        assert name in re.sub(r"\s+", " ", page)


def test_motion_is_only_for_those_who_like_it() -> None:
    """Every animation and transition stands under prefers-reduced-motion: no-preference."""
    style = (GAME / "static" / "style.css").read_text("utf-8")
    moving = re.findall(
        r"@media \(prefers-reduced-motion: no-preference\) \{(.*?)\n\}", style, re.DOTALL
    )
    still = re.sub(
        r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}", "", style, flags=re.DOTALL
    )
    assert any("animation" in one for one in moving)
    assert not re.search(r"animation|transition|scroll-behavior", still)


def _light(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of a hexadecimal colour."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_have_contrast() -> None:
    """Text reaches 7 to 1, signs and what can be pressed 3 to 1, on sky and raised ground."""
    style = (GAME / "static" / "style.css").read_text("utf-8")
    colours = dict(re.findall(r"--(\w+): (#\w{6});", style))
    for ground in ("sky", "raised"):
        for name, least in (("text", 7), ("quiet", 7), ("star", 7), ("right", 7), ("wrong", 7)):
            ratio = (_light(colours[name]) + 0.05) / (_light(colours[ground]) + 0.05)
            assert ratio >= least, (name, ground)
        for name in ("edge", "machine", "people"):
            ratio = (_light(colours[name]) + 0.05) / (_light(colours[ground]) + 0.05)
            assert ratio >= 3, (name, ground)
