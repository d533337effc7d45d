"""One way to ask services on the internet: with patience, politely, and never twice."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any, TypeVar

import httpx
import tenacity

from tuningfork.errors import ServiceFailed
from tuningfork.web.cache import Cache, Kept
from tuningfork.web.manners import Manners
from tuningfork.web.settings import Service, Settings, load_settings
from tuningfork.web.trouble import Passing, check_status

LARGEST_ANSWER = 64 * 2**20
"""Bytes of an answer that is held in memory; a larger one is given up."""
PATIENCE = 3
"""How many time-outs a whole answer may take, so that one that drips is given up too."""
LONGEST_PAUSE = 60.0

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a service answered."""

    url: str
    content_type: str
    body: bytes
    fetched: str
    """When, as ISO 8601 in UTC."""
    cached: bool


class Client:
    """Asks services. Safe to use from several threads.

    Requests have time-outs; trouble that may pass is met with further attempts, after pauses that
    double, with jitter, or that the service asks for; a host is asked at the rate of its service
    and left alone for a while where it keeps failing; answers are kept on disk.
    """

    def __init__(
        self, settings: Settings, manners: Manners | None = None, cache: Cache | None = None
    ) -> None:
        self.settings = settings
        self.manners = manners or Manners()
        self.cache = cache or Cache(settings.cache)
        self.tell: Callable[[str], None] = lambda _: None
        """Is told, before each further attempt, why it is needed and when it comes."""
        self.http = httpx.Client(
            headers={"User-Agent": f"tuningfork/{version('tuningfork')} (galaxy classifier)"},
            follow_redirects=True,
            verify=_trust(),
        )

    def get(
        self,
        name: str,
        path: str,
        params: Mapping[str, str | float] | None = None,
        *,
        check: Callable[[Answer], None] = lambda _: None,
        fresh: bool = False,
    ) -> Answer:
        """Ask the service of that name for ``path`` below its address.

        ``check`` may raise Passing for an answer that is of no use: it is then asked for again
        and never kept. ``fresh`` passes over what is kept. Raises ServiceFailed.
        """
        service = self.settings.service(name)
        address = httpx.URL(f"{service.url}{path}")
        url = str(address.copy_merge_params(dict(params)) if params else address)
        kept = None if fresh else self.cache.get(url)
        if kept is not None:
            return Answer(url, kept.content_type, kept.body, kept.fetched, cached=True)
        answer = self.patiently(service, lambda: self._once(service, url, check))
        self.cache.put(Kept(url, answer.content_type, answer.fetched, answer.body))
        return answer

    def patiently(self, service: Service, attempt: Callable[[], T]) -> T:
        """Make attempts, as many as the service's setting says, until one succeeds.

        ``attempt`` raises Passing for trouble that may pass; the last of these is raised if none
        succeeds.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Passing),
            wait=_wait(service),
            stop=tenacity.stop_after_attempt(service.attempts),
            before_sleep=lambda state: self.tell(_waiting(service, state)),
            sleep=self.manners.sleep,
            reraise=True,
        )
        found: T = retrying(self._counted, service, attempt)
        return found

    @contextmanager
    def stream(
        self, service: Service, url: str, headers: Mapping[str, str]
    ) -> Iterator[httpx.Response]:
        """Open one answer to be read piece by piece. Raises Passing or Refused."""
        with (
            _transport_trouble(service),
            self.http.stream("GET", url, headers=dict(headers), timeout=service.timeout) as answer,
        ):
            if not answer.is_success:
                head = next(answer.iter_bytes(2000), b"")
                check_status(service, answer.status_code, answer.headers, head)
            yield answer

    def _counted(self, service: Service, attempt: Callable[[], T]) -> T:
        """Make one attempt when it is the host's turn, and note how it went."""
        self.manners.wait_for_turn(service.host, service.rate)
        try:
            found = attempt()
        except Passing as error:
            if not error.alive:
                self.manners.failed(service.host, str(error).partition(";")[0])
            elif error.wait:
                self.manners.hold(service.host, error.wait)
            raise
        except BaseException:
            # Whatever else it was, the host answered, or was not the one to fail.
            self.manners.succeeded(service.host)
            raise
        self.manners.succeeded(service.host)
        return found

    def _once(self, service: Service, url: str, check: Callable[[Answer], None]) -> Answer:
        with self.stream(service, url, {}) as response:
            body = _whole_body(service, response)
            kind = response.headers.get("content-type", "")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        answer = Answer(url, kind, body, now, cached=False)
        check(answer)
        return answer


@cache
def _trust() -> ssl.SSLContext:
    """Read the certificates that are trusted, once a process: it takes its time."""
    return httpx.create_ssl_context()


@cache
def shared_client() -> Client:
    """Give the process's one client, made with the user's settings."""
    return Client(load_settings())


def _whole_body(service: Service, response: httpx.Response) -> bytes:
    parts = bytearray()
    end = time.monotonic() + PATIENCE * service.timeout
    for part in response.iter_bytes():
        parts += part
        if len(parts) > LARGEST_ANSWER:
            raise ServiceFailed(
                f"{service.title} answers more than {LARGEST_ANSWER >> 20} MiB; ask for less"
            )
        if time.monotonic() > end:
            raise Passing(f"{service.title} answers too slowly; try again later")
    return bytes(parts)


@contextmanager
def _transport_trouble(service: Service) -> Iterator[None]:
    """Turn whatever the connection meets into a sentence."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise Passing(
            f"{service.title} ({service.host}) gave no answer within {service.timeout:g} seconds; "
            "check the connection, or try again later"
        ) from error
    except httpx.RemoteProtocolError as error:
        raise Passing(f"{service.title} cut the connection ({error}); try again later") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise Passing(
            f"{service.title} ({service.host}) cannot be reached ({error}); "
            "check the connection to the internet"
        ) from error


def _waiting(service: Service, state: tenacity.RetryCallState) -> str:
    trouble = str(state.outcome.exception() if state.outcome else "").partition(";")[0]
    pause = max(1, round(state.upcoming_sleep))
    return f"{trouble}; attempt {state.attempt_number + 1} of {service.attempts} in {pause} s"


def _wait(service: Service) -> Any:  # noqa: ANN401  (tenacity's own base is not exported)
    doubling = tenacity.wait_exponential(
        multiplier=service.pause, max=LONGEST_PAUSE
    ) + tenacity.wait_random(0, service.pause)

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, Passing) and error.wait is not None else 0.0
        return max(asked, doubling(state))

    return wait
