"""What an answer's page tells: the sentence, the volunteers' split, the heat map."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from PIL import Image

from tests.game.conftest import FakeMachine, Player, draw_galaxy, turns_of
from tuningfork.game.deck import Deck, DeckGalaxy
from tuningfork.game.heat import heat_jpeg
from tuningfork.game.machine import Answer
from tuningfork.game.reader import open_deck
from tuningfork.game.volunteers import split
from tuningfork.votes.rules import CLASSES
from tuningfork.votes.tree import TREE

GIVEN = dict.fromkeys(CLASSES, 0.0713) | {"spiral": 0.7861}
HOT = np.zeros((4, 3, 3), np.float16)
HOT[CLASSES.index("spiral"), 0, 2] = 9  # what speaks for a spiral is at the upper right
HOT[CLASSES.index("barred_spiral"), 2, 0] = 9


def _packed(heat: np.ndarray[tuple[int, ...], np.dtype[np.float16]]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, heat)
    return buffer.getvalue()


def _votes(**shares: float) -> dict[str, float]:
    columns = {"smooth": "Class1.1", "bar": "Class3.1", "plain": "Class3.2", "edge": "Class2.1"}
    star = 1 - sum(shares.values())
    votes = dict.fromkeys(TREE.columns, 0.0) | {columns[name]: one for name, one in shares.items()}
    return votes | {"Class1.3": star}


def _one(make_app: Callable[..., Flask], galaxy: DeckGalaxy, simulated: bool = False) -> Player:
    player = Player(make_app(Deck("one", simulated=simulated, galaxies=(galaxy,))))
    player.path = player.start()  # type: ignore[attr-defined]
    return player


def _told(player: Player, choice: str) -> str:
    path = player.path  # type: ignore[attr-defined]
    player.guess(path, 1, choice)
    page = unescape(player.get(f"{path}/galaxy/1/answer").text)
    return re.sub(r"\s+", " ", page)


def test_split_counts_every_volunteer_once() -> None:
    """The five shares of real votes sum to 1, by the tree's own sums."""
    votes = _votes(smooth=0.1, bar=0.5, plain=0.2, edge=0.15)
    assert split(votes) == pytest.approx(
        {
            "elliptical": 0.1,
            "spiral": 0.2,
            "barred_spiral": 0.5,
            "edge_on_spiral": 0.15,
            "artifact": 0.05,
        }
    )
    assert split({}) == {}


def test_split_of_real_votes_sums_to_one(shared_data: Path) -> None:
    """In Kaggle's table the four classes and the artifact hold all volunteers of each galaxy."""
    deck = open_deck(shared_data / "kaggle")
    sums = [sum(split(galaxy.votes).values()) for galaxy in deck.galaxies]
    assert len(sums) > 200
    assert sums == pytest.approx([1.0] * len(sums), abs=1e-4)


def test_volunteers_stand_beside_the_machine(make_app: Callable[..., Flask]) -> None:
    """Where votes exist the page shows their split, star or artifact included, and says it."""
    galaxy = DeckGalaxy(
        "voted",
        "barred_spiral",
        lambda: draw_galaxy("barred_spiral", 1),
        _votes(smooth=0.09, bar=0.71, plain=0.16),
    )
    page = _told(_one(make_app, galaxy), "spiral")
    for share in ("71%", "16%", "9%", "4%"):
        assert f"<td>{share}</td>" in page
    assert "Star or artifact" in page
    assert (
        "71% of the volunteers saw a bar; the machine took it for a spiral (79%) "
        "and gave the truth 7%." in page
    )


def test_without_votes_nobody_is_quoted(make_app: Callable[..., Flask]) -> None:
    """A simulated galaxy was drawn so; one of a folder is called so by its owner."""
    galaxy = DeckGalaxy("own", "spiral", lambda: draw_galaxy("spiral", 1))
    own = _told(_one(make_app, galaxy), "spiral")
    assert "The deck's owner calls it a spiral; the machine was right but not sure" in own
    assert "it gave it 79%" in own
    drawn = _told(_one(make_app, galaxy, simulated=True), "spiral")
    assert "It was drawn as a disk without a bar; the machine was right but not sure" in drawn
    for page in (own, drawn):
        assert "olunteers" not in page.split("<main")[1].split('id="guide"')[0]


