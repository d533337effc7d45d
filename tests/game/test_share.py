"""Links to the same galaxies, and the boards."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from tests.game.conftest import Player, turns_of
from tests.game.test_modes import begin, right, wrong
from tuningfork.game.pages import start as start_page


def _finish(app: Flask, player: Player, path: str, points: int) -> str:
    """Play a round of ten with so many right answers; give the page of its end."""
    for number in range(1, 11):
        choice = right if number <= points else wrong
        player.guess(path, number, choice(app, path, number))
    return player.get(f"{path}/end").text


def _link(page: str) -> str:
    found = re.search(r'href="http://localhost(/s/\w+)"', page)
    assert found
    return found[1]


def _follow(player: Player, link: str) -> str:
    token = player.form(player.get(link).text)
    return str(player.client.post(link, data={"csrf_token": token}).headers["Location"])


def test_friend_plays_the_same_galaxies_and_both_see_both_scores(app: Flask) -> None:
    """The link gives the same galaxies in the same order, and the ends show the other's points."""
    me, friend = Player(app), Player(app)
    mine = begin(me, "ten", strength="blurred")
    page = _finish(app, me, mine, 8)
    link = _link(page)
    invited = friend.get(link).text
    assert "A friend had 8 of 10 galaxies right" in invited
    theirs = _follow(friend, link)
    same = [[galaxy for galaxy, _, _ in turns_of(app, path)] for path in (mine, theirs)]
    assert same[0] == same[1]
    told = _finish(app, friend, theirs, 6)
    assert "Your friend had 8 of 10 of these right" in told
    assert "you had 6" in told
    seen = re.sub(r"\s+", " ", me.get(f"{mine}/end").text)
    assert "Friends who played your galaxies had: 6" in seen


def test_text_to_share_tells_scores_and_no_answer(app: Flask, player: Player) -> None:
    """It holds both scores, a sign for each galaxy and the link, and names no class."""
    path = begin(player, "ten")
    page = _finish(app, player, path, 7)
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert text
    machine = sum(truth == "spiral" for _, truth, _ in turns_of(app, path))
    assert f"I had 7 of 10 galaxies right, the machine {machine}." in text[1]
    assert "✓✓✓✓✓ ✓✓✗✗✗" in text[1]
    assert _link(page) in text[1]
    assert not re.search("spiral|elliptical|barred|edge", text[1])


def test_link_gives_one_try_and_none_to_its_maker(app: Flask) -> None:
    """Following twice leads to the same round; the maker is led to the own result."""
    me, friend = Player(app), Player(app)
    mine = begin(me, "ten")
    link = _link(_finish(app, me, mine, 5))
    assert me.get(link).headers["Location"] == f"{mine}/end"
    token = me.form(me.get("/").text)
    assert me.client.post(link, data={"csrf_token": token}).headers["Location"] == f"{mine}/end"
    assert _follow(friend, link) == _follow(friend, link)


def test_nothing_of_an_unfinished_round_is_shared(app: Flask, player: Player) -> None:
    """No link exists before the end, and made-up codes lead nowhere."""
    path = begin(player, "ten")
    assert "/s/" not in player.get(f"{path}/galaxy/1").text
    for code in ("aaaaaaaaaa", "%27", "x" * 300):
        assert player.get(f"/s/{code}").status_code == 404
        token = player.form(player.get("/").text)
        assert player.client.post(f"/s/{code}", data={"csrf_token": token}).status_code == 404


def test_link_stays_the_same(app: Flask, player: Player) -> None:
    """Reloading the end makes no second link."""
    path = begin(player, "ten")
    first = _link(_finish(app, player, path, 5))
    assert _link(player.get(f"{path}/end").text) == first


def test_link_of_the_daily_challenge_is_the_friends_own_try(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the day a friend plays the challenge itself; later the same galaxies as a round of ten."""
    me, friend, late = Player(app), Player(app), Player(app)
    mine = begin(me, "daily")
    link = _link(_finish(app, me, mine, 9))
    theirs = _follow(friend, link)
    assert begin(friend, "daily") == theirs
    assert "Rank 2 on the day's board, of 2 players" in _finish(app, friend, theirs, 4)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(start_page, "now", lambda: tomorrow)
    belated = _follow(late, link)
    assert [g for g, _, _ in turns_of(app, belated)] == [g for g, _, _ in turns_of(app, mine)]
    assert "on the day's board" not in _finish(app, late, belated, 10)


def test_rank_counts_players_by_their_best_round(app: Flask) -> None:
    """One more than the players who did better; several rounds of one player count once."""
    players = [Player(app) for _ in range(3)]
    for player, points in zip(players, ([3, 9], [6], [6]), strict=True):
        for one in points:
            page = _finish(app, player, begin(player, "ten"), one)
    assert "Rank 2 on the day's board, of 3 players" in page
    again = _finish(app, players[0], begin(players[0], "ten"), 1)
    assert "Rank 3 on the day's board, of 3 players" in again
    today = datetime.now(UTC).date().isoformat()
    board = players[1].get(f"/board/ten/{today}").text
    rows = re.findall(r"<tr[^>]*>(<td>.*?)</tr>", board)
    assert [re.sub(r"<.*?>", " ", row).split()[:2] for row in rows] == [["1", "9"], ["2", "6"]]
    assert "(you)" in re.sub(r"</?b>", "", rows[1])
    assert "(you)" not in rows[0]


def test_boards_do_not_mix(app: Flask, player: Player) -> None:
    """Another mode, strength, difficulty or day has a board of its own."""
    _finish(app, player, begin(player, "ten"), 5)
    today = datetime.now(UTC).date()
    empty = "Nobody has finished a round here yet"
    assert empty not in player.get(f"/board/ten/{today}").text
    for other in (
        f"/board/streak/{today}",
        f"/board/ten/{today}?strength=blurred",
        f"/board/ten/{today}?difficulty=hard",
        f"/board/ten/{today - timedelta(days=1)}",
    ):
        assert empty in player.get(other).text
    for wrong_address in ("practice/2026-01-01", "ten/2026-13-01", "ten/yesterday"):
        assert player.get(f"/board/{wrong_address}").status_code == 404


def test_friends_round_is_not_ranked(app: Flask) -> None:
    """Galaxies that somebody knew beforehand give no place on the board."""
    me, friend = Player(app), Player(app)
    link = _link(_finish(app, me, begin(me, "ten"), 2))
    assert "on the day's board" not in _finish(app, friend, _follow(friend, link), 10)
    assert "Rank 1 on the day's board, of 1 player" in _finish(app, me, begin(me, "ten"), 1)
