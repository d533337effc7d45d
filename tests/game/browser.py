"""Playwright's browser for the game's tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

PATIENCE = 120_000  # milliseconds: a busy machine is slow, not wrong


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium without a window, or skip."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no Chromium on this computer: apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


def window(
    browser: Browser,
    width: int = 1280,
    height: int = 800,
    *,
    scripts: bool = True,
    language: str = "en",
    still: bool = True,
) -> Page:
    """Open a window of a player who was never here; without motion unless it is wanted."""
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": height},
        java_script_enabled=scripts,
        locale=language,
        reduced_motion="reduce" if still else "no-preference",
    )
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def watch(page: Page, address: str) -> list[str]:
    """Note what the browser complains of, and whatever it asks elsewhere."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))

    def asked(request: Request) -> None:
        if not request.url.startswith((address, "data:")):
            heard.append(request.url)

    page.on("request", asked)
    return heard


def check_view(page: Page) -> None:
    """Nothing sticks out sideways, and every picture in sight is there."""
    page.wait_for_load_state()
    size = page.viewport_size
    assert size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], page.url
    for picture in page.locator("main img:visible").all():
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0"), page.url
