"""Requests: patience, politeness, and nothing asked twice, against a real server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.web.loopback import HTML, Fault, Loopback
from tuningfork.errors import BadRule, ServiceFailed, UnknownName
from tuningfork.web import Answer, Client, load_settings
from tuningfork.web.cache import Cache, Kept
from tuningfork.web.manners import FAILURES, REST, CircuitOpen, Manners
from tuningfork.web.trouble import Passing, Refused, retry_after

NAME = "/SNV?Mrk%20421"


def timed(client: Client, **changes: Any) -> list[float]:
    """Let the client's sleeps be written down instead of slept; other settings for Sesame."""
    slept: list[float] = []
    clock = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    client.manners = Manners(clock=lambda: clock[0], sleep=sleep)
    services = dict(client.settings.services)
    services["sesame"] = replace(services["sesame"], **changes)
    client.settings = replace(client.settings, services=services)
    return slept


def test_an_answer_is_asked_for_once(server: Loopback, client: Client) -> None:
    """The second time, and in another process, the answer comes from the disk."""
    first = client.get("sesame", NAME)
    second = client.get("sesame", NAME)
    third = Client(client.settings).get("sesame", NAME)
    assert b"%J 166.113808 +38.208833" in first.body
    assert (first.cached, second.cached, third.cached) == (False, True, True)
    assert first.body == second.body == third.body
    assert len(server.asked("/sesame")) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500, body=HTML),
        Fault(status=503, body=b""),
        Fault(status=429, body=b"slow down"),
        Fault(cut=20),
        Fault(cut=0),
    ],
    ids=["500", "503", "429", "cut within", "cut at once"],
)
def test_passing_trouble_is_met_with_another_attempt(
    server: Loopback, client: Client, fault: Fault
) -> None:
    """Server errors, a wish for patience and cut connections are tried again, and succeed."""
    server.fail("/sesame", fault, fault)
    assert b"%J" in client.get("sesame", NAME).body
    assert len(server.asked("/sesame")) == 3


def test_lasting_trouble_is_told_and_not_kept(server: Loopback, client: Client) -> None:
    """After the service's number of attempts its failure is told; the next call asks anew."""
    attempts = client.settings.service("sesame").attempts
    server.fail("/sesame", *[Fault(status=500, body=HTML)] * attempts)
    with pytest.raises(ServiceFailed, match=r"CDS Sesame fails \(HTTP 500 from 127"):
        client.get("sesame", NAME)
    assert len(server.asked("/sesame")) == attempts
    assert b"%J" in client.get("sesame", NAME).body


def test_a_refusal_is_not_repeated(server: Loopback, client: Client) -> None:
    """A 404 will be the same the next time, so there is none."""
    with pytest.raises(Refused) as told:
        client.get("zenodo", "/api/records/1")
    assert told.value.status == 404
    assert len(server.asked("/zenodo")) == 1


def test_an_answer_of_no_use_is_asked_for_again_and_never_kept(
    server: Loopback, client: Client
) -> None:
    """A web page in place of the answer, with status 200, counts as trouble that may pass."""

    def check(answer: Answer) -> None:
        if answer.body.startswith(b"<"):
            raise Passing("a web page")

    server.fail("/sesame", Fault(body=HTML))
    assert b"%J" in client.get("sesame", NAME, check=check).body
    assert len(server.asked("/sesame")) == 2


def test_a_service_that_asks_to_wait_is_waited_for(server: Loopback, client: Client) -> None:
    """Retry-After in seconds is kept to, for the next attempt at least."""
    slept = timed(client)
    server.fail("/sesame", Fault(status=429, headers={"Retry-After": "7"}, body=b""))
    client.get("sesame", NAME)
    assert sum(slept) >= 7


