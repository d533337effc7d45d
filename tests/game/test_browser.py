"""Whole games in a real browser, in each mode, with and without scripts."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Response, expect

from tests.game.browser import check_view, chromium, watch, window
from tests.game.conftest import COMMENT, draw_galaxy, make_deck
from tests.game.tiny_game import running
from tuningfork.votes.rules import CLASSES

pytestmark = pytest.mark.browser

NAMES = ("Elliptical", "Spiral", "Barred spiral", "Edge-on spiral")


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


def _begin(page: Page, address: str, mode: str) -> None:
    page.goto(address)
    page.locator(f'button[value="{mode}"]').click()
    page.wait_for_url("**/galaxy/1")


def _choose(page: Page, label: str) -> None:
    page.locator(f'.four button[value="{label}"]').click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_whole_round(browser: Browser, address: str, width: int, scripts: bool) -> None:
    """From the first page to the result and again, by clicking what a player would click."""
    page = window(browser, width, 844 if width == 390 else 800, scripts=scripts)
    heard = watch(page, address)
    page.goto(address)
    page.get_by_role("button", name="Play a round").click()
    for number in range(1, 11):
        page.get_by_text(f"{number} of 10").wait_for()
        if scripts:
            check_view(page)
        _choose(page, "barred_spiral")
        page.get_by_role("heading", name="It is a").wait_for()
        page.get_by_role("link", name="Next galaxy" if number < 10 else "See the result").click()
    page.get_by_role("button", name="Play again").wait_for()
    if scripts:
        check_view(page)
    page.get_by_text("The round, galaxy by galaxy").first.click()
    assert page.locator(".every tbody tr").count() == 10
    assert page.locator(".confusion").count() == 2
    page.get_by_role("button", name="Play again").click()
    page.get_by_text("1 of 10").wait_for()
    assert heard == []
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("mode", ["daily", "streak", "practice", "timed"])
def test_a_whole_game_of_each_mode(
    browser: Browser, address: str, mode: str, scripts: bool
) -> None:
    """Each mode is played to its own end, with the same choices over and over."""
    page = window(browser, scripts=scripts)
    heard = watch(page, address)
    _begin(page, address, mode)
    for number in range(1, 13):
        _choose(page, "elliptical")
        page.wait_for_load_state()
        if mode == "timed":
            page.wait_for_url(f"**/galaxy/{number + 1}")
            assert page.locator(".before").count() == 1
            if number == 3:
                break
            continue
        page.wait_for_url(f"**/galaxy/{number}/answer")
        onward = page.locator("#onward")
        last = "See the result" in onward.inner_text()
        if mode == "practice" and number == 11:
            page.get_by_role("button", name="End the practice").click()
            break
        onward.click()
        if last:
            break
    if mode == "timed":
        assert page.locator(".clock").inner_text().endswith("s left")
    else:
        page.wait_for_url("**/end")
        page.get_by_role("heading", name="What was taken for what").wait_for()
    if mode == "streak":
        assert page.locator(".misses li").count() == 3
    assert heard == []
    page.context.close()


def test_clock_leads_to_the_end(browser: Browser, address: str) -> None:
    """When the minute is over the page goes to the result by itself."""
    page = window(browser)
    page.clock.install()
    _begin(page, address, "timed")
    assert "60 s" in page.locator(".clock").inner_text()
    page.clock.run_for(31_000)
    assert page.locator(".clock").inner_text() in {"29 s left", "30 s left"}
    with page.expect_request("**/round/*") as asked:
        page.clock.run_for(31_000)
    assert "/galaxy/" not in asked.value.url
    page.context.close()


def test_back_and_reload_do_not_cheat(browser: Browser, address: str) -> None:
    """After the answer, back leads to the answer again, and reloading counts nothing."""
    page = window(browser)
    _begin(page, address, "ten")
    _choose(page, "elliptical")
    page.wait_for_url("**/galaxy/1/answer")
    standing = page.locator(".standing").inner_text()
    page.go_back()
    page.wait_for_url("**/galaxy/1/answer")
    page.reload()
    assert page.locator(".standing").inner_text() == standing
    assert page.locator(".four button").count() == 0
    page.context.close()


def test_double_click_is_one_guess(browser: Browser, address: str) -> None:
    """An impatient double click lands on the answer, without an error or a reproach."""
    page = window(browser)
    _begin(page, address, "ten")
    page.locator('.four button[value="elliptical"]').dblclick()
    # The second click ends the first one's navigation, which waiting for that one would report.
    expect(page).to_have_url(re.compile("/galaxy/1/answer$"))
    assert page.get_by_role("alert").count() == 0
    assert page.get_by_text("1 of 10").count() == 1
    page.context.close()


def test_tab_and_enter_play_and_focus_is_seen(browser: Browser, address: str) -> None:
    """Tab and Enter lead through a galaxy, and the focused element has an outline."""
    page = window(browser, scripts=True)
    page.goto(address)
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    text = "(document.activeElement.querySelector('b') || document.activeElement).innerText"
    for name in ("Play a round", "Spiral", "Next galaxy"):
        for _ in range(16):
            page.keyboard.press("Tab")
            focused = page.evaluate(text).split("\n")[0].strip()
            if focused == name:
                break
        assert focused == name
        assert page.evaluate(outline) == "solid"
        with page.expect_navigation():
            page.keyboard.press("Enter")
    page.get_by_text("2 of 10").wait_for()
    page.context.close()


def test_keys_play_a_round(browser: Browser, address: str) -> None:
    """1 to 4 choose, N goes on, Z zooms, I inverts, G opens the guide, H the heat if there is."""
    page = window(browser)
    _begin(page, address, "ten")
    picture = page.locator(".eyepiece img").first
    plain = picture.evaluate("image => getComputedStyle(image).scale")
    page.keyboard.press("z")
    assert float(picture.evaluate("image => getComputedStyle(image).scale")) > float(plain)
    page.keyboard.press("ArrowLeft")
    assert page.locator(".eyepiece").evaluate("one => one.style.getPropertyValue('--x')") == "40%"
    page.keyboard.press("i")
    assert "invert" in picture.evaluate("image => getComputedStyle(image).filter")
    page.keyboard.press("g")
    assert page.locator("#guide").is_visible()
    assert page.locator("#guide .kinds li").count() == 4
    assert page.locator("#guide svg").count() == 4
    page.keyboard.press("1")  # while the guide is open, no guess
    page.keyboard.press("Escape")
    assert not page.locator("#guide").is_visible()
    for number in range(1, 11):
        page.wait_for_url(f"**/galaxy/{number}")
        page.keyboard.press(str(1 + number % 4))
        page.wait_for_url("**/answer")
        assert NAMES[number % 4] in page.locator(".answers dd").first.inner_text()
        page.keyboard.press("n")
    page.wait_for_url("**/end")
    page.context.close()


def test_tools_work_without_scripts(browser: Browser, address: str) -> None:
    """Zoom, invert and the field guide need no script."""
    page = window(browser, scripts=False)
    _begin(page, address, "ten")
    before = page.locator(".eyepiece").screenshot()
    page.locator("#zoom").check()
    zoomed = page.locator(".eyepiece").screenshot()
    page.locator("#invert").check()
    inverted = page.locator(".eyepiece").screenshot()
    lights = [
        sum(Image.open(io.BytesIO(one)).convert("L").histogram()[128:])
        for one in (before, zoomed, inverted)
    ]
    assert lights[0] < lights[1]
    assert lights[2] != lights[1]
    page.get_by_role("button", name="Guide").click()
    assert page.locator("#guide").is_visible()
    page.get_by_role("button", name="Close").click()
    assert not page.locator("#guide").is_visible()
    page.context.close()


def test_touch_plays_and_zooms(browser: Browser, address: str) -> None:
    """A finger zooms on the picture and chooses; keys are not hinted at."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(address)
    page.locator('button[value="ten"]').tap()
    page.wait_for_url("**/galaxy/1")
    page.locator(".eyepiece").tap()
    assert page.locator("#zoom").is_checked()
    for button in page.locator(".four button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
    assert page.locator("kbd:visible").count() == 0
    page.locator('.four button[value="spiral"]').tap()
    page.wait_for_url("**/answer")
    context.close()


@pytest.mark.parametrize("size", [(320, 568), (1080, 1920), (3840, 2160)], ids=str)
def test_nothing_sticks_out(browser: Browser, address: str, size: tuple[int, int]) -> None:
    """From the smallest phone to a wall no page scrolls sideways, in the longest language."""
    page = window(browser, *size, language="de")
    page.goto(address)
    check_view(page)
    page.locator("summary").first.click()
    check_view(page)
    page.locator('button[value="ten"]').click()
    for number in range(1, 11):
        if number == 1:
            check_view(page)
        _choose(page, "edge_on_spiral")
        page.wait_for_url("**/answer")
        if number == 1:
            check_view(page)
        page.locator("#onward").click()
        page.wait_for_load_state()
    check_view(page)
    page.locator(".every summary").click()
    check_view(page)
    for place in ("about", "guide", "board", "yours", "nothing"):
        page.goto(f"{address}{place}")
        check_view(page)
    page.context.close()


def test_two_players_at_once(browser: Browser, address: str) -> None:
    """Two windows with their own cookies play by turns and keep their own scores."""
    pages = [window(browser) for _ in range(2)]
    for page in pages:
        _begin(page, address, "ten")
    for number in range(1, 11):
        for page, label in zip(pages, ("spiral", "edge_on_spiral"), strict=True):
            _choose(page, label)
            page.wait_for_url(f"**/galaxy/{number}/answer")
            page.locator("#onward").click()
            page.wait_for_load_state()
    ends = [page.locator(".result .lead").inner_text() for page in pages]
    # The fake machine always says spiral: the first player equals it, whatever came.
    you, machine = ends[0].split(" of 10 right, the machine ")
    assert you.removeprefix("You had ") == machine.removesuffix(".")
    for page in pages:
        page.context.close()


def test_lost_cookie_in_the_middle_is_kind(browser: Browser, address: str) -> None:
    """Without the cookie the form is refused with words that lead on, and a new round works."""
    page = window(browser)
    _begin(page, address, "ten")
    page.context.clear_cookies()
    _choose(page, "spiral")
    page.get_by_role("heading", name="This page has waited too long").wait_for()
    page.get_by_role("link", name="To the start").click()
    page.get_by_role("button", name="Play a round").click()
    page.get_by_text("1 of 10").wait_for()
    page.context.close()


def test_restart_in_the_middle(browser: Browser, tmp_path: Path) -> None:
    """A page that was open while the server died sends its guess to the next server."""
    with running(tmp_path) as (address, process):
        page = window(browser)
        _begin(page, address, "ten")
        process.kill()
        process.wait(10)
    port = int(address.rsplit(":", 1)[1].strip("/"))
    with running(tmp_path, port=port):
        _choose(page, "spiral")
        page.wait_for_url("**/galaxy/1/answer")
        page.locator("#onward").click()
        page.get_by_text("2 of 10").wait_for()
    page.context.close()


def test_share_from_one_browser_to_another(browser: Browser, address: str) -> None:
    """The link in the text leads a friend through the same galaxies to both scores."""
    me, friend = window(browser), window(browser, scripts=False)
    _begin(me, address, "ten")
    pictures: list[list[str]] = [[], []]
    for number in range(1, 11):
        pictures[0].append(_picture(me))
        _choose(me, "spiral")
        me.wait_for_url(f"**/galaxy/{number}/answer")
        me.locator("#onward").click()
        me.wait_for_load_state()
    text = me.locator("#share-text").input_value()
    friend.goto(text.splitlines()[-1])
    friend.get_by_role("button", name="Play the same galaxies").click()
    for number in range(1, 11):
        friend.wait_for_url(f"**/galaxy/{number}")
        pictures[1].append(_picture(friend))
        _choose(friend, "elliptical")
        friend.locator("#onward").click()
        friend.wait_for_load_state()
    assert pictures[0] == pictures[1]
    friend.get_by_text("Your friend had").wait_for()
    me.reload()
    me.get_by_text("Friends who played your galaxies had").wait_for()
    for page in (me, friend):
        page.context.close()


def _picture(page: Page) -> str:
    address = page.locator(".eyepiece img").first.get_attribute("src")
    assert address
    root = page.url.split("/round/")[0]
    return hashlib.sha256(page.context.request.get(root + address).body()).hexdigest()


def test_no_byte_before_the_guess_tells(browser: Browser, address: str) -> None:
    """Every byte that the browser gets up to a guess is searched: no id, truth, share or hash.

    Static files are the same for every galaxy and hold each class alike, so they are searched for
    ids, pictures' hashes and the machine's figures only.
    """
    page = window(browser)
    got: list[tuple[str, bytes]] = []

    def keep(response: Response) -> None:
        body = response.body() if response.status == 200 else b""
        headers = dict(response.headers)
        if "/static/" in response.url:
            headers.pop("etag")  # of the file's time, size and path: any digits may be in it
        got.append((response.url, str(headers).encode() + body))

    page.on("response", keep)
    deck = make_deck()
    tells = {galaxy.id.encode() for galaxy in deck.galaxies}
    tells |= {hashlib.sha256(galaxy.read()).hexdigest()[:16].encode() for galaxy in deck.galaxies}
    tells |= {COMMENT, b"7861", b"0.07", b"79%", b"f" * 16}
    _begin(page, address, "ten")
    page.locator(".eyepiece img").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert len(got) >= 5
    for url, body in got:
        for tell in tells:
            assert tell not in body, (url, tell)
        if "/galaxy/1" in url and not url.endswith(".jpg"):
            counts = {body.count(f'value="{name}"'.encode()) for name in CLASSES}
            assert counts == {1}
    page.context.close()


def test_own_galaxy_by_upload(browser: Browser, address: str, tmp_path: Path) -> None:
    """A picture is chosen and sent; the answer shows it, without scripts as well."""
    path = tmp_path / "mine.jpg"
    path.write_bytes(draw_galaxy("spiral", 3))
    page = window(browser, scripts=False)
    page.goto(f"{address}yours")
    page.locator("#picture").set_input_files(path)
    page.get_by_role("button", name="Ask the machine").click()
    page.get_by_role("heading", name="The machine says: Spiral").wait_for()
    box = page.locator(".eyepiece img").first.bounding_box()
    assert box is not None
    assert box["width"] > 200
    page.context.close()


def test_copying_the_text(browser: Browser, address: str) -> None:
    """The button copies the text and says so."""
    page = window(browser)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _begin(page, address, "streak")
    for number in range(1, 25):
        _choose(page, "elliptical")
        page.wait_for_url(f"**/galaxy/{number}/answer")
        page.locator("#onward").click()
        page.wait_for_load_state()
        if page.url.endswith("/end"):
            break
    page.get_by_role("button", name="Copy the text").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#share-text").input_value()
    page.context.close()
