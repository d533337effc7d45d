"""Draw every page of a running game: ``python tools/screenshots.py ADDRESS [LANGUAGE ...]``.

Pictures go to ``screenshots/``, one for each page, size and language; what sticks out sideways and
what the browser complains of is printed. The README's three are those of the laptop in English.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "screenshots"
SIZES = {"phone": (390, 844), "laptop": (1280, 800), "kiosk": (1080, 1920)}
MINE = ROOT / "src/tuningfork/images/simulated/deck/barred_spiral/0bf0ca60.jpg"
PATIENCE = 120_000  # milliseconds
IN_README = {"question": "game-question", "heat": "game-answer", "end-top": "game-end"}


class Album:
    """Draws the pages of one window."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        page.on("console", lambda message: print(name, message.text))
        page.on("pageerror", lambda error: print(name, error))

    def shoot(self, what: str, *, whole: bool = False) -> None:
        """Draw the page as it is now; ``whole``: down to its foot."""
        self.page.wait_for_load_state("networkidle")
        path = FOLDER / f"{self.name}-{what}.png"
        self.page.screenshot(path=path, full_page=whole)
        size = self.page.viewport_size
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if size and width > size["width"]:
            print(f"{path.name}: {width} pixels wide")
        if self.name == "laptop-en" and what in IN_README:
            shutil.copy(path, ROOT / "docs" / "images" / f"{IN_README[what]}.png")


def play(album: Album, address: str) -> None:
    """Play a round and draw what comes."""
    page = album.page
    page.goto(address)
    album.shoot("home")
    page.locator(".options summary").click()
    album.shoot("options", whole=True)
    page.locator('button[value="ten"]').click()
    for number in range(1, 11):
        page.wait_for_url(f"**/galaxy/{number}")
        if number == 1:
            album.shoot("question")
            page.keyboard.press("g")
            album.shoot("guide-over-question")
            page.keyboard.press("Escape")
        page.keyboard.press(str(1 + number % 4))
        page.wait_for_url(f"**/galaxy/{number}/answer")
        if number == 1:
            album.shoot("answer", whole=True)
            page.keyboard.press("h")
            page.locator(".heat").first.evaluate("image => image.decode()")
            album.shoot("heat")
        page.keyboard.press("n")
    page.wait_for_url("**/end")
    album.shoot("end-top")
    page.locator(".every summary").click()
    album.shoot("end", whole=True)


def look_around(album: Album, address: str) -> None:
    """Draw the other pages."""
    page = album.page
    for place in ("guide", "about", "board", "rooms", "yours", "nothing"):
        page.goto(f"{address}{place}")
        album.shoot(place, whole=True)
    page.goto(f"{address}yours")
    page.locator("#picture").set_input_files(MINE)
    page.locator(".upload .go").click()
    page.locator(".verdict").wait_for()
    album.shoot("your-answer", whole=True)
    for mode in ("practice", "timed"):
        page.goto(address)
        page.locator(f'button[value="{mode}"]').click()
        page.wait_for_url("**/galaxy/1")
        page.keyboard.press("1")
        page.wait_for_url("**/answer" if mode == "practice" else "**/galaxy/2")
        album.shoot(mode, whole=True)


def _window(browser: Browser, size: tuple[int, int], language: str) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=language, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def main(address: str, *languages: str) -> None:
    """Draw everything at every size in the languages given, by default English."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for language in languages or ("en",):
            for name, size in SIZES.items():
                album = Album(_window(browser, size, language), f"{name}-{language}")
                play(album, address)
                look_around(album, address)
                album.page.context.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