def test_a_service_that_asks_for_an_hour_is_not_waited_for(
    server: Loopback, client: Client
) -> None:
    """The user is told how long the service asks to wait."""
    server.fail("/sesame", Fault(status=429, headers={"Retry-After": "3600"}, body=b""))
    with pytest.raises(ServiceFailed, match="3600 seconds"):
        client.get("sesame", NAME)
    assert len(server.asked("/sesame")) == 1


def test_retry_after_may_be_a_date() -> None:
    """HTTP dates are read (RFC 9110, 5.6.7); one that is over asks for no wait."""
    assert retry_after("Fri, 31 Dec 1999 23:59:59 GMT") == 0.0
    assert retry_after("tomorrow") is None
    assert retry_after("12") == 12.0


def test_pauses_grow(server: Loopback, client: Client) -> None:
    """Each pause is about twice the one before: 1, 2, 4 … seconds, with jitter of up to one.

    Each is told beforehand, and why it is made.
    """
    slept = timed(client, pause=1.0, attempts=5)
    told: list[str] = []
    client.tell = told.append
    server.fail("/sesame", *[Fault(status=500, body=b"")] * 4)
    client.get("sesame", NAME)
    assert [one.rpartition(" in ")[0] for one in told] == [
        f"CDS Sesame fails (HTTP 500 from {client.settings.service('sesame').host}); "
        f"attempt {number} of 5"
        for number in (2, 3, 4, 5)
    ]
    pauses = [one for one in slept if one > 0.9]
    assert len(pauses) == 4
    for pause, least in zip(pauses, (1, 2, 4, 8), strict=True):
        assert least <= pause <= least + 1


def test_a_host_is_asked_at_its_rate(server: Loopback, client: Client) -> None:
    """Ten requests at two a second leave half a second between each two."""
    slept = timed(client, rate=2.0)
    for number in range(10):
        client.get("sesame", f"/SNV?{number}")
    assert sum(slept) == pytest.approx(4.5)


def test_a_host_that_keeps_failing_is_left_alone(server: Loopback, client: Client) -> None:
    """After FAILURES failing attempts nothing is sent for REST seconds, then one attempt is."""
    now = [0.0]
    client.manners = Manners(clock=lambda: now[0], sleep=lambda _: None)
    server.fail("/sesame", *[Fault(status=500, body=b"")] * 50)
    for number in range(5):
        with pytest.raises(ServiceFailed):
            client.get("sesame", f"/SNV?{number}")
    assert len(server.asked("/sesame")) == FAILURES
    with pytest.raises(CircuitOpen, match="left alone"):
        client.get("sesame", NAME)
    now[0] = REST + 1
    server.faults["/sesame"].clear()
    assert b"%J" in client.get("sesame", NAME).body
    assert b"Nothing found" in client.get("sesame", "/SNV?Nowhere").body


def test_silence_is_not_waited_for_longer_than_the_time_out(
    server: Loopback, client: Client
) -> None:
    """A server that says nothing is given up after the time-out, with a sentence."""
    timed(client, timeout=0.05, attempts=2)
    server.fail("/sesame", *[Fault(wait=0.5)] * 2)
    with pytest.raises(ServiceFailed, match=r"gave no answer within 0\.05 seconds"):
        client.get("sesame", NAME)


def test_nobody_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    """A port where nothing listens names the service and asks to check the connection."""
    settings = load_settings(
        {
            "TUNINGFORK_SESAME_URL": "http://127.0.0.1:9",
            "TUNINGFORK_SESAME_PAUSE": "0.001",
            "TUNINGFORK_SESAME_RATE": "1000",
            "TUNINGFORK_CACHE": str(tmp_path),
        }
    )
    client = Client(settings)
    with pytest.raises(ServiceFailed, match=r"CDS Sesame \(127.0.0.1:9\) cannot be reached"):
        client.get("sesame", NAME)
    client.http.close()


