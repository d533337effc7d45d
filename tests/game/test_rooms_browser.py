"""The classroom in a real browser: the board that lives, with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.game.browser import chromium, window
from tests.game.tiny_game import running

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the tiny deck."""
    with running(tmp_path_factory.mktemp("class")) as (base, _):
        yield base


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser once."""
    with chromium() as found:
        yield found


def _room(browser: Browser, address: str, *, scripts: bool = True) -> Page:
    """Open a room; give the teacher's page, which shows the board."""
    page = window(browser, scripts=scripts)
    page.goto(f"{address}rooms")
    page.get_by_role("button", name="Open a room").click()
    page.get_by_text("Nobody has joined yet.").wait_for()
    return page


def _join(browser: Browser, board: Page) -> Page:
    """Join as a pupil on a phone; give the page with the first galaxy."""
    page = window(browser, 390, 844)
    page.goto(board.url.removesuffix("/board"))
    page.get_by_role("button", name="Join").click()
    page.get_by_text("1 of 10").wait_for()
    return page


def test_board_lives_and_outlives_a_lost_network(browser: Browser, address: str) -> None:
    """Joining and answers appear without a reload; a lost network is told and mends itself."""
    board = _room(browser, address)
    pupil = _join(browser, board)
    board.get_by_text("0 of 10").wait_for()
    board.context.set_offline(True)
    board.get_by_text("The network is lost.").wait_for()
    pupil.get_by_role("button", name="Elliptical").click()
    pupil.wait_for_url("**/answer")
    board.context.set_offline(False)
    board.get_by_text("1 of 10").wait_for()
    assert board.locator(".trouble").inner_text() == ""
    for page in (pupil, board):
        page.context.close()


def test_board_lives_without_scripts(browser: Browser, address: str) -> None:
    """The page fetches itself anew, so that a pupil who joins appears."""
    board = _room(browser, address, scripts=False)
    pupil = _join(browser, board)
    board.get_by_text("0 of 10").wait_for()
    for page in (pupil, board):
        page.context.close()


def test_a_lesson_from_the_door_to_the_results(
    browser: Browser,
    address: str,
    tmp_path: Path,
) -> None:
    """Pages fit phones and projectors, print without the site's frame, and axe finds nothing."""
    board = _room(browser, address)
    pupil = _join(browser, board)
    board.get_by_text("0 of 10").wait_for()
    found = {"board": _faults(board), "hall": []}
    board.screenshot(path=tmp_path / "board.png", full_page=True)
    pupil.get_by_role("button", name="Spiral", exact=False).first.click()
    pupil.get_by_role("link", name="Next galaxy").click()
    assert "you are" in pupil.locator(".count").inner_text()
    pupil.screenshot(path=tmp_path / "pupil.png")
    _check_width(pupil, 390)
    pupil.goto(f"{address}rooms")
    found["hall"] = _faults(pupil)
    _check_width(pupil, 390)
    pupil.screenshot(path=tmp_path / "hall.png", full_page=True)
    board.get_by_role("button", name="Close the room").click()
    board.get_by_role("heading", name="Results of room").wait_for()
    found["results"] = _faults(board)
    board.screenshot(path=tmp_path / "results.png", full_page=True)
    assert board.locator(".lessons li").count() == 10
    with board.expect_download() as download:
        board.get_by_role("link", name="Table of all answers").click()
    assert download.value.suggested_filename.endswith(".csv")
    board.emulate_media(media="print")
    assert not board.locator("footer").is_visible()
    assert not board.locator("header.top").is_visible()
    board.screenshot(path=tmp_path / "print.png", full_page=True)
    assert found == {"board": [], "hall": [], "results": []}
    for page in (pupil, board):
        page.context.close()


def _check_width(page: Page, width: int) -> None:
    """Nothing sticks out sideways."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def _faults(page: Page) -> list[str]:
    """What axe-core has to say against the page."""
    response = Axe().run(page).response
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in response["violations"]]
