"""A class of pupils in a room, seen through the pages, on both databases and two servers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import segno
from flask import Flask

from tests.game.conftest import FakeMachine, Player, make_deck, turns_of
from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.rooms import find_room
from tuningfork.votes.rules import CLASSES


@pytest.fixture
def servers(database: str, tmp_path: Path) -> Iterator[list[Flask]]:
    """Start the game twice on one database and one folder."""
    config = GameConfig(make_deck(), FakeMachine(), tmp_path / "data", database=database)
    both = [create_app(config) for _ in range(2)]
    yield both
    for app in both:
        app.extensions["tuningfork"].close()


class Class:
    """A teacher and pupils, each on one of the servers in turn."""

    def __init__(self, servers: list[Flask], size: int = 3) -> None:
        self.servers = servers
        self.teacher = Player(servers[0])
        token = self.teacher.form(self.teacher.get("/rooms").text)
        opened = self.teacher.client.post("/rooms", data={"csrf_token": token})
        assert opened.status_code == 303
        self.path = opened.headers["Location"].removesuffix("/board")
        self.code = self.path.split("/")[2]
        self.pupils = [Player(servers[place % len(servers)]) for place in range(size)]
        self.rounds = [self.join(pupil) for pupil in self.pupils]

    def join(self, pupil: Player) -> str:
        """Go through the door; give the path of the pupil's round."""
        token = pupil.form(pupil.get(self.path).text)
        joined = pupil.client.post(self.path, data={"csrf_token": token})
        assert joined.status_code == 303
        return joined.headers["Location"]

    def close(self) -> None:
        """Close the room, as the teacher."""
        token = self.teacher.form(self.teacher.get(f"{self.path}/board").text)
        closed = self.teacher.client.post(f"{self.path}/close", data={"csrf_token": token})
        assert closed.headers["Location"] == f"{self.path}/results"

    def lines(self) -> dict[str, tuple[str, str]]:
        """Read the teacher's board: answered and right under each pupil's name."""
        page = self.teacher.get(f"{self.path}/board/lines").text
        row = r'<th scope="row">([^<]+)</th><td>(\d+) of.*?</td><td>(\d+)</td>'
        return {name: (answered, right) for name, answered, right in re.findall(row, page)}


def test_everyone_gets_the_same_galaxies(servers: list[Flask]) -> None:
    """Pupils on two servers get the same ten galaxies in the same order, of every class."""
    room = Class(servers)
    seen = [[galaxy for galaxy, _, _ in turns_of(servers[0], path)] for path in room.rounds]
    assert seen[0] == seen[1] == seen[2]
    assert len(set(seen[0])) == 10
    assert {truth for _, truth, _ in turns_of(servers[0], room.rounds[0])} == set(CLASSES)


def test_a_round_begun_on_one_server_is_finished_on_the_other(servers: list[Flask]) -> None:
    """With the cookie alone a pupil goes on elsewhere, and both servers' boards tell the same."""
    room = Class(servers, size=1)
    pupil, path = room.pupils[0], room.rounds[0]
    truths = [truth for _, truth, _ in turns_of(servers[0], path)]
    pupil.play(path, truths[:4])
    cookie = pupil.client.get_cookie("tuningfork")
    teachers = room.teacher.client.get_cookie("tuningfork")
    assert cookie is not None
    assert teachers is not None
    moved = Player(servers[1])
    moved.client.set_cookie("tuningfork", cookie.value)
    for number in range(5, 11):
        assert moved.guess(path, number, truths[number - 1]).status_code == 303
    assert moved.get(f"{path}/end").status_code == 200
    told = [room.lines()]
    room.teacher = Player(servers[1])
    room.teacher.client.set_cookie("tuningfork", teachers.value)
    told.append(room.lines())
    assert told[0] == told[1]
    assert list(told[0].values()) == [("10", "10")]


