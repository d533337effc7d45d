"""How many requests a second the game answers, and how soon: a bounded load from this computer.

    python benchmarks/load.py                              # one process, 200 requests a second
    python benchmarks/load.py --rate 300 --seconds 60 --players 80
    python benchmarks/load.py --processes 2 --database postgresql://user@host/name

Starts the game as `tuningfork play --production` on a fresh folder (or takes running ones,
`--address`), lets players play whole rounds over kept connections, and prints one line of JSON.

The load is open: requests are due at fixed times, whatever the server does, and each one's time
counts from when it was due, so that a server that stalls is not spared the requests that it kept
waiting. The machine's first look at a deck comes before: the game opens when it is done.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import urlencode, urlsplit

CLASSES = ("elliptical", "spiral", "barred_spiral", "edge_on_spiral")
ROUND = 10
GIVE_UP = 30.0  # seconds without an answer


@dataclass
class Tally:
    """What happened."""

    seconds: list[float] = field(default_factory=list)
    """Of each answered request, from when it was due."""
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    """Requests without an answer."""
    acknowledged: list[tuple[str, int, str]] = field(default_factory=list)
    """Guesses whose answer came: round's token, number, class."""
    rounds: int = 0


@dataclass(frozen=True)
class Answer:
    """One answer of the server."""

    path: str
    status: int
    location: str
    body: bytes


class Pace:
    """Gives out the times at which requests are due."""

    def __init__(self, rate: float, seconds: float) -> None:
        self._step = 1 / rate
        self._begun = time.perf_counter()
        self._left = self._count = round(rate * seconds)

    async def due(self) -> float | None:
        """Wait for the next request's time; None when the load is over."""
        if self._left == 0:
            return None
        due = self._begun + (self._count - self._left) * self._step
        self._left -= 1
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return due


class Over(Exception):
    """The load is over."""


class Player:
    """A browser with one connection and one cookie."""

    def __init__(self, address: str, pace: Pace, tally: Tally, chance: Random) -> None:
        split = urlsplit(address)
        self._host, self._port = str(split.hostname), split.port or 80
        self._pace, self._tally, self._chance = pace, tally, chance
        self._cookie = ""
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def play(self) -> None:
        """Play rounds until the load is over, or the server is gone."""
        try:
            while True:
                await self._round()
        except Over:
            pass
        except (OSError, EOFError, TimeoutError):
            self._tally.broken += 1
        finally:
            if self._writer is not None:
                self._writer.close()

    async def _round(self) -> None:
        page = await self._ask("GET", "/")
        begun = await self._ask("POST", "/round", csrf_token=_token(page.body), mode="ten")
        self._tally.rounds += 1
        path = begun.location
        while True:
            page = await self._page(path)
            if b'name="guess"' not in page.body:
                return  # the end of the round
            _, _, token, _, number = page.path.split("/")
            guess = self._chance.choice(CLASSES)
            form = {"csrf_token": _token(page.body), "guess": guess}
            answered = await self._ask("POST", page.path, **form)
            if answered.status == 303:
                self._tally.acknowledged.append((token, int(number), guess))
            await self._page(answered.location)
            path = f"/round/{token}/galaxy/{int(number) + 1}"
            if int(number) == ROUND:
                path = f"/round/{token}/end"

    async def _page(self, path: str) -> Answer:
        """Fetch a page with the pictures that it shows at once, which browsers may not keep."""
        page = await self._ask("GET", path)
        while page.status == 303:
            page = await self._ask("GET", page.location)
        for picture in re.findall(rb'<img[^>]+src="/round/[^>]+>', page.body):
            if b'loading="lazy"' not in picture:  # heat maps are fetched when they are looked at
                await self._ask("GET", picture.split(b'src="')[1].split(b'"')[0].decode())
        return page

    async def _ask(self, method: str, path: str, **form: str) -> Answer:
        due = await self._pace.due()
        if due is None:
            raise Over
        async with asyncio.timeout(GIVE_UP):
            answer = await self._exchange(method, path, urlencode(form).encode())
        self._tally.seconds.append(time.perf_counter() - due)
        self._tally.statuses[answer.status] += 1
        if answer.status >= 400:
            raise EOFError(f"{method} {path}: {answer.status}")
        return answer

    async def _exchange(self, method: str, path: str, body: bytes) -> Answer:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Cookie: {self._cookie}\r\nReferer: http://{self._host}:{self._port}/\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        told = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = [line.split(": ", 1) for line in told.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, value in lines}
        if "set-cookie" in headers:
            self._cookie = headers["set-cookie"].split(";")[0]
        content = await self._reader.readexactly(int(headers.get("content-length", 0)))
        location = urlsplit(headers.get("location", "")).path
        return Answer(path, int(told.split(" ", 2)[1]), location, content)


