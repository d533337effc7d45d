"""A touch screen in public: no way out, and the next visitor starts anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.game.browser import chromium, window
from tests.game.conftest import FakeMachine, Player, make_deck
from tests.game.tiny_game import running
from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.kiosk import IDLE_SECONDS, STAYING, WARNING_SECONDS


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Flask]:
    """Start the game as a kiosk."""
    app = create_app(GameConfig(make_deck(), FakeMachine(), tmp_path / "data", kiosk=True))
    yield app
    app.extensions["tuningfork"].close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser once."""
    with chromium() as found:
        yield found


def _round(player: Player) -> str:
    token = player.form(player.get("/").text)
    begun = player.client.post("/round", data={"csrf_token": token, "mode": "ten"})
    return str(begun.headers["Location"]).split("/galaxy")[0]


def test_a_whole_round_stays_in_the_kiosk(kiosk: Flask) -> None:
    """Every link of every page of a round leads to a page of a round, or to the first one."""
    player = Player(kiosk)
    pages = [player.get("/").text]
    path = _round(player)
    for number in range(1, 11):
        pages.append(player.get(f"{path}/galaxy/{number}").text)
        player.guess(path, number, "spiral")
        pages.append(player.get(f"{path}/galaxy/{number}/answer").text)
    pages.append(player.get(f"{path}/end").text)
    links = {link for page in pages for link in re.findall(r'<a[^>]+href="([^"#]+)"', page)}
    assert links
    for link in links:
        answer = player.get(link)
        if answer.status_code == 303 and answer.headers["Location"] == "/":
            continue
        assert link == "/" or link.startswith(path), link


def test_other_pages_lead_to_the_first(kiosk: Flask) -> None:
    """About, boards, rooms, uploads and unknown addresses all lead back to the start."""
    player = Player(kiosk)
    for page in ("/about", "/board", "/rooms", "/yours", "/guide", "/no/such/page", "/s/abc"):
        answer = player.get(page)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    known = {rule.endpoint for rule in kiosk.url_map.iter_rules()}
    assert known >= STAYING


def test_the_next_visitor_is_another_player(kiosk: Flask) -> None:
    """After the reset the round of before belongs to nobody here, and a new one can begin."""
    player = Player(kiosk)
    path = _round(player)
    assert player.get(path).status_code == 303
    assert player.get("/again").headers["Location"] == "/"
    assert player.get(path).status_code == 404
    assert _round(player) != path


def test_only_a_kiosk_has_a_reset(app: Flask) -> None:
    """At home nothing ends a player's session, and no page carries the kiosk's script."""
    player = Player(app)
    assert player.get("/again").status_code == 404
    assert "kiosk" not in player.get("/").text


@pytest.mark.browser
def test_an_idle_game_starts_again(browser: Browser, tmp_path: Path) -> None:
    """Nobody touches: a question, then the first page; a touch at the question goes on."""
    with running(tmp_path, kiosk=True) as (address, _):
        page = window(browser, 1080, 1920)
        page.clock.install()
        page.goto(address)
        page.get_by_role("button", name="Touch to play").click()
        page.get_by_text("1 of 10").wait_for()
        page.clock.run_for(1000 * IDLE_SECONDS + 500)
        page.get_by_role("button", name="Go on").click()
        assert page.get_by_text("1 of 10").count() == 1
        assert not page.get_by_role("dialog").is_visible()
        page.clock.run_for(1000 * IDLE_SECONDS + 500)
        page.get_by_role("dialog").wait_for()
        page.clock.run_for(1000 * WARNING_SECONDS + 500)
        page.get_by_role("button", name="Touch to play").wait_for()
        page.context.close()


@pytest.mark.browser
def test_nothing_leads_out_by_touch(browser: Browser, tmp_path: Path) -> None:
    """Targets are large, back stays, and no menu opens by a long press."""
    with running(tmp_path, kiosk=True) as (address, _):
        page = window(browser, 1080, 1920)
        page.goto(address)
        start = page.get_by_role("button", name="Touch to play")
        box = start.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 64
        start.click()
        page.get_by_text("1 of 10").wait_for()
        for button in page.locator(".four button").all():
            box = button.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 64
        press = "new MouseEvent('contextmenu', {bubbles: true, cancelable: true})"
        assert page.evaluate(f"!document.body.dispatchEvent({press})")
        page.evaluate("history.back()")
        page.wait_for_timeout(500)
        assert page.get_by_text("1 of 10").count() == 1
        page.context.close()
