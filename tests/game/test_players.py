"""Several players, lost cookies, forged forms and restarts."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.game.conftest import Player, make_deck, turns_of
from tuningfork.game.app import COOKIE_LIFETIME


def test_two_players_never_share_a_score(app: Flask) -> None:
    """One plays everything right, the other wrong; each sees only the own result."""
    first, second = Player(app), Player(app)
    one, other = first.start(), second.start()
    truths = [truth for _, truth, _ in turns_of(app, one)]
    wrong = [
        "spiral" if truth != "spiral" else "elliptical" for _, truth, _ in turns_of(app, other)
    ]
    for number in range(1, 11):
        first.guess(one, number, truths[number - 1])
        second.guess(other, number, wrong[number - 1])
    assert "You had 10 of 10 right" in first.get(f"{one}/end").text
    assert "You had 0 of 10 right" in second.get(f"{other}/end").text


def test_another_players_round_does_not_exist(app: Flask) -> None:
    """Every address of another's round answers 404, and no guess gets in."""
    owner, stranger = Player(app), Player(app)
    path = owner.start()
    owner.guess(path, 1, "spiral")
    for page in ("", "/galaxy/1", "/galaxy/1.jpg", "/galaxy/1/answer", "/galaxy/2", "/end"):
        assert stranger.get(path + page).status_code == 404
    assert stranger.guess(path, 2, "spiral").status_code == 404
    assert turns_of(app, path)[1][2] is None


def test_form_without_its_token_is_refused_kindly(app: Flask, player: Player) -> None:
    """A forged or stale form changes nothing and says how to go on."""
    path = player.start()
    stranger_token = Player(app).form(Player(app).get("/").text)
    for data in ({}, {"csrf_token": "forged"}, {"csrf_token": stranger_token}):
        answer = player.client.post(f"{path}/galaxy/1", data=data | {"guess": "spiral"})
        assert answer.status_code == 400
        assert "waited too long" in answer.text
        assert player.client.post("/round", data=data).status_code == 400
    assert turns_of(app, path)[0][2] is None


@pytest.mark.parametrize("value", ["", "forged", "eyJwbGF5ZXIiOiJ4In0.aaaaaa.bbbbbbbb", "x" * 3000])
def test_forged_cookie_is_a_new_player(app: Flask, player: Player, value: str) -> None:
    """A cookie that the game did not sign opens no round and breaks no page."""
    path = player.start()
    player.client.set_cookie("tuningfork", value)
    assert player.get(path).status_code == 404
    assert player.get("/").status_code == 200


def test_expired_cookie_gets_a_kind_page(
    app: Flask, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a month the round is no longer found; the page leads to a new one."""
    path = player.start()
    token = player.form(player.get(f"{path}/galaxy/1").text)
    later = time.time() + COOKIE_LIFETIME.total_seconds() + 60
    monkeypatch.setattr(time, "time", lambda: later)
    page = player.client.get(f"{path}/galaxy/1")
    assert page.status_code == 404
    assert "expired" in page.text
    sent = player.client.post(f"{path}/galaxy/1", data={"csrf_token": token, "guess": "spiral"})
    assert sent.status_code == 400
    assert player.start() != path


def test_restart_in_the_middle_loses_nothing(make_app: Callable[..., Flask]) -> None:
    """A new server on the same folder knows the cookie, the form, the round and the guesses."""
    before = make_app()
    player = Player(before)
    path = player.start()
    player.guess(path, 1, "spiral")
    token = player.form(player.get(f"{path}/galaxy/2").text)
    cookie = player.client.get_cookie("tuningfork")
    assert cookie is not None
    before.extensions["tuningfork"].close()

    player.client = make_app().test_client()
    player.client.set_cookie("tuningfork", cookie.value)
    sent = player.client.post(f"{path}/galaxy/2", data={"csrf_token": token, "guess": "spiral"})
    assert sent.status_code == 303
    for number in range(3, 11):
        player.guess(path, number, "spiral")
    assert player.get(f"{path}/end").status_code == 200


def test_round_of_another_deck_is_gone(make_app: Callable[..., Flask]) -> None:
    """After a restart with other galaxies an old round says so instead of mixing decks."""
    player = Player(make_app())
    path = player.start()
    cookie = player.client.get_cookie("tuningfork")
    assert cookie is not None
    player.client = make_app(make_deck(2)).test_client()
    player.client.set_cookie("tuningfork", cookie.value)
    answer = player.get(f"{path}/galaxy/1")
    assert answer.status_code == 410
    assert "another deck" in answer.text
    assert "Go on" not in player.get("/").text


def test_two_servers_share_one_folder(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    """Two servers on one folder hold the same secret, cookies and rounds."""
    one, two = make_app(), make_app()
    player = Player(one)
    path = player.start()
    cookie = player.client.get_cookie("tuningfork")
    assert cookie is not None
    player.guess(path, 1, "spiral")
    player.client = two.test_client()
    player.client.set_cookie("tuningfork", cookie.value)
    assert player.guess(path, 2, "spiral").status_code == 303
    assert [guess for _, _, guess in turns_of(one, path)[:3]] == ["spiral", "spiral", None]