def _token(page: bytes) -> str:
    found = re.search(rb'name="csrf_token" value="([^"]+)"', page)
    if found is None:
        raise EOFError("the page has no form")
    return found[1].decode()


async def load(
    addresses: list[str], *, rate: float, seconds: float, players: int, tally: Tally | None = None
) -> Tally:
    """Let ``players`` play at ``rate`` requests a second together; give what happened.

    It is written into ``tally`` as it happens.
    """
    tally = Tally() if tally is None else tally
    pace, chance = Pace(rate, seconds), Random(0)  # noqa: S311  (which guess does not matter)
    await asyncio.gather(
        *(
            Player(addresses[place % len(addresses)], pace, tally, chance).play()
            for place in range(players)
        )
    )
    return tally


@contextmanager
def games(count: int, folder: Path, database: str | None) -> Iterator[list[str]]:
    """Start ``count`` processes of the game on one folder and database; give their addresses."""
    command = [sys.executable, "-c", "from tuningfork.cli import main; main()", "play"]
    command += ["--production", "--port", "0", "--data", str(folder)]
    command += ["--database", database] if database else []
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  (our own)
        for _ in range(count)
    ]
    try:
        yield [_address(game) for game in running]
    finally:
        for game in running:
            game.terminate()
        for game in running:
            game.wait()


def _address(game: subprocess.Popen[str]) -> str:
    assert game.stdout is not None  # noqa: S101  (a pipe was asked for)
    found = re.search(r"http://\S+/", game.stdout.readline())
    if found is None:
        raise SystemExit("The game did not start.")
    return found[0]


def report(tally: Tally, seconds: float, processes: int) -> dict[str, object]:
    """Give the figures: times in milliseconds."""
    if len(tally.seconds) < 100:
        raise SystemExit(f"Only {len(tally.seconds)} requests were answered; is the game there?")
    cuts = statistics.quantiles(tally.seconds, n=1000)
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processes": processes,
        "requests": len(tally.seconds),
        "requests_per_second": round(len(tally.seconds) / seconds, 1),
        "rounds": tally.rounds,
        "guesses": len(tally.acknowledged),
        "p50_ms": round(1000 * cuts[499], 1),
        "p95_ms": round(1000 * cuts[949], 1),
        "p99_ms": round(1000 * cuts[989], 1),
        "max_ms": round(1000 * max(tally.seconds), 1),
        "broken": tally.broken,
        "statuses": dict(sorted(tally.statuses.items())),
    }


async def _measure(addresses: list[str], options: argparse.Namespace) -> dict[str, object]:
    await asyncio.sleep(1)  # the start has settled
    begun = time.perf_counter()
    tally = await load(
        addresses, rate=options.rate, seconds=options.seconds, players=options.players
    )
    return report(tally, time.perf_counter() - begun, len(addresses))


def main() -> None:
    """Parse, start, load, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rate", type=float, default=200, help="requests a second")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--players", type=int, default=50)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--database", help="URL; default: SQLite in a fresh folder")
    parser.add_argument("--address", action="append", help="of a game that runs already")
    options = parser.parse_args()
    if options.address:
        sys.stdout.write(json.dumps(asyncio.run(_measure(options.address, options))) + "\n")
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        games(options.processes, Path(folder), options.database) as addresses,
    ):
        sys.stdout.write(json.dumps(asyncio.run(_measure(addresses, options))) + "\n")


if __name__ == "__main__":
    main()
