"""The rules of a round under any order of events (Hypothesis's state machine)."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from tests.game.conftest import FakeMachine, Player, make_deck
from tests.game.test_modes import begin
from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.store import Round, Turn
from tuningfork.votes.rules import CLASSES

SCORED = ("ten", "daily", "streak", "timed")


class Rules(RuleBasedStateMachine):
    """One player at one round, who clicks, reloads, goes back, forges, and restarts the server.

    The model beside it knows only the guesses that the rules let count.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.app = self._serve()
        self.player = Player(self.app)
        self.path = ""
        self.mode = ""
        self.counted: dict[int, str] = {}
        self.over = False

    def _serve(self) -> Flask:
        return create_app(GameConfig(make_deck(5), FakeMachine(), Path(self.folder.name)))

    @initialize(mode=st.sampled_from([*SCORED, "practice"]))
    def begin(self, mode: str) -> None:
        """Start a round."""
        self.mode = mode
        self.path = begin(self.player, mode)

    def _round(self) -> Round:
        with self.app.extensions["tuningfork"].store.reading() as session:
            wanted = select(Round).where(Round.token == self.path.split("/")[2])
            found: Round = session.scalars(wanted.options(selectinload(Round.turns))).one()
            return found

    def _present(self) -> int:
        return len(self.counted) + 1

    def _note(self, number: int, choice: str) -> None:
        """Let the model take a guess that counts, and end where the rules say so."""
        self.counted[number] = choice
        truths = {turn.number: turn.truth for turn in self._round().turns}
        missed = sum(choice != truths[number] for number, choice in self.counted.items())
        if self.mode in ("ten", "daily"):
            self.over = len(self.counted) == 10
        elif self.mode == "streak":
            self.over = missed == 3 or len(self.counted) == 20
        else:
            self.over = len(self.counted) == 20

    @rule(choice=st.sampled_from(CLASSES))
    def guess(self, choice: str) -> None:
        """Guess the present galaxy: counts unless the round is over."""
        number = self._present()
        answer = self.player.guess(self.path, number, choice)
        assert answer.status_code in ({303, 404} if self.over else {303})
        if not self.over:
            self._note(number, choice)
            self.player.get(answer.headers["Location"])

    @precondition(lambda self: self.counted)
    @rule(choice=st.sampled_from(CLASSES), data=st.data())
    def guess_again(self, choice: str, data: st.DataObject) -> None:
        """Guess an answered galaxy: the first guess stays."""
        number = data.draw(st.sampled_from(sorted(self.counted)))
        assert self.player.guess(self.path, number, choice).status_code == 303

    @rule(ahead=st.integers(1, 12), choice=st.sampled_from(CLASSES))
    def guess_ahead(self, ahead: int, choice: str) -> None:
        """Guess a galaxy whose turn it is not."""
        answer = self.player.guess(self.path, self._present() + ahead, choice)
        assert answer.status_code in {303, 404, 409}

    @rule(choice=st.sampled_from(["", "lenticular", None]))
    def guess_nothing(self, choice: str | None) -> None:
        """Send no class."""
        answer = self.player.guess(self.path, self._present(), choice)
        assert answer.status_code in ({303, 404} if self.over else {422})

    @rule(
        number=st.integers(0, 14), page=st.sampled_from(["", ".jpg", "/answer", "/heat/spiral.jpg"])
    )
    def look_anywhere(self, number: int, page: str) -> None:
        """Open any page of the round: answers and heat only of answered galaxies."""
        answer = self.player.get(f"{self.path}/galaxy/{number}{page}")
        if page == ".jpg":
            shown = number in self.counted or (number == self._present() and not self.over)
            assert (answer.status_code == 200) == shown
        elif page == "/answer":
            assert (answer.status_code == 200) == (number in self.counted)
        elif page == "/heat/spiral.jpg":
            assert answer.status_code == 404  # the fake machine gives none
        else:
            present = number == self._present() and not self.over
            assert (answer.status_code == 200) == present

    @rule()
    def look_at_the_end(self) -> None:
        """The end is shown when it has come, and tells the points."""
        answer = self.player.get(f"{self.path}/end")
        assert (answer.status_code == 200) == self.over
        if self.over and self.mode != "practice":
            rights = sum(turn.guess == turn.truth for turn in self._round().turns if turn.guess)
            assert f"You had {rights} of {len(self.counted)} right" in answer.text

    @rule()
    def start_daily_again(self) -> None:
        """The day's challenge can be had once."""
        if self.mode == "daily":
            assert begin(self.player, "daily") == self.path

    @rule()
    def restart_the_server(self) -> None:
        """Another server on the same folder goes on."""
        cookie = self.player.client.get_cookie("tuningfork")
        assert cookie is not None
        self.app.extensions["tuningfork"].close()
        self.app = self._serve()
        self.player = Player(self.app)
        self.player.client.set_cookie("tuningfork", cookie.value)

    @precondition(lambda self: self.mode == "timed" and self.counted)
    @rule()
    def let_time_run_out(self) -> None:
        """A minute passes."""
        with self.app.extensions["tuningfork"].store.writing() as session:
            session.execute(
                update(Turn)
                .where(Turn.number == 1)
                .values(shown=datetime.now(UTC) - timedelta(seconds=61))
            )
        shown = self._round().turns[0].shown
        self.over = self.over or shown is not None

    @precondition(lambda self: self.mode == "practice")
    @rule()
    def have_enough(self) -> None:
        """End a practice."""
        token = self.player.form(self.player.get("/").text)
        self.player.client.post(f"{self.path}/end", data={"csrf_token": token})
        self.over = True

    @invariant()
    def only_first_guesses_count(self) -> None:
        """What is kept is what the model let count, in order, no galaxy twice."""
        if not self.path:
            return
        kept = self._round()
        assert {t.number: t.guess for t in kept.turns if t.guess} == self.counted
        assert [t.number for t in kept.turns] == list(range(1, len(kept.turns) + 1))
        assert len({t.galaxy for t in kept.turns}) == len(kept.turns)
        if kept.ended is not None:
            assert self.over
            answered = [t for t in kept.turns if t.guess]
            assert kept.person == sum(t.guess == t.truth for t in answered)
            assert kept.machine == sum(t.machine_label == t.truth for t in answered)

    def teardown(self) -> None:
        """Close the database."""
        self.app.extensions["tuningfork"].close()
        self.folder.cleanup()


TestRules = Rules.TestCase
TestRules.__doc__ = "No order of clicks, reloads, forgeries and restarts breaks a round's rules."
TestRules.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