def test_a_damaged_file_of_the_cache_is_as_if_it_were_absent(
    server: Loopback, client: Client
) -> None:
    """One changed byte, or a file cut short, and the service is asked again."""
    client.get("sesame", NAME)
    (path,) = client.cache.folder.glob("??/*")
    whole = path.read_bytes()
    for broken in (whole[:-1] + b"?", whole[: len(whole) // 2], b""):
        path.write_bytes(broken)
        assert not client.get("sesame", NAME).cached
    assert client.get("sesame", NAME).cached


def test_the_cache_keeps_to_its_size(tmp_path: Path) -> None:
    """Where it grows beyond its limit, what was not used for longest goes."""
    import os

    cache = Cache(tmp_path, largest=20_000)
    for number in range(30):
        cache.put(Kept(f"https://example.org/{number}", "text/plain", "now", b"x" * 1000))
        for path in tmp_path.glob("??/*"):
            os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns - 10**9))
    kept = [number for number in range(30) if cache.get(f"https://example.org/{number}")]
    assert sum(path.stat().st_size for path in tmp_path.glob("??/*")) <= 20_000
    assert kept == list(range(30 - len(kept), 30))
    assert len(kept) > 10


def test_a_cache_that_cannot_be_written_stops_nobody(server: Loopback, client: Client) -> None:
    """With a file where the folder should be, answers are simply not kept."""
    client.cache.folder.write_text("not a folder")
    assert b"%J" in client.get("sesame", NAME).body
    assert not client.get("sesame", NAME).cached


def test_settings_come_from_a_file_and_variables_come_before(tmp_path: Path) -> None:
    """The real addresses are the defaults; a TOML file changes them, a variable changes both."""
    assert load_settings({}).service("sdss").url.startswith("https://skyserver.sdss.org/")
    path = tmp_path / "settings.toml"
    path.write_text(
        'cache = "/tmp/kept"\n[services.sdss]\nurl = "http://mirror.example/sdss/"\nrate = 5\n'
        '[services.legacy]\nurl = "http://mirror.example/legacy"\n'
    )
    found = load_settings(
        {"TUNINGFORK_SETTINGS": str(path), "TUNINGFORK_LEGACY_URL": "http://other.example"}
    )
    assert found.service("sdss").url == "http://mirror.example/sdss"
    assert found.service("sdss").rate == 5
    assert found.service("legacy").url == "http://other.example"
    assert found.cache == Path("/tmp/kept")


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("TUNINGFORK_SDSS_URL", "skyserver", "sdss.url"),
        ("TUNINGFORK_SDSS_RATE", "fast", "sdss.rate"),
        ("TUNINGFORK_SDSS_TIMEOUT", "-1", "sdss.timeout"),
        ("TUNINGFORK_SDSS_PAUSE", "nan", "sdss.pause"),
    ],
)
def test_settings_that_cannot_be_are_named(variable: str, value: str, named: str) -> None:
    """Each refusal names the setting."""
    with pytest.raises(BadRule, match=named):
        load_settings({variable: value})


def test_settings_files_are_checked(tmp_path: Path) -> None:
    """A misspelt service or field, no TOML and no file are refused."""
    path = tmp_path / "settings.toml"
    for text, kind in (
        ("[services.sdsss]\nurl = 'http://x.example'", UnknownName),
        ("[services.sdss]\nadress = 'http://x.example'", BadRule),
        ("services = 3", BadRule),
        ("[services", BadRule),
    ):
        path.write_text(text)
        with pytest.raises(kind):
            load_settings({"TUNINGFORK_SETTINGS": str(path)})
    with pytest.raises(BadRule, match="absent"):
        load_settings({"TUNINGFORK_SETTINGS": str(tmp_path / "absent.toml")})


def test_a_folder_that_cannot_be_looked_into_has_no_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the user's configuration may not be looked for, the defaults hold."""
    monkeypatch.setenv("XDG_CONFIG_HOME", "/tmp/" + "x" * 300)
    assert load_settings({}).services == load_settings({"TUNINGFORK_SETTINGS": ""}).services
