"""A whole round in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.game.tiny_game import running

pytestmark = pytest.mark.browser

WIDTHS = {390: 844, 1280: 800}
PATIENCE = 120_000  # milliseconds: a busy machine is slow, not wrong


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the tiny deck."""
    with running(tmp_path_factory.mktemp("game")) as (base, _):
        yield base


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium without a window."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium on this computer: apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


def _watch(page: Page, address: str) -> list[str]:
    """Note what the browser complains of, and whatever it asks elsewhere."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))

    def asked(request: Request) -> None:
        if not request.url.startswith(address):
            heard.append(request.url)

    page.on("request", asked)
    return heard


def _open(browser: Browser, width: int = 1280, height: int = 800, *, scripts: bool = True) -> Page:
    """Open a window of a player who was never here."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=scripts
    )
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def _check_view(page: Page, width: int) -> None:
    """Nothing sticks out sideways, and the galaxy is there."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for picture in page.locator("main img").all():
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_whole_round(
    browser: Browser, address: str, tmp_path: Path, width: int, scripts: bool
) -> None:
    """From the first page to the result and again, by clicking what a player would click."""
    page = _open(browser, width, WIDTHS[width], scripts=scripts)
    heard = _watch(page, address)
    page.goto(address)
    page.screenshot(path=tmp_path / "home.png")
    page.get_by_role("button", name="Play a round").click()
    for number in range(1, 11):
        page.get_by_text(f"{number} of 10").wait_for()
        if scripts:
            _check_view(page, width)
        if number == 1:
            page.screenshot(path=tmp_path / "guess.png")
        page.get_by_role("button", name="Barred spiral").click()
        page.get_by_role("heading", name="It is a").wait_for()
        if number == 1:
            page.screenshot(path=tmp_path / "answer.png")
        page.get_by_role("link", name="Next galaxy" if number < 10 else "See the result").click()
    page.get_by_role("button", name="Play again").wait_for()
    if scripts:
        _check_view(page, width)
    assert page.locator("table tbody tr").count() == 10
    page.screenshot(path=tmp_path / "end.png", full_page=True)
    page.get_by_role("button", name="Play again").click()
    page.get_by_text("1 of 10").wait_for()
    page.get_by_role("link", name="About").click()
    page.screenshot(path=tmp_path / "about.png", full_page=True)
    assert heard == []
    page.context.close()


def test_back_and_reload_do_not_cheat(browser: Browser, address: str) -> None:
    """After the answer, back leads to the answer again, and reloading counts nothing."""
    page = _open(browser)
    page.goto(address)
    page.get_by_role("button", name="Play a round").click()
    page.get_by_role("button", name="Elliptical").click()
    page.wait_for_url("**/galaxy/1/answer")
    standing = page.locator(".standing").inner_text()
    page.go_back()
    page.wait_for_url("**/galaxy/1/answer")
    page.reload()
    assert page.locator(".standing").inner_text() == standing
    assert page.get_by_role("button").count() == 0
    page.context.close()


def test_double_click_is_one_guess(browser: Browser, address: str) -> None:
    """An impatient double click lands on the answer, without an error or a reproach."""
    page = _open(browser)
    page.goto(address)
    page.get_by_role("button", name="Play a round").click()
    page.get_by_role("button", name="Elliptical").dblclick()
    page.wait_for_url("**/galaxy/1/answer")
    assert page.get_by_role("alert").count() == 0
    assert page.get_by_text("1 of 10").count() == 1
    page.context.close()


def test_keyboard_plays_and_focus_is_seen(browser: Browser, address: str) -> None:
    """Tab and Enter lead through a galaxy, and the focused element has an outline."""
    page = _open(browser)
    page.goto(address)
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    for name in ("Play a round", "Spiral", "Next galaxy"):
        for _ in range(12):
            page.keyboard.press("Tab")
            focused = page.evaluate("document.activeElement.innerText.split('\\n')[0].trim()")
            if focused == name:
                break
        assert focused == name
        assert page.evaluate(outline) == "solid"
        with page.expect_navigation():
            page.keyboard.press("Enter")
    page.get_by_text("2 of 10").wait_for()
    page.context.close()


def test_nothing_sticks_out_at_320_pixels(browser: Browser, address: str) -> None:
    """The smallest screens show question, answer and end without scrolling sideways."""
    page = _open(browser, 320, 568)
    page.goto(address)
    _check_view(page, 320)
    page.get_by_role("button", name="Play a round").click()
    for number in range(1, 11):
        _check_view(page, 320)
        page.get_by_role("button", name="Edge-on spiral").click()
        page.get_by_role("heading", name="It is a").wait_for()
        _check_view(page, 320)
        page.get_by_role("link", name="Next galaxy" if number < 10 else "See the result").click()
    _check_view(page, 320)
    page.goto(f"{address}about")
    _check_view(page, 320)
    page.context.close()
