"""How often a stranger may ask, counted together by all servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

import tuningfork.game.limits as module
from tests.game.conftest import FakeMachine, Player, make_deck
from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.limits import Counts
from tuningfork.game.schema import Allowance
from tuningfork.game.store import Store


@pytest.fixture
def counts(database: str) -> Iterator[list[Counts]]:
    """Open one database twice, as two servers do, and count in it."""
    stores = [Store(database) for _ in range(2)]
    yield [Counts("tuningfork://", store) for store in stores]
    for store in stores:
        store.close()


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Callable[[], Flask]]:
    """Start the game as for strangers, as often as the test likes, on one folder."""
    apps: list[Flask] = []

    def build() -> Flask:
        config = GameConfig(make_deck(), FakeMachine(), tmp_path / "data", production=True)
        apps.append(create_app(config))
        return apps[-1]

    yield build
    for app in apps:
        app.extensions["tuningfork"].close()


def test_servers_count_together(counts: list[Counts]) -> None:
    """Of forty counts at once through two servers none is lost."""
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda place: counts[place % 2].incr("key", 60), range(40)))
    assert sorted(told) == list(range(1, 41))
    assert [one.get("key") for one in counts] == [40, 40]


def test_a_window_ends(counts: list[Counts], monkeypatch: pytest.MonkeyPatch) -> None:
    """After its seconds the counter begins anew; within them its end does not move."""
    start = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    moment = [start]
    monkeypatch.setattr(module, "now", lambda: moment[0])
    assert counts[0].incr("key", 60) == 1
    moment[0] = start + timedelta(seconds=59)
    assert counts[1].incr("key", 60, amount=2) == 3
    assert counts[1].get_expiry("key") == (start + timedelta(seconds=60)).timestamp()
    moment[0] = start + timedelta(seconds=60)
    assert counts[1].get("key") == 0
    assert counts[0].incr("key", 60) == 1


def test_counters_can_be_forgotten(counts: list[Counts]) -> None:
    """One or all; the other server sees it."""
    for key in ("one", "two", "three"):
        counts[0].incr(key, 60)
    counts[1].clear("one")
    assert [counts[0].get(key) for key in ("one", "two")] == [0, 1]
    assert counts[1].reset() == 2
    assert counts[0].get("two") == 0
    assert counts[0].check()


def test_too_much_is_answered_kindly(production: Callable[[], Flask]) -> None:
    """The 61st end of a practice in a minute gets 429 with a time to wait, on any server."""
    first, second = Player(production()), Player(production())
    token = first.form(first.get("/").text)
    cookie = first.client.get_cookie("tuningfork")
    assert cookie is not None
    second.client.set_cookie("tuningfork", cookie.value)
    for place in range(60):
        one = (first, second)[place % 2]
        sent = one.client.post("/round/none/end", data={"csrf_token": token})
        assert sent.status_code == 404
    for one in (first, second):
        refused = one.client.post("/round/none/end", data={"csrf_token": token})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        assert "slower" in refused.text
    assert first.get("/").status_code == 200


def test_addresses_are_not_kept(production: Callable[[], Flask]) -> None:
    """What is counted for a network address is kept under a code, not under the address."""
    app = production()
    Player(app).start()
    with app.extensions["tuningfork"].store.reading() as session:
        keys = session.scalars(select(Allowance.key)).all()
    assert len(keys) == 1
    assert "127.0.0.1" not in keys[0]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2", True),  # one household
        ("2001:db8::1", "2001:db8:0:1::1", False),
    ],
)
def test_a_household_counts_as_one(
    production: Callable[[], Flask], one: str, other: str, same: bool
) -> None:
    """IPv4 addresses count alone, IPv6 addresses by their network of 64 bits."""
    app = production()
    codes = set()
    for address in (one, other):
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            codes.add(module._address())
    assert (len(codes) == 1) == same


def test_every_form_is_limited(production: Callable[[], Flask]) -> None:
    """No address that takes a form is without a limit."""
    app = production()
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    text = (Path(module.__file__).parent / "limits.toml").read_text("utf-8")
    assert {name for name in posts if f'endpoint = "{name}"' not in text} == set()


def test_at_home_nothing_is_limited(make_app: Callable[..., Flask]) -> None:
    """Without --production nothing is counted."""
    app = make_app()
    for _ in range(3):
        Player(app).start()
    with app.extensions["tuningfork"].store.reading() as session:
        assert session.scalars(select(Allowance)).all() == []
