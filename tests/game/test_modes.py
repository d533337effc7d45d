"""The ways to play, seen through the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.game.conftest import Player, make_deck, turns_of
from tuningfork.game.draw import candidates
from tuningfork.game.pages import start as start_page
from tuningfork.game.store import Round, Turn
from tuningfork.votes.rules import CLASSES


def begin(player: Player, mode: str, **choices: str) -> str:
    """Start a round with choices; give its path."""
    form = {"csrf_token": player.form(player.get("/").text), "mode": mode, **choices}
    answer = player.client.post("/round", data=form)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def right(app: Flask, path: str, number: int) -> str:
    """The truth of a turn."""
    return turns_of(app, path)[number - 1][1]


def wrong(app: Flask, path: str, number: int) -> str:
    """A class that a turn's galaxy is not."""
    return next(name for name in CLASSES if name != right(app, path, number))


def _kept(app: Flask, path: str) -> Round:
    with app.extensions["tuningfork"].store.reading() as session:
        found: Round = session.scalars(select(Round).where(Round.token == path.split("/")[2])).one()
        return found


def test_streak_ends_with_the_third_miss(app: Flask, player: Player) -> None:
    """Right answers go on past ten; the third wrong one ends it, and the points are the rights."""
    path = begin(player, "streak")
    misses = {3, 12, 14}
    for number in range(1, 15):
        assert player.get(path).headers["Location"] == f"{path}/galaxy/{number}"
        choice = wrong(app, path, number) if number in misses else right(app, path, number)
        player.guess(path, number, choice)
        player.get(f"{path}/galaxy/{number}/answer")
    assert player.get(path).headers["Location"] == f"{path}/end"
    assert "You had 11 of 14 right" in player.get(f"{path}/end").text
    assert player.guess(path, 15, "spiral").headers["Location"] == f"{path}/end"
    assert turns_of(app, path)[14][2] is None


def test_streak_has_no_galaxy_twice_and_ends_with_the_deck(app: Flask, player: Player) -> None:
    """Who never misses plays the whole deck once, and then has finished."""
    path = begin(player, "streak")
    for number in range(1, 25):
        player.guess(path, number, right(app, path, number))
        player.get(f"{path}/galaxy/{number}/answer")
    turns = turns_of(app, path)
    assert len({galaxy for galaxy, _, _ in turns}) == len(turns) == 24
    assert player.get(path).headers["Location"] == f"{path}/end"
    assert "You had 24 of 24 right" in player.get(f"{path}/end").text


def _turn_back(app: Flask, path: str, seconds: float) -> None:
    """Let the round's first galaxy have been shown some seconds earlier."""
    with app.extensions["tuningfork"].store.writing() as session:
        session.execute(
            update(Turn)
            .where(Turn.round_id == _kept(app, path).id, Turn.number == 1)
            .values(shown=datetime.now(UTC) - timedelta(seconds=seconds))
        )


def test_time_runs_from_the_first_look_and_ends_the_round(app: Flask, player: Player) -> None:
    """A guess within the minute counts and leads on; one after it does not."""
    path = begin(player, "timed")
    _turn_back(app, path, 3600)  # not shown yet: what was written here is not the first look
    with app.extensions["tuningfork"].store.writing() as session:
        session.execute(update(Turn).values(shown=None))
    page = player.get(f"{path}/galaxy/1")
    assert "60 s left" in page.text
    on = player.guess(path, 1, right(app, path, 1))
    assert on.headers["Location"] == f"{path}/galaxy/2"
    assert ">right<" in player.get(f"{path}/galaxy/2").text
    _turn_back(app, path, 59)
    player.guess(path, 2, right(app, path, 2))
    _turn_back(app, path, 61)
    late = player.guess(path, 3, right(app, path, 3))
    assert late.headers["Location"] == f"{path}/end"
    end = player.get(f"{path}/end").text
    assert "The round was over before this guess" in end
    assert "You had 2 of 2 right" in end
    assert turns_of(app, path)[2][2] is None


