"""The server on real sockets."""

from __future__ import annotations

import http.cookiejar
import re
import signal
import socket
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from flask import Flask

from tests.game.tiny_game import running
from tuningfork.errors import TuningForkError
from tuningfork.game.server import address, serve


class _Browser:
    """Keeps cookies and follows redirects."""

    def __init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)

    def open(self, url: str, **form: str) -> tuple[str, str]:
        data = urllib.parse.urlencode(form).encode() if form else None
        with self._opener.open(url, data, timeout=60) as answer:
            return answer.url, answer.read().decode()

    def press(self, url: str, **form: str) -> tuple[str, str]:
        """Send the form of the page at ``url`` to where it says."""
        _, page = self.open(url)
        action = re.search(r'action="([^"]+)"', page)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert action
        assert token
        return self.open(urllib.parse.urljoin(url, action[1]), csrf_token=token[1], **form)


def test_guesses_outlive_a_killed_server(tmp_path: Path) -> None:
    """Killed without warning and started again, the server knows every acknowledged guess."""
    browser = _Browser()
    with running(tmp_path) as (base, process):
        url, _ = browser.press(base)
        for _ in range(3):
            answered, _ = browser.press(url, guess="spiral")
            number = int(re.search(r"galaxy/(\d+)/answer", answered)[1])  # type: ignore[index]
            url = re.sub(r"galaxy/.*", f"galaxy/{number + 1}", answered)
        process.kill()
    with running(tmp_path) as (base, _):
        path = urllib.parse.urlsplit(url).path
        for number in range(4, 11):
            browser.press(base + re.sub(r"\d+$", str(number), path)[1:], guess="spiral")
        landed, page = browser.open(base + re.sub(r"galaxy/.*", "end", path)[1:])
    assert landed.endswith("/end")
    every = page.partition('<details class="every">')[2].partition("</details>")[0]
    assert re.findall(r'aria-label="Galaxy (\d+)"', every) == [
        str(number) for number in range(1, 11)
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_control_c_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """A signal ends the server within seconds, with exit status 0 and no traceback."""
    with running(tmp_path) as (base, process):
        _Browser().open(base)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output.strip(), errors) == (0, "ended", "")


def test_server_says_nothing_of_its_making(tmp_path: Path) -> None:
    """The Server header names the game, not its framework and version."""
    with running(tmp_path) as (base, _), urllib.request.urlopen(base, timeout=60) as answer:
        assert answer.headers["Server"] == "tuningfork"


def test_port_in_use_is_named() -> None:
    """A taken port gives a sentence with what to do, and opens nothing."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TuningForkError, match=rf"Port {port} .* already in use.*--port 0"):
            serve(
                Flask("unused"), host="127.0.0.1", port=port, ready=lambda _: pytest.fail("opened")
            )


@pytest.mark.parametrize("host", ["no such host", "203.0.113.7"])
def test_foreign_host_is_named(host: str) -> None:
    """An address that is not this computer's gives a sentence with what to do."""
    with pytest.raises(TuningForkError, match=f"{host} cannot be opened.*--host"):
        serve(Flask("unused"), host=host, port=0, ready=lambda _: pytest.fail("opened"))


def test_address_can_be_typed_into_a_browser() -> None:
    """Wildcards are shown as this computer; IPv6 addresses stand in brackets."""
    assert address("127.0.0.1", 8000) == "http://127.0.0.1:8000/"
    assert address("0.0.0.0", 80) == "http://127.0.0.1:80/"
    assert address("::1", 8000) == "http://[::1]:8000/"
    assert address("::", 8000) == "http://[::1]:8000/"
