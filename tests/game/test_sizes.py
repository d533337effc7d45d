"""Every page in every language fits every screen, from 320 pixels to a 4K wall."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.game.browser import PATIENCE, check_view, chromium
from tests.game.conftest import draw_galaxy
from tests.game.tiny_game import running
from tuningfork.game.languages import LANGUAGES
from tuningfork.game.rooms import star_names

pytestmark = pytest.mark.browser

WITH_LONGEST_NAME = """name => {
    document.querySelector(".live tbody th").textContent = name;
    return document.documentElement.scrollWidth;
}"""
"""The board's width with a pupil of that name, before it is asked for again."""

SCREENS = [((320, 568), language) for language in LANGUAGES]
SCREENS += [((390, 844), "de"), ((390, 844), "fr"), ((1080, 1920), "es"), ((3840, 2160), "en")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve galaxies with votes against the bundled network, whose answer pages are the fullest."""
    with running(tmp_path_factory.mktemp("game"), real=True) as (base, _):
        yield base


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser once."""
    with chromium() as found:
        yield found


def _screen(browser: Browser, size: tuple[int, int], language: str) -> Page:
    """Open a window; the smaller ones are of phones and touch screens."""
    touch = size[0] < 1200
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale=language,
        reduced_motion="reduce",
        has_touch=touch,
        is_mobile=touch,
    )
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def _play(page: Page, address: str) -> None:
    page.goto(address)
    page.locator('button[value="ten"]').click()
    for number in range(1, 11):
        page.wait_for_url(f"**/galaxy/{number}")
        if number == 1:
            check_view(page)
            _check_choices_in_sight(page)
        page.keyboard.press(str(1 + number % 4))
        page.wait_for_url(f"**/galaxy/{number}/answer")
        check_view(page)
        page.keyboard.press("n")
    page.wait_for_url("**/end")
    page.locator(".every summary").click()
    check_view(page)


def _check_choices_in_sight(page: Page) -> None:
    """Nobody has to scroll from the galaxy to the four choices."""
    size = page.viewport_size
    assert size is not None
    for button in page.locator(".four button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= size["height"], button.inner_text()


@pytest.mark.parametrize(("size", "language"), SCREENS, ids=str)
def test_everything_fits(
    browser: Browser, address: str, tmp_path: Path, size: tuple[int, int], language: str
) -> None:
    """Nothing sticks out sideways of any page, and the choices are in sight with the galaxy."""
    page = _screen(browser, size, language)
    _play(page, address)
    for place in ("", "about", "guide", "board", "rooms", "yours", "nothing"):
        page.goto(f"{address}{place}")
        check_view(page)
    path = tmp_path / "mine.jpg"
    path.write_bytes(draw_galaxy("spiral", 3))
    page.goto(f"{address}yours")
    page.locator("#picture").set_input_files(path)
    page.locator(".upload .go").click()
    page.locator(".walk").wait_for()
    check_view(page)
    page.goto(f"{address}rooms")
    page.locator(".open-room .go").click()
    page.wait_for_url("**/board")
    pupil = _screen(browser, size, language)
    pupil.goto(page.url.removesuffix("/board"))
    check_view(pupil)
    pupil.locator("main .go").click()
    pupil.wait_for_url("**/galaxy/1")
    _check_choices_in_sight(pupil)
    pupil.keyboard.press("1")
    pupil.wait_for_url("**/answer")
    page.locator(".live tbody tr").wait_for()
    check_view(page)
    assert page.evaluate(WITH_LONGEST_NAME, max(star_names(), key=len)) <= size[0]
    page.locator(".way-in .go").click()
    page.wait_for_url("**/results")
    check_view(page)
    for one in (pupil, page):
        one.context.close()
