"""Strengths of the machine, and difficulty by how sure one is."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from PIL import Image

from tests.game.conftest import FakeMachine, Player, draw_galaxy, make_deck, turns_of
from tests.game.test_modes import begin
from tuningfork.game import strengths
from tuningfork.game.deck import Deck, DeckGalaxy
from tuningfork.game.difficulty import Difficulties, thirds
from tuningfork.game.machine import Answer, Memory, load_machine
from tuningfork.game.reader import open_deck
from tuningfork.game.store import Store
from tuningfork.game.strengths import Blurred, blurred
from tuningfork.model.session import BUNDLED, model_names
from tuningfork.votes.rules import CLASSES
from tuningfork.votes.tree import TREE


def _votes(**columns: float) -> dict[str, float]:
    return dict.fromkeys(TREE.columns, 0.0) | {
        name.replace("_", "."): share for name, share in columns.items()
    }


def test_at_least_two_strengths_ship() -> None:
    """The full machine comes first, a weaker one after it, each under a name of its own."""
    names = [one.name for one in strengths.strengths()]
    assert names[:2] == ["full", "blurred"]
    assert len(set(names)) == len(names)


def test_second_network_can_be_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network named swift is offered as soon as the package holds it."""
    swift = FakeMachine(identity="a" * 64)
    monkeypatch.setattr(strengths, "model_names", lambda: ("full", "swift"))
    monkeypatch.setattr(strengths, "load_machine", lambda name: {"swift": swift}[name])
    found = strengths.opponents(FakeMachine())
    assert list(found) == ["full", "blurred", "swift"]
    assert found["swift"] is swift