def test_board_counts_what_is_answered_and_right(servers: list[Flask]) -> None:
    """One pupil answers three rightly, one two wrongly, one nothing; each has a star's name."""
    room = Class(servers)
    turns = turns_of(servers[0], room.rounds[0])
    wrong = ["spiral" if truth != "spiral" else "elliptical" for _, truth, _ in turns]
    room.pupils[0].play(room.rounds[0], [truth for _, truth, _ in turns[:3]])
    room.pupils[1].play(room.rounds[1], wrong[:2])
    lines = room.lines()
    assert len(lines) == 3
    assert list(lines.values()) == [("3", "3"), ("0", "0"), ("2", "0")]


def test_joining_twice_is_one_round(servers: list[Flask]) -> None:
    """A second press, also in the same moment, leads to the same round and the same name."""
    room = Class(servers, size=0)
    pupil = Player(servers[0])
    token = pupil.form(pupil.get(room.path).text)
    cookie = pupil.client.get_cookie("tuningfork")
    assert cookie is not None
    pupil.client.post(room.path, data={"csrf_token": "forged"})

    def press(place: int) -> str:
        again = Player(servers[place % 2])
        again.client.set_cookie("tuningfork", cookie.value)
        again.client.post(room.path, data={"csrf_token": token})
        return str(again.client.post(room.path, data={"csrf_token": token}).headers["Location"])

    first = press(0)
    assert press(1).split("/")[:2] == first.split("/")[:2]
    # Without a cookie that names a player each press is somebody else: names never clash.
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, range(8)))
    store = servers[0].extensions["tuningfork"].store
    found = find_room(store, room.code)
    assert found is not None
    names = [played.alias for played in found.rounds]
    assert len(names) == len(set(names)) == len({played.player for played in found.rounds})


def test_code_may_be_typed_in_capitals(servers: list[Flask]) -> None:
    """The form takes the code however it is written, and says so if there is no such room."""
    room = Class(servers, size=0)
    pupil = Player(servers[1])
    found = pupil.get(f"/rooms/join?code=%20{room.code.upper()}")
    assert found.headers["Location"] == room.path
    missing = pupil.client.get("/rooms/join?code=zzzzzz", follow_redirects=True)
    assert "no room of that code" in missing.text


def test_board_and_results_are_not_for_everybody(servers: list[Flask]) -> None:
    """Strangers see nothing; pupils see the board when they are done; results are the teacher's."""
    room = Class(servers, size=2)
    stranger, done, busy = Player(servers[0]), *room.pupils
    done.play(room.rounds[0], ["spiral"] * 10)
    busy.play(room.rounds[1], ["spiral"] * 9)
    for path in ("board", "board/lines"):
        told = [one.get(f"{room.path}/{path}").status_code for one in (stranger, busy, done)]
        assert told == [404, 404, 200]
    assert done.get(f"{room.rounds[0]}/room").headers["Location"] == f"{room.path}/board"
    assert "Close the room" not in done.get(f"{room.path}/board").text
    room.close()
    for path in ("results", "results.csv", "galaxy/1.jpg"):
        told = [one.get(f"{room.path}/{path}").status_code for one in (stranger, done)]
        assert told == [404, 404]
        assert room.teacher.get(f"{room.path}/{path}").status_code == 200
    token = done.form(done.get("/rooms").text)
    assert done.client.post(f"{room.path}/close", data={"csrf_token": token}).status_code == 404


def test_nothing_of_the_truth_is_sent_before_the_room_is_closed(servers: list[Flask]) -> None:
    """Door, board and its lines name no galaxy, class or answer; results lead to the board."""
    room = Class(servers, size=1)
    pupil = Player(servers[1])
    sent = pupil.get(room.path).data
    for path in ("board", "board/lines", "results", "results.csv", "galaxy/1.jpg"):
        answer = room.teacher.get(f"{room.path}/{path}")
        sent += str(answer.headers).encode() + answer.data
    for word in (*CLASSES, "7861", "0713", "Elliptical", "Spiral", "fake"):
        assert word.encode() not in sent
    for path in ("results", "results.csv"):
        early = room.teacher.get(f"{room.path}/{path}")
        assert early.headers["Location"] == f"{room.path}/board"


