"""The deck of the real sky, its service played on this computer, failures included."""

from __future__ import annotations

import csv
import importlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from pyongc import ongc

from tests.game.conftest import FakeMachine, Player, make_deck, turns_of
from tests.web.loopback import HTML, Fault, Loopback, loopback
from tuningfork.game import sky
from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.sky import SkyDeck, open_sky, polite_client
from tuningfork.game.sky_catalogue import catalogued
from tuningfork.votes.rules import CLASSES

TARGET = Path(sky.__file__).with_name("sky.toml")


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """Turn the game to services on this computer, with an empty cache."""
    monkeypatch.setattr(sky, "SILENCE", 60.0)
    monkeypatch.setattr(sky, "PATIENCE", 60.0)
    with loopback() as server:
        folders = {
            "TUNINGFORK_CACHE": str(tmp_path / "cache"),
            "TUNINGFORK_RECORDS": str(tmp_path / "records"),
        }
        for name, value in server.environment(**folders).items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def build(tmp_path: Path, machine: FakeMachine) -> Iterator[Callable[[SkyDeck], Flask]]:
    """Start a game that offers a deck of the real sky."""
    apps: list[Flask] = []

    def start(deck: SkyDeck) -> Flask:
        config = GameConfig(make_deck(), machine, tmp_path / "data", further_decks={"sky": deck})
        apps.append(create_app(config))
        return apps[-1]

    yield start
    for app in apps:
        app.extensions["tuningfork"].close()


def _begin(player: Player, mode: str = "ten") -> str:
    token = player.form(player.get("/").text)
    form = {"csrf_token": token, "mode": mode, "deck": "sky"}
    return str(player.client.post("/round", data=form).headers["Location"])


def _fail(service: Loopback, fault: Fault) -> None:
    for path in ("/sdss", "/legacy"):
        service.fail(path, *[fault] * 1000)


def test_catalogue_has_sixty_of_each_class_within_the_survey() -> None:
    """Positions lie in SDSS's northern field; types agree with the class that is made of them."""
    found = catalogued()
    assert Counter(one.truth for one in found) == dict.fromkeys(CLASSES, 60)
    assert len({one.name for one in found}) == len(found)
    kinds = {"elliptical": "E", "spiral": "S[a-d]", "barred_spiral": "SB[a-d]"}
    for one in found:
        assert 120 <= one.ra <= 240
        assert 1.99 <= one.dec <= 58.01
        assert re.match(kinds.get(one.truth, "S"), one.hubble), one
    truths = {one.name: one.truth for one in found}
    # de Vaucouleurs et al. 1991 (RC3): E4; SB(s)c? seen from its side; SB(r)b; SA(s)c.
    assert truths["NGC4889"] == "elliptical"
    assert truths["NGC5775"] == "edge_on_spiral"
    assert truths["NGC4394"] == "barred_spiral"
    assert truths["NGC3938"] == "spiral"
    # Only Sa, Sb, Sb and Sbc in OpenNGC, but SB(rs)a, SB(rs)b, SB(rs)b and SB(r)bc there.
    assert not {"NGC4314", "NGC4548", "NGC5383", "NGC5921"} & set(truths)
    assert "NGC5195" not in truths  # M51's companion: its frame is full of M51


def test_catalogue_is_where_other_catalogues_have_it() -> None:
    """Positions are those in SDSS's names, the rest is what pyongc's own reader says."""
    checked = 0
    for one in catalogued():
        read = ongc.get(one.name)
        assert (read.hubble, read.dimensions[0]) == (one.hubble, one.diameter)
        others = " ".join(read.identifiers[-1] or [])
        assert f"PGC {one.pgc.rjust(6, '0')}" in others
        named = re.search(r"SDSS J(\d\d)(\d\d)([\d.]+)([+-])(\d\d)(\d\d)([\d.]+)", others)
        if named is None:
            continue
        hours, minutes, seconds, sign, degrees, arcmin, arcsec = named.groups()
        ra = 15 * (int(hours) + int(minutes) / 60 + float(seconds) / 3600)
        dec = float(f"{sign}1") * (int(degrees) + int(arcmin) / 60 + float(arcsec) / 3600)
        away = math.hypot((one.ra - ra) * math.cos(math.radians(dec)), one.dec - dec)
        assert 3600 * away < 0.02 * one.frame_arcsec, one
        checked += 1
    assert checked > 200