def test_heat_is_laid_over_the_place_that_speaks_for_the_class(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The map of the answer glows where the activation is, within what the machine saw."""
    monkeypatch.setattr(
        FakeMachine, "answer", lambda _self, _picture: Answer("spiral", GIVEN, heat=_packed(HOT))
    )
    galaxy = DeckGalaxy("g", "barred_spiral", lambda: draw_galaxy("barred_spiral", 1))
    player = _one(make_app, galaxy)
    path = player.path  # type: ignore[attr-defined]
    assert player.get(f"{path}/galaxy/1/heat/spiral.jpg").status_code == 404
    page = _told(player, "spiral")
    addresses = re.findall(r'src="(/round/[^"]+/heat/[^"]+)"', page)
    assert [one.rpartition("/")[2] for one in addresses] == ["spiral.jpg", "barred_spiral.jpg"]
    for address, (row, column) in zip(addresses, ((0, 2), (2, 0)), strict=True):
        shown = np.asarray(Image.open(io.BytesIO(player.get(address).data)), np.float32)
        colour = shown.max(axis=2) - shown.min(axis=2)
        seen = colour[106:318, 106:318]  # the fake machine sees the middle half
        cells = [
            [part.mean() for part in np.array_split(line, 3, axis=1)]
            for line in np.array_split(seen, 3)
        ]
        assert int(np.argmax(cells)) == 3 * row + column
        assert colour[:90].mean() < 6  # outside of its view nothing is tinted
    assert player.get(f"{path}/galaxy/1/heat/nothing.jpg").status_code == 404


def test_answer_without_heat_has_no_switch(make_app: Callable[..., Flask]) -> None:
    """A network that gives no heat is not asked for any."""
    galaxy = DeckGalaxy("g", "spiral", lambda: draw_galaxy("spiral", 1))
    page = _told(_one(make_app, galaxy), "spiral")
    assert 'name="heat"' not in page
    assert heat_jpeg(draw_galaxy("spiral", 1), "g", Answer("spiral", GIVEN), "spiral", 0.5) is None


def test_heat_of_a_wide_picture_stays_on_the_galaxy() -> None:
    """In a picture twice as wide as high the view is measured on the shorter side."""
    buffer = io.BytesIO()
    Image.new("RGB", (200, 100), (60, 60, 60)).save(buffer, "PNG")
    everywhere = np.zeros((4, 1, 1), np.float16)
    everywhere[CLASSES.index("spiral")] = 5
    answer = Answer("spiral", GIVEN, heat=_packed(everywhere))
    jpeg = heat_jpeg(buffer.getvalue(), "wide", answer, "spiral", 0.5)
    assert jpeg is not None
    shown = np.asarray(Image.open(io.BytesIO(jpeg)), np.float32)
    tinted = shown.max(axis=2) - shown.min(axis=2) > 20
    rows, columns = np.flatnonzero(tinted.any(axis=1)), np.flatnonzero(tinted.any(axis=0))
    assert abs(len(rows) - 106) <= 16
    assert abs(len(columns) - 106) <= 16


def test_turns_keep_what_names_the_opinion(app: Flask, player: Player) -> None:
    """After a round each turn's picture and model find the machine's kept answer again."""
    path = player.start()
    player.play(path, ["spiral"])
    assert turns_of(app, path)[0][2] == "spiral"
    game = app.extensions["tuningfork"]
    galaxy = game.deck.by_id[turns_of(app, path)[0][0]]
    kept = game.memory.kept(hashlib.sha256(galaxy.read()).hexdigest())
    assert kept is not None
    assert kept.label == "spiral"
