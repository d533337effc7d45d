"""axe-core on every page (WCAG 2.2 A and AA, and best practices), and what it cannot see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.game.browser import chromium, window
from tests.game.conftest import draw_galaxy
from tests.game.tiny_game import running

pytestmark = pytest.mark.browser

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the tiny deck."""
    with running(tmp_path_factory.mktemp("game")) as (base, _):
        yield base


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser once."""
    with chromium() as found:
        yield found


def _check(page: Page) -> None:
    # The browser lets pages behind others wait, perhaps for good, and axe waits with them.
    page.bring_to_front()
    page.wait_for_load_state()
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


@pytest.mark.parametrize(
    ("size", "language"),
    [((390, 844), "de"), ((1280, 800), "en")],
    ids=["phone in German", "laptop in English"],
)
def test_axe_finds_nothing_on_any_page(
    browser: Browser, address: str, tmp_path: Path, size: tuple[int, int], language: str
) -> None:
    """Home, question, guide, answer, practice, clock, end, share, board, upload, errors."""
    page = window(browser, *size, language=language)
    page.goto(address)
    page.locator("summary").first.click()
    _check(page)
    page.locator('button[value="ten"]').click()
    page.wait_for_url("**/galaxy/1")
    _check(page)
    page.keyboard.press("g")
    _check(page)
    page.keyboard.press("Escape")
    for number in range(1, 11):
        page.wait_for_url(f"**/galaxy/{number}")
        page.keyboard.press(str(1 + number % 4))
        page.wait_for_url(f"**/galaxy/{number}/answer")
        if number == 1:
            _check(page)
        page.keyboard.press("n")
    page.wait_for_url("**/end")
    page.locator(".every summary").click()
    _check(page)
    link = page.locator(".share-do a").get_attribute("href")
    assert link
    friend = window(browser, *size, language=language)
    friend.goto(link)
    _check(friend)
    friend.context.close()
    for place in ("about", "guide", "board", "yours", "nothing"):
        page.goto(f"{address}{place}")
        _check(page)
    path = tmp_path / "mine.jpg"
    path.write_bytes(draw_galaxy("spiral", 3))
    page.goto(f"{address}yours")
    page.locator("#picture").set_input_files(path)
    page.locator(".upload .go").click()
    page.locator(".verdict").wait_for()
    _check(page)
    for mode in ("practice", "timed"):
        page.goto(address)
        page.locator(f'button[value="{mode}"]').click()
        page.wait_for_url("**/galaxy/1")
        _check(page)
        page.keyboard.press("1")
        page.wait_for_url("**/answer" if mode == "practice" else "**/galaxy/2")
        _check(page)
    page.context.close()


@pytest.mark.parametrize("language", ["fr", "es"])
def test_axe_finds_nothing_in_a_classroom(browser: Browser, address: str, language: str) -> None:
    """Hall, door, live board, results, a closed door, and the board of the day with its places."""
    teacher = window(browser, language=language)
    teacher.goto(f"{address}rooms")
    teacher.locator("summary").click()
    _check(teacher)
    teacher.locator(".open-room .go").click()
    teacher.wait_for_url("**/board")
    _check(teacher)
    door = teacher.url.removesuffix("/board")
    pupil = window(browser, 390, 844, language=language)
    pupil.goto(door)
    _check(pupil)
    pupil.locator("main .go").click()
    for number in range(1, 11):
        pupil.wait_for_url(f"**/galaxy/{number}")
        pupil.keyboard.press("1")
        pupil.wait_for_url("**/answer")
        if number == 1:
            _check(pupil)
        pupil.keyboard.press("n")
    pupil.wait_for_url("**/end")
    _check(pupil)
    pupil.locator("main .go").click()
    pupil.wait_for_url("**/board")
    _check(pupil)
    teacher.locator(".live tbody tr").wait_for()
    _check(teacher)
    teacher.locator(".way-in .go").click()
    teacher.wait_for_url("**/results")
    _check(teacher)
    late = window(browser, 390, 844, language=language)
    late.goto(door)
    _check(late)
    for one in (teacher, pupil, late):
        one.context.close()


def test_axe_finds_nothing_in_a_kiosk(browser: Browser, tmp_path: Path) -> None:
    """First page, question, answer with its heat, and the question whether somebody is there."""
    with running(tmp_path, kiosk=True, real=True) as (base, _):
        page = window(browser, 1080, 1920)
        page.goto(base)
        _check(page)
        page.locator(".go").first.click()
        page.wait_for_url("**/galaxy/1")
        _check(page)
        page.locator(".four button").first.click()
        page.wait_for_url("**/answer")
        page.locator("input[name=heat]").nth(1).check()
        _check(page)
        page.evaluate("document.querySelector('.idle').showModal()")
        _check(page)
        page.context.close()


def test_landmarks_lead_through_the_game(browser: Browser, address: str) -> None:
    """Each page has one main part, a header, a named navigation and one first heading."""
    page = window(browser)
    page.goto(address)
    page.locator('button[value="ten"]').click()
    page.wait_for_url("**/galaxy/1")
    for role in ("main", "banner", "navigation", "contentinfo"):
        assert page.get_by_role(role).count() == 1, role
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("form", name="What is it?").count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.context.close()


def test_choices_differ_by_more_than_colour(browser: Browser, address: str) -> None:
    """Without any colour right and wrong still differ: each sign has a shape and a word."""
    page = window(browser)
    page.goto(address)
    page.locator('button[value="practice"]').click()
    page.wait_for_url("**/galaxy/1")
    page.keyboard.press("1")
    page.wait_for_url("**/answer")
    for mark in page.locator(".mark").all():
        kind = "right" if "right" in str(mark.get_attribute("class")) else "wrong"
        assert mark.inner_text() == kind
        path = mark.locator("path").get_attribute("d")
        assert (path == "M3 8.5 6.5 12 13 4.5") == (kind == "right")
    page.context.close()


def test_reduced_motion_is_respected(browser: Browser, address: str) -> None:
    """Who asks for less motion sees no animation; others see the galaxy fade in."""
    names = []
    for still in (True, False):
        page = window(browser, still=still)
        page.goto(address)
        page.locator('button[value="practice"]').click()
        page.wait_for_url("**/galaxy/1")
        look = "getComputedStyle(document.querySelector('.eyepiece img')).animationName"
        names.append(page.evaluate(look))
        page.context.close()
    assert names == ["none", "appear"]