def test_list_is_what_the_rule_makes_of_the_experts_table(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No galaxy stands in sky.toml but those that EFIGI's table and the frames put there."""
    monkeypatch.syspath_prepend(str(TARGET.parents[3] / "tools"))
    tool = importlib.import_module("real_sky")
    made = tool.written(tool.said(tool.read_experts(shared_data / "efigi" / "labels.csv")))
    assert made == TARGET.read_text("utf-8")
    with (shared_data / "efigi" / "labels.csv").open(encoding="utf-8", newline="") as file:
        bars = {row["pgc"]: float(row["bar_length"]) for row in csv.DictReader(file)}
    for one in catalogued():
        bar = bars.get(f"PGC{one.pgc.rjust(7, '0')}")
        if one.truth == "spiral":
            assert bar == 0
        elif one.truth == "barred_spiral":
            assert bar is None or bar >= 0.25


def test_nothing_is_asked_before_the_sky_is_chosen(
    service: Loopback, build: Callable[[SkyDeck], Flask]
) -> None:
    """Starting the game and playing simulated galaxies ask no service."""
    player = Player(build(open_sky(make_deck())))
    player.play(player.start(), ["spiral"] * 10)
    assert service.requests == []


def test_round_of_the_real_sky(service: Loopback, build: Callable[[SkyDeck], Flask]) -> None:
    """Ten real galaxies are played, and the answer names the galaxy and the catalogue's type."""
    app = build(open_sky(make_deck()))
    player = Player(app)
    path = _begin(player)
    turns = turns_of(app, path)
    types = {one.name: one for one in catalogued()}
    assert len(turns) == 10
    for number, (galaxy, truth, _) in enumerate(turns, start=1):
        assert types[galaxy].truth == truth
        asked = player.get(f"{path}/galaxy/{number}")
        assert asked.status_code == 200
        assert galaxy.removeprefix("NGC") not in asked.text.replace(path, "")
        assert player.get(f"{path}/galaxy/{number}.jpg").mimetype == "image/jpeg"
        player.guess(path, number, truth)
        assert f"({types[galaxy].hubble})" in player.get(f"{path}/galaxy/{number}/answer").text
    assert player.get(f"{path}/end").status_code == 200


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500, body=HTML),
        Fault(status=200, body=HTML),
        Fault(status=200, cut=100),
        Fault(wait=0.4),
    ],
    ids=["error", "text", "cut", "silence"],
)
def test_failing_service_gives_simulated_galaxies_and_says_so(
    service: Loopback,
    build: Callable[[SkyDeck], Flask],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    """Whatever fails, the round begins with simulated galaxies and a quiet notice."""
    monkeypatch.setattr(sky, "TIMEOUT", 0.1)
    monkeypatch.setattr(sky, "SILENCE", 0.3)
    _fail(service, fault)
    app = build(open_sky(make_deck()))
    player = Player(app)
    path = _begin(player)
    turns = turns_of(app, path)
    assert len(turns) == 10
    assert all(galaxy.startswith("simulated/") for galaxy, _, _ in turns)
    assert "so this galaxy is simulated" in player.get(f"{path}/galaxy/1").text
    player.play(path, ["spiral"] * 10)
    assert "so this galaxy is simulated" in player.get(f"{path}/galaxy/1/answer").text


def test_dead_service_is_left_alone(
    service: Loopback, build: Callable[[SkyDeck], Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a few failures in a row nobody is asked any more, however many rounds begin."""
    monkeypatch.setattr(sky, "SILENCE", 0.3)
    _fail(service, Fault(status=500, body=HTML))
    player = Player(build(open_sky(make_deck())))
    for _ in range(5):
        _begin(player)
    assert 0 < len(service.requests) <= 16  # 6 failures for each of both services, and stragglers


def test_cache_outlives_the_game_and_the_service(
    service: Loopback, build: Callable[[SkyDeck], Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was fetched once is played again after a restart although the service is gone."""
    app = build(open_sky(make_deck()))
    player = Player(app)
    path = _begin(player)
    player.play(path, ["spiral"] * 3)
    cookie = player.client.get_cookie("tuningfork")
    assert cookie is not None
    _fail(service, Fault(status=500, body=HTML))
    again = Player(build(open_sky(make_deck())))
    again.client.set_cookie("tuningfork", cookie.value)
    assert again.get(f"{path}/galaxy/4.jpg").mimetype == "image/jpeg"
    assert again.get(f"{path}/galaxy/4").status_code == 200


def test_real_galaxies_come_again_when_the_service_does(
    service: Loopback, build: Callable[[SkyDeck], Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that failed a few times is used again in a later round."""
    monkeypatch.setattr(sky, "SILENCE", 0.2)
    for path in ("/sdss", "/legacy"):
        service.fail(path, Fault(status=500, body=HTML), Fault(status=500, body=HTML))
    app = build(open_sky(make_deck()))
    for _ in range(20):
        turns = turns_of(app, _begin(Player(app)))
        if not turns[0][0].startswith("simulated/"):
            break
    assert not any(galaxy.startswith("simulated/") for galaxy, _, _ in turns)


def test_streak_goes_on_when_the_sky_runs_out(
    service: Loopback, build: Callable[[SkyDeck], Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A growing round whose service died in the middle gets simulated galaxies, not an end."""
    monkeypatch.setattr(sky, "SILENCE", 0.3)
    deck = open_sky(make_deck())
    monkeypatch.setattr(deck.fetcher, "_galaxies", dict(list(deck.fetcher._galaxies.items())[:12]))
    app = build(deck)
    player = Player(app)
    path = _begin(player, "streak")
    for number in range(1, 15):
        player.guess(path, number, turns_of(app, path)[number - 1][1])
        player.get(f"{path}/galaxy/{number}/answer")
    turns = turns_of(app, path)
    assert len(turns) > 14
    assert turns[-1][0].startswith("simulated/")


def test_services_are_asked_politely() -> None:
    """The game keeps the services' rate and gives each request a second or two, once."""
    settings = polite_client().settings
    for name in ("sdss", "legacy"):
        one = settings.service(name)
        assert one.attempts == 1
        assert 1 <= one.timeout <= 2
        assert one.rate <= 2
