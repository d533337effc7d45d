"""The report in a real browser: phone, desk and paper."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

pytestmark = pytest.mark.browser

PATIENCE = 120_000  # milliseconds: a busy machine is slow, not wrong


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


def _open(browser: Browser, evaluated: Path, width: int, heard: list[str]) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: heard.append(message.text))
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith(("file:", "data:")) else heard.append(request.url)
        ),
    )
    page.goto((evaluated / "report.html").as_uri())
    return page


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_axe_finds_nothing_and_nothing_sticks_out(
    browser: Browser, evaluated: Path, width: int
) -> None:
    """Readable by all, at every width, silently and without asking anybody."""
    heard: list[str] = []
    page = _open(browser, evaluated, width, heard)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for picture in page.locator("img").all():
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert heard == []
    page.close()


def test_it_prints(browser: Browser, evaluated: Path) -> None:
    """On paper the contents are gone and nothing is wider than the page."""
    page = _open(browser, evaluated, 794, [])
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    assert page.pdf(format="A4")[:5] == b"%PDF-"
    page.close()


def test_nothing_is_cut_off_at_the_edge_of_the_paper(browser: Browser, evaluated: Path) -> None:
    """Between the margins, 182 mm or 688 pixels, every table and figure ends before the edge."""
    page = _open(browser, evaluated, 688, [])
    page.emulate_media(media="print")
    ends = page.locator("table, img").evaluate_all(
        "all => all.map(one => [one.getBoundingClientRect().right, one.textContent.slice(0, 40)])"
    )
    assert len(ends) > 20
    assert [one for one in ends if one[0] > 688.5] == []
    page.close()
