"""The rules of a round, seen through the pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from flask import Flask

from tests.game.conftest import FakeMachine, Player, draw_galaxy, make_deck, turns_of
from tuningfork.game.deck import Deck, DeckGalaxy
from tuningfork.votes.rules import CLASSES


def test_round_has_ten_different_galaxies_of_every_class(app: Flask) -> None:
    """A round of ten never repeats a galaxy, and every class comes at least once."""
    for _ in range(10):
        turns = turns_of(app, Player(app).start())
        assert len({galaxy for galaxy, _, _ in turns}) == 10
        assert {truth for _, truth, _ in turns} == set(CLASSES)


def test_draw_is_balanced_though_the_deck_is_not(make_app: Callable[..., Flask]) -> None:
    """In a deck of mostly ellipticals a newcomer still meets each class a quarter of the time."""
    deck = make_deck(8)
    many = tuple(
        DeckGalaxy(f"more-{n}", "elliptical", lambda n=n: draw_galaxy("elliptical", 20 + n))  # type: ignore[misc]
        for n in range(60)
    )
    app = make_app(Deck("uneven", simulated=True, galaxies=deck.galaxies + many))
    seen = Counter(truth for _ in range(30) for _, truth, _ in turns_of(app, Player(app).start()))
    assert all(45 <= seen[name] <= 105 for name in CLASSES)  # 75 expected, over 4 sigma each way


def test_small_deck_gives_a_short_round(make_app: Callable[..., Flask]) -> None:
    """A deck of four galaxies is played in rounds of four, to the end."""
    app = make_app(make_deck(1))
    player = Player(app)
    path = player.start()
    assert "1 of 4" in player.get(f"{path}/galaxy/1").text
    player.play(path, ["spiral"] * 4)
    assert "You had 1 of 4 right" in player.get(f"{path}/end").text


def test_same_picture_under_two_ids_comes_once(make_app: Callable[..., Flask]) -> None:
    """Two files with the same bytes are one galaxy."""
    picture = draw_galaxy("spiral", 1)
    twins = tuple(DeckGalaxy(name, "spiral", lambda: picture) for name in ("one", "two"))
    app = make_app(Deck("twins", simulated=True, galaxies=twins))
    assert len(turns_of(app, Player(app).start())) == 1


def test_unreadable_galaxies_are_passed_over(make_app: Callable[..., Flask]) -> None:
    """A file that vanished since the start costs the round nothing."""

    def gone() -> bytes:
        raise FileNotFoundError("gone")

    deck = make_deck(3)
    missing = tuple(DeckGalaxy(f"gone-{n}", "spiral", gone) for n in range(9))
    app = make_app(Deck("holes", simulated=True, galaxies=deck.galaxies + missing))
    turns = turns_of(app, Player(app).start())
    assert len(turns) == 10
    assert not any(galaxy.startswith("gone") for galaxy, _, _ in turns)


def test_score_counts_right_answers_of_both(app: Flask, player: Player) -> None:
    """Whoever is right gets a point: here the player always, the machine on spirals."""
    path = player.start()
    turns = turns_of(app, path)
    player.play(path, [truth for _, truth, _ in turns])
    spirals = sum(truth == "spiral" for _, truth, _ in turns)
    page = player.get(f"{path}/end").text
    assert f"You had 10 of 10 right, the machine {spirals}." in page
    assert page.count(">right<") == 10 + spirals
    assert page.count(">wrong<") == 10 - spirals


def test_answer_page_names_all_three_and_who_scores(app: Flask, player: Player) -> None:
    """After a guess the page shows truth, guess, machine, its four probabilities, the points."""
    path = player.start()
    for number, (_, truth, _) in enumerate(turns_of(app, path), start=1):
        wrong = next(name for name in CLASSES if name not in (truth, "spiral"))
        player.guess(path, number, wrong)
        page = player.get(f"{path}/galaxy/{number}/answer").text
        assert page.count("<td>7%</td>") == 3
        assert page.count("<td>79%</td>") == 1
        scores = "The machine scores, you do not." if truth == "spiral" else "Nobody scores."
        assert scores in page
        assert page.count('class="truth"') == 1


def test_first_guess_counts(app: Flask, player: Player) -> None:
    """A second guess for the same galaxy changes nothing and shows the first answer."""
    path = player.start()
    _, truth, _ = turns_of(app, path)[0]
    wrong = next(name for name in CLASSES if name != truth)
    player.guess(path, 1, wrong)
    again = player.guess(path, 1, truth)
    assert again.headers["Location"] == f"{path}/galaxy/1/answer"
    assert turns_of(app, path)[0][2] == wrong
    page = player.get(f"{path}/galaxy/1/answer").text
    assert "Your first answer counts." in page
    assert "You <b>0</b>" in page


def test_double_click_is_one_guess(app: Flask, player: Player) -> None:
    """The same guess sent twice counts once, without a reproach."""
    path = player.start()
    _, truth, _ = turns_of(app, path)[0]
    player.guess(path, 1, truth)
    player.guess(path, 1, truth)
    page = player.get(f"{path}/galaxy/1/answer").text
    assert "You <b>1</b>" in page
    assert "first answer counts" not in page


def test_reloading_scores_nothing(app: Flask, player: Player) -> None:
    """The answer and end pages may be reloaded; the score stays."""
    path = player.start()
    player.play(path, [truth for _, truth, _ in turns_of(app, path)])
    for page in ("galaxy/10/answer", "end"):
        shown = {player.get(f"{path}/{page}").text for _ in range(3)}
        assert len({text.split("csrf")[0] for text in shown}) == 1


def test_going_back_shows_the_answer(player: Player) -> None:
    """The page of an answered galaxy leads to its answer and asks nothing again."""
    path = player.start()
    player.guess(path, 1, "spiral")
    back = player.get(f"{path}/galaxy/1")
    assert (back.status_code, back.headers["Location"]) == (303, f"{path}/galaxy/1/answer")


def test_galaxies_come_in_order(app: Flask, player: Player) -> None:
    """Looking or guessing ahead leads to the present galaxy and counts nothing."""
    path = player.start()
    ahead = player.get(f"{path}/galaxy/3")
    assert (ahead.status_code, ahead.headers["Location"]) == (303, f"{path}/galaxy/1")
    refused = player.guess(path, 3, "spiral")
    assert refused.status_code == 409
    assert "Galaxy 1 comes first" in refused.text
    assert [guess for _, _, guess in turns_of(app, path)] == [None] * 10


def test_answers_and_end_wait_for_the_guesses(player: Player) -> None:
    """Neither an answer nor the end is shown before its time."""
    path = player.start()
    for page in ("galaxy/1/answer", "galaxy/7/answer", "end"):
        early = player.get(f"{path}/{page}")
        assert (early.status_code, early.headers["Location"]) == (303, f"{path}/galaxy/1")


def test_empty_or_unknown_choice_is_no_guess(app: Flask, player: Player) -> None:
    """Without one of the four classes the question is asked again, kindly."""
    path = player.start()
    for choice in (None, "", "lenticular", "Spiral", "<script>"):
        answer = player.guess(path, 1, choice)
        assert answer.status_code == 422
        assert "Choose one of the four first" in answer.text
        assert "<script>" not in answer.text
        assert "What is it?" in answer.text
    assert turns_of(app, path)[0][2] is None


def test_home_offers_to_go_on(app: Flask, player: Player) -> None:
    """Who left in the middle finds the way back on the first page; who finished does not."""
    path = player.start()
    player.guess(path, 1, "spiral")
    assert "galaxy 2 of 10" in player.get("/").text
    assert player.get(path).headers["Location"] == f"{path}/galaxy/2"
    for number in range(2, 11):
        player.guess(path, number, "spiral")
    assert "Go on" not in player.get("/").text
    assert player.get(path).headers["Location"] == f"{path}/end"


def test_machine_looks_once_at_each_galaxy(
    make_app: Callable[..., Flask], machine: FakeMachine
) -> None:
    """Over many rounds, players and restarts the machine sees each picture at most once."""
    for _ in range(2):
        app = make_app()
        for _ in range(5):
            player = Player(app)
            path = player.start()
            player.play(path, ["spiral"] * 10)
    assert len(machine.asked) == len(set(machine.asked)) <= 24