def test_closing_ends_every_round(servers: list[Flask]) -> None:
    """After the close no guess counts, nobody new gets in, and results hold what was answered."""
    room = Class(servers, size=2)
    room.pupils[0].play(room.rounds[0], ["spiral"] * 2)
    room.close()
    room.pupils[0].guess(room.rounds[0], 3, "spiral")
    assert [guess for _, _, guess in turns_of(servers[0], room.rounds[0])[2:]] == [None] * 8
    late = Player(servers[1])
    assert "closed" in late.get(room.path).text
    token = late.form(late.get("/rooms").text)
    assert late.client.post(room.path, data={"csrf_token": token}).headers["Location"] == "/rooms"
    again = room.pupils[0].get(room.path)
    assert again.headers["Location"] == room.rounds[0]


def test_table_holds_every_answer(servers: list[Flask]) -> None:
    """The CSV has a row for each pupil and galaxy with answer, machine, truth and seconds."""
    room = Class(servers, size=2)
    turns = turns_of(servers[0], room.rounds[0])
    truths = [truth for _, truth, _ in turns]
    for number, truth in enumerate(truths, start=1):
        room.pupils[0].get(f"{room.rounds[0]}/galaxy/{number}")
        room.pupils[0].guess(room.rounds[0], number, truth)
    room.close()
    answer = room.teacher.get(f"{room.path}/results.csv")
    assert answer.mimetype == "text/csv"
    assert room.code in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 20
    assert len({row["pupil"] for row in rows}) == 2
    answered = [row for row in rows if row["answer"]]
    assert [row["answer"] for row in answered] == truths
    assert [row["galaxy"] for row in answered] == [galaxy for galaxy, _, _ in turns]
    assert {row["machine"] for row in rows} == {"spiral"}
    assert all(0 <= float(row["seconds"]) < 600 for row in answered)


def test_results_tell_what_was_hard(servers: list[Flask]) -> None:
    """For each galaxy: how many saw it, and what it was most often taken for."""
    room = Class(servers)
    truths = [truth for _, truth, _ in turns_of(servers[0], room.rounds[0])]
    wrong = "edge_on_spiral" if truths[0] != "edge_on_spiral" else "elliptical"
    for pupil, path, choice in zip(
        room.pupils, room.rounds, (truths[0], wrong, wrong), strict=True
    ):
        pupil.guess(path, 1, choice)
    room.close()
    page = re.sub(r"\s+", " ", room.teacher.get(f"{room.path}/results").text)
    names = {"edge_on_spiral": "Edge-on spiral", "elliptical": "Elliptical"}
    assert "1 of 3 saw it." in page
    assert f"Most often taken for: {names[wrong]}." in page
    assert f"The machine had {truths.count('spiral')} of 10 right." in page


def test_board_shows_the_way_in(servers: list[Flask]) -> None:
    """The board has a QR code and the room's address, under the name by which it was asked for."""
    room = Class(servers, size=0)
    cookie = room.teacher.client.get_cookie("tuningfork")
    assert cookie is not None
    room.teacher.client.set_cookie("tuningfork", cookie.value, domain="school.example")
    page = room.teacher.client.get(f"{room.path}/board", base_url="http://school.example:8000")
    assert f"http://school.example:8000{room.path}<" in page.text
    drawn = segno.make_qr(f"http://school.example:8000{room.path}", error="m").svg_inline()
    path = re.search(r' d="([^"]+)"', drawn.split("stroke")[-1])
    assert path
    assert path[1][:40].split("m", 1)[1][:20] in page.text
    assert "style=" not in page.text