def test_daily_challenge_is_the_same_for_everyone(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All players of a day get the same galaxies in the same order, other days others."""
    app = make_app(make_deck(20))
    drawn = []
    for day in (date(2026, 3, 1), date(2026, 3, 2)):
        moment = datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)
        monkeypatch.setattr(start_page, "now", lambda moment=moment: moment)
        paths = [begin(Player(app), "daily", strength=name) for name in ("full", "blurred")]
        same = {tuple(galaxy for galaxy, _, _ in turns_of(app, path)) for path in paths}
        assert len(same) == 1
        assert _kept(app, paths[0]).day == day
        drawn.append(same.pop())
    assert drawn[0] != drawn[1]


def test_daily_challenge_survives_a_restart(make_app: Callable[..., Flask]) -> None:
    """Another server with the same deck gives the same ten."""
    one, other = make_app(make_deck(20)), make_app(make_deck(20))
    paths = begin(Player(one), "daily"), begin(Player(other), "daily")
    galaxies = [[galaxy for galaxy, _, _ in turns_of(one, path)] for path in paths]
    assert galaxies[0] == galaxies[1]


def test_daily_challenge_has_one_try(app: Flask, player: Player) -> None:
    """Starting it again leads to the same round, finished or not."""
    path = begin(player, "daily")
    player.guess(path, 1, "spiral")
    assert begin(player, "daily") == path
    for number in range(2, 11):
        player.guess(path, number, "spiral")
    assert begin(player, "daily") == path
    assert player.get(path).headers["Location"] == f"{path}/end"
    assert begin(Player(app), "daily") != path


def test_practice_explains_and_does_not_score(app: Flask, player: Player) -> None:
    """It tells how to know both classes, shows no points, goes on past ten, ends on request."""
    path = begin(player, "practice")
    for number in range(1, 13):
        choice = wrong(app, path, number)
        player.guess(path, number, choice)
        page = player.get(f"{path}/galaxy/{number}/answer").text
        assert "standing" not in page
        assert "score" not in page.replace("scored", "").lower()
        assert page.count('class="kinds lesson"') == 1
    token = player.form(player.get("/").text)
    done = player.client.post(f"{path}/end", data={"csrf_token": token})
    assert done.headers["Location"] == f"{path}/end"
    end = player.get(f"{path}/end").text
    assert "You looked at 12 galaxies." in end
    assert "/s/" not in end
    assert "board/practice" not in end
    assert "points" not in end


def test_only_practice_can_be_ended_early(app: Flask, player: Player) -> None:
    """A scored round is not cut short by a forged form."""
    path = begin(player, "ten")
    token = player.form(player.get("/").text)
    answer = player.client.post(f"{path}/end", data={"csrf_token": token})
    assert answer.headers["Location"] == f"{path}/galaxy/1"
    assert _kept(app, path).ended is None


@pytest.mark.parametrize("mode", ["", "room", "TEN", "<script>"])
def test_unknown_choices_are_the_usual_ones(app: Flask, player: Player, mode: str) -> None:
    """A forged mode, deck, strength or difficulty is as if none had been chosen."""
    path = begin(player, mode, deck="../..", strength="god", difficulty="'; DROP TABLE rounds")
    kept = _kept(app, path)
    assert (kept.mode, kept.strength, kept.difficulty) == ("ten", "full", "")


def test_no_galaxy_again_before_the_deck_is_used_up(make_app: Callable[..., Flask]) -> None:
    """Round after round a player meets every galaxy once before any comes again."""
    app = make_app(make_deck(10))
    player = Player(app)
    met: list[str] = []
    for _ in range(4):
        path = player.start()
        for number in range(1, 11):
            player.get(f"{path}/galaxy/{number}")
            player.guess(path, number, "spiral")
        met += [galaxy for galaxy, _, _ in turns_of(app, path)]
    assert len(set(met)) == len(met) == 40
    again = {galaxy for galaxy, _, _ in turns_of(app, player.start())}
    assert again <= set(met)
    other = {galaxy for galaxy, _, _ in turns_of(app, Player(app).start())}
    assert len(other) == 10


def test_galaxies_never_shown_come_before_those_seen(make_app: Callable[..., Flask]) -> None:
    """Of an abandoned round only what was shown counts as seen."""
    app = make_app(make_deck(5))
    player = Player(app)
    first = player.start()
    player.get(f"{first}/galaxy/1")
    seen = turns_of(app, first)[0][0]
    player.play(player.start(), ["spiral"] * 10)  # the other ten
    again = [galaxy for galaxy, _, _ in turns_of(app, player.start())]
    assert again.count(seen) <= 1
    unseen = {galaxy for galaxy, _, _ in turns_of(app, first)} - {seen}
    assert unseen <= set(again)


def test_draw_is_the_same_from_the_same_chance() -> None:
    """What decides is chance, class and what was seen; not the order of the folder."""
    from random import Random

    deck = make_deck(5)
    pool = {name: tuple(reversed(some)) for name, some in deck.by_class.items()}
    one = [galaxy.id for galaxy in candidates(deck.by_class, Random(7), {})]
    assert one == [galaxy.id for galaxy in candidates(deck.by_class, Random(7), {})]
    assert len(one) == len(set(one)) == 20
    classes = [galaxy.split("-")[0] for galaxy in one[:4]]
    assert set(classes) == set(CLASSES)
    assert len(list(candidates(pool, Random(7), {}, without=set(one[:6])))) == 14
