"""One request computes at a time; who waits steps aside."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import pytest

from tuningfork.game.turnstile import aside, one_at_a_time

PATIENCE = 10.0


def _answer(application: Callable[..., Iterable[bytes]], **environ: Any) -> Iterable[bytes]:
    return application(environ, lambda *_: None)


@pytest.mark.parametrize("stepping", [False, True])
def test_a_second_request_waits_unless_the_first_steps_aside(*, stepping: bool) -> None:
    """While one request is being answered the next one is not, but for what waits aside."""
    inside, second, over = threading.Event(), threading.Event(), threading.Event()

    @one_at_a_time
    def application(environ: dict[str, Any], _start: Callable[..., Any]) -> list[bytes]:
        if environ["first"]:
            with aside() if stepping else nullcontext():
                inside.set()
                assert over.wait(PATIENCE)
        else:
            second.set()
        return [b""]

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(_answer, application, first=True)
        assert inside.wait(PATIENCE)
        quick = pool.submit(_answer, application, first=False)
        assert second.wait(PATIENCE if stepping else 0.2) == stepping
        over.set()
        assert slow.result(PATIENCE) == quick.result(PATIENCE) == [b""]


def test_a_request_that_fails_lets_the_next_in() -> None:
    """An error, aside or not, leaves the turnstile open."""

    @one_at_a_time
    def application(environ: dict[str, Any], _start: Callable[..., Any]) -> list[bytes]:
        with aside() if environ["aside"] else nullcontext():
            raise ValueError("broken")

    for stepping in (False, True, False):
        with pytest.raises(ValueError, match="broken"):
            _answer(application, aside=stepping)


def test_other_threads_need_not_step_aside() -> None:
    """Outside a request stepping aside does nothing, also while one is being answered."""
    asked: list[bool] = []

    @one_at_a_time
    def application(_environ: dict[str, Any], _start: Callable[..., Any]) -> list[bytes]:
        def other() -> None:
            with aside():
                asked.append(True)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(PATIENCE)
        return [b""]

    with aside():
        assert _answer(application) == [b""]
    assert asked == [True]