def test_blurred_picture_holds_no_more_than_its_few_pixels() -> None:
    """Sight of n pixels leaves the mean of n × n squares, and no detail within them."""
    random = np.random.default_rng(5)
    fine = random.integers(0, 255, (120, 120, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(fine).save(buffer, "PNG")
    seen = np.asarray(Image.open(io.BytesIO(blurred(buffer.getvalue(), 12))))
    assert seen.shape == fine.shape
    spectrum = np.abs(np.fft.fft2(seen.mean(axis=2) - seen.mean()))
    frequencies = np.abs(np.fft.fftfreq(120)) * 120
    high = (frequencies[:, None] > 12) | (frequencies[None, :] > 12)
    assert (spectrum[high] ** 2).sum() < 0.05 * (spectrum**2).sum()


def test_blurred_machine_has_an_identity_of_its_own() -> None:
    """Its answers are never taken for those of the machine behind it, nor of another sight."""
    machine = FakeMachine()
    identities = {machine.identity, Blurred(machine, 20).identity, Blurred(machine, 30).identity}
    assert len(identities) == 3


@pytest.mark.skipif(BUNDLED not in model_names(), reason="the bundled network is not trained yet")
def test_short_sighted_machine_is_weaker() -> None:
    """On sixty simulated galaxies the short-sighted network is right less often than the full."""
    deck = open_deck()
    some = [one for galaxies in deck.by_class.values() for one in galaxies[:15]]
    opponents = strengths.opponents(load_machine())
    right = {
        name: sum(machine.answer(one.read()).label == one.truth for one in some)
        for name, machine in opponents.items()
    }
    assert right["blurred"] < right["full"]
    assert right["blurred"] > len(some) / len(CLASSES)  # better than guessing


def test_chosen_strength_answers(make_app: Callable[..., Flask], machine: FakeMachine) -> None:
    """A round against the short-sighted machine keeps that machine's answers."""
    app = make_app()
    player = Player(app)
    path = begin(player, "ten", strength="blurred")
    game = app.extensions["tuningfork"]
    assert len(machine.asked) == 10
    pictures = {galaxy.id: galaxy.read() for galaxy in game.deck.galaxies}
    sight = game.memories["blurred"].machine.sight
    expected = {
        hashlib.sha256(blurred(pictures[galaxy], sight)).hexdigest()
        for galaxy, _, _ in turns_of(app, path)
    }
    assert set(machine.asked) == expected


def test_volunteers_votes_make_the_difficulty(tmp_path: Path) -> None:
    """Of each class the third with most votes is easy, that with fewest hard."""
    galaxies = tuple(
        DeckGalaxy(
            f"{truth}-{place}",
            truth,
            lambda: b"",
            _votes(**{column: 0.4 + 0.06 * place, "Class1_3": 0.6 - 0.06 * place}),
        )
        for truth, column in {"elliptical": "Class1_1", "barred_spiral": "Class3_1"}.items()
        for place in range(9)
    )
    deck = Deck("voted", simulated=False, galaxies=galaxies)
    store = Store(tmp_path / "game.sqlite3")
    levels = Difficulties(deck, Memory(FakeMachine(), store))
    for level, places in {"easy": {6, 7, 8}, "medium": {3, 4, 5}, "hard": {0, 1, 2}}.items():
        pool = levels.pool(level)
        for truth in ("elliptical", "barred_spiral"):
            assert {one.id for one in pool[truth]} == {f"{truth}-{place}" for place in places}
    assert {name: len(some) for name, some in levels.pool("").items()} == {
        "elliptical": 9,
        "barred_spiral": 9,
    }
    store.close()


class _Doubting:
    """A machine whose doubt is written in the picture's width."""

    name, identity, view = "doubting", "d" * 64, 1.0

    def answer(self, picture: bytes) -> Answer:
        width = Image.open(io.BytesIO(picture)).width
        sure = width / 100
        return Answer("spiral", dict.fromkeys(CLASSES, (1 - sure) / 3) | {"spiral": sure})


def test_without_votes_the_machines_doubt_makes_the_difficulty(tmp_path: Path) -> None:
    """Simulated galaxies that the machine is sure of are easy."""

    def picture(width: int) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (width, 60), (90, 80, 70)).save(buffer, "PNG")
        return buffer.getvalue()

    galaxies = tuple(
        DeckGalaxy(f"g{width}", "spiral", lambda width=width: picture(width))  # type: ignore[misc]
        for width in (30, 40, 50, 60, 70, 80)
    )
    deck = Deck("doubted", simulated=True, galaxies=galaxies)
    store = Store(tmp_path / "game.sqlite3")
    levels = Difficulties(deck, Memory(_Doubting(), store))
    assert {one.id for one in levels.pool("easy")["spiral"]} == {"g70", "g80"}
    assert {one.id for one in levels.pool("hard")["spiral"]} == {"g30", "g40"}
    store.close()


def test_small_classes_part_too() -> None:
    """One galaxy of a class is in one level only, and an unreadable one in none."""
    deck = make_deck(1)
    levels = thirds(deck, {"spiral-0": 0.5})
    assert [list(levels[name]) for name in ("easy", "medium", "hard")] == [[], [], ["spiral"]]


def test_hard_rounds_hold_hard_galaxies(make_app: Callable[..., Flask]) -> None:
    """A round of a difficulty is drawn from that third alone."""
    galaxies = tuple(
        DeckGalaxy(
            f"{truth}-{place}",
            truth,
            lambda truth=truth, place=place: draw_galaxy(truth, place),  # type: ignore[misc]
            _votes(**{column: 0.3 + 0.05 * place}),
        )
        for truth, column in {
            "elliptical": "Class1_1",
            "spiral": "Class3_2",
            "barred_spiral": "Class3_1",
            "edge_on_spiral": "Class2_1",
        }.items()
        for place in range(12)
    )
    app = make_app(Deck("voted", simulated=False, galaxies=galaxies))
    path = begin(Player(app), "ten", difficulty="hard")
    assert all(int(galaxy.split("-")[1]) < 4 for galaxy, _, _ in turns_of(app, path))
