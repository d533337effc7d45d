"""Large files onto the disk: resumed at any byte, verified, and whole or not there."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import httpx

from tuningfork.errors import ServiceFailed
from tuningfork.web.client import Client
from tuningfork.web.settings import Service
from tuningfork.web.trouble import Passing, Refused

PIECE = 1 << 20
PART = ".part"
"""Ends the name of a file that is not yet whole."""


@dataclass(frozen=True)
class Remote:
    """A file to fetch, and what is known of it beforehand."""

    service: Service
    url: str
    size: int | None = None
    """Bytes; None: not known."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """``md5`` and ``sha256`` in hexadecimal digits, as far as known."""
    starts: bytes = b""
    """What its first bytes must be, such as a zip's ``PK``."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent to the service itself; not to where it redirects to."""


@dataclass(frozen=True)
class Fetched:
    """A file that is here, whole and verified."""

    path: Path
    size: int
    md5: str
    sha256: str


Step = Callable[[int, int | None], None]
"""Told how many bytes are here, and how many there are in all, if known."""


class WrongFile(ServiceFailed):
    """A file arrived, but not the one whose size and hashes are known."""


def download(
    client: Client, remote: Remote, target: Path, step: Step = lambda _here, _all: None
) -> Fetched:
    """Fetch a file to ``target``; what a killed run left is gone on with.

    Bytes are gathered in ``target`` + ``.part`` and renamed when size and hashes agree. A resumed
    file whose hash is wrong (the source may have changed meanwhile) is fetched once more from the
    start. Raises ServiceFailed, naming what differs, and then leaves no file of that name.
    """
    part = target.with_name(target.name + PART)
    target.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        resumed = _gather(client, remote, part, step)
        found = measured(part)
        stated = replace(remote, hashes={**_noted(part).hashes, **remote.hashes})
        trouble = differences(stated, found)
        if not trouble:
            part.replace(target)
            _notes(part).unlink(missing_ok=True)
            return Fetched(target, found.size, found.md5, found.sha256)
        _forget(part)
        if not resumed:
            break
    raise WrongFile(
        f"{remote.url}: what arrived is not the expected file ({trouble}) and was removed; "
        "try again later, and if it stays so the source has changed"
    )


def measured(path: Path) -> Fetched:
    """Read a file through for its size and hashes."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            md5.update(piece)
            sha256.update(piece)
            size += len(piece)
    return Fetched(path, size, md5.hexdigest(), sha256.hexdigest())


def differences(remote: Remote, found: Fetched) -> str:
    """Say what of a file is not as it should be; empty if all is."""
    if remote.size is not None and found.size != remote.size:
        return f"{found.size:,} bytes, expected {remote.size:,}"
    for kind, wanted in remote.hashes.items():
        has = getattr(found, kind)
        if has != wanted.lower():
            return f"{kind.upper()} {has}, expected {wanted.lower()}"
    return ""


def already_here(target: Path) -> int:
    """Bytes of a file, whole or in part, that need not be fetched any more."""
    for path in (target, target.with_name(target.name + PART)):
        if path.is_file():
            return path.stat().st_size
    return 0


def _gather(client: Client, remote: Remote, part: Path, step: Step) -> bool:
    """Bring the part file to its whole length; gives whether it was there before."""
    before = part.stat().st_size if part.is_file() else 0
    if remote.size is not None and before == remote.size:
        return True
    while True:
        try:
            client.patiently(remote.service, lambda: _fetch_rest(client, remote, part, step))
        except _Progressed:
            # However often the connection is cut: patience begins anew with every byte.
            continue
        return before > 0


class _Progressed(Exception):
    """A connection that was cut after it had brought something."""


def _fetch_rest(client: Client, remote: Remote, part: Path, step: Step) -> None:
    here = _size(part)
    try:
        with client.stream(remote.service, remote.url, _headers(remote, part, here)) as answer:
            start = _start(answer, here)
            total = _total(answer, start)
            _check_answer(remote, answer, total)
            _note(part, answer)
            _write(answer, part, start, remote, lambda here: step(here, remote.size or total))
    except Refused as error:
        if error.status != httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE or not here:
            raise
        # What is here is longer than the source's file, which therefore is another one now.
        _forget(part)
        raise Passing(f"{remote.url}: the file at the source has changed; fetch again") from error
    except Passing as error:
        if _size(part) > here:
            raise _Progressed from error
        raise


def _headers(remote: Remote, part: Path, here: int) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", **remote.headers}
    if here:
        headers["Range"] = f"bytes={here}-"
        validator = _noted(part).validator
        if validator:
            headers["If-Range"] = validator
    return headers


def _start(answer: httpx.Response, here: int) -> int:
    """Where in the file the answer begins: at what was asked for, or else at its start."""
    if answer.status_code != httpx.codes.PARTIAL_CONTENT:
        return 0
    match = re.match(r"bytes (\d+)-", answer.headers.get("content-range", ""))
    if match is None or int(match[1]) != here:
        raise Passing(f"{answer.url}: answers another part of the file than asked for; try again")
    return here


def _total(answer: httpx.Response, start: int) -> int | None:
    length = answer.headers.get("content-length", "")
    return start + int(length) if length.isdigit() else None


def _check_answer(remote: Remote, answer: httpx.Response, total: int | None) -> None:
    """Refuse a wrong file before it is fetched."""
    kind = answer.headers.get("content-type", "")
    if kind.startswith("text/html"):
        raise Passing(
            f"{remote.url}: answers a web page in place of the file; try again later, "
            "or look at the address in a browser"
        )
    if remote.size is not None and total is not None and total != remote.size:
        raise ServiceFailed(
            f"{remote.url}: the file there has {total:,} bytes, expected {remote.size:,}; "
            "the source has changed, so a newer Tuning Fork is needed"
        )


def _write(
    answer: httpx.Response,
    part: Path,
    start: int,
    remote: Remote,
    step: Callable[[int], None],
) -> None:
    size = start
    with part.open("r+b" if part.exists() else "wb") as file:
        file.truncate(start)
        file.seek(start)
        try:
            for piece in answer.iter_raw():
                if size == 0 and not piece.startswith(remote.starts):
                    raise Passing(f"{remote.url}: answers something else than the file; try later")
                file.write(piece)
                size += len(piece)
                step(size)
        except OSError as error:
            raise ServiceFailed(
                f"{part}: cannot be written ({error.strerror}); make room, then run it again"
            ) from error
        finally:
            file.flush()
            os.fsync(file.fileno())
    if remote.size is not None and size < remote.size:
        raise Passing(f"{remote.url}: ended after {size:,} of {remote.size:,} bytes; try again")


@dataclass(frozen=True)
class _Noted:
    """What the source said of the file that a part is of."""

    validator: str = ""
    """Tells the file from another one under its address (RFC 9110, 13.1.5)."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """As stated in headers."""


def _notes(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _note(part: Path, answer: httpx.Response) -> None:
    tag = answer.headers.get("etag", "")
    strong = tag if not tag.startswith("W/") else ""
    noted = _Noted(strong or answer.headers.get("last-modified", ""), _stated_hashes(answer))
    _notes(part).write_text(json.dumps(asdict(noted)))


def _noted(part: Path) -> _Noted:
    try:
        return _Noted(**json.loads(_notes(part).read_text()))
    except (OSError, ValueError, TypeError):
        return _Noted()


def _stated_hashes(answer: httpx.Response) -> dict[str, str]:
    """Read the MD5 that Google's storage, Kaggle's host, states: ``x-goog-hash: md5=<base64>``."""
    match = re.search(r"md5=([A-Za-z0-9+/]{22}==)", answer.headers.get("x-goog-hash", ""))
    return {"md5": base64.b64decode(match[1]).hex()} if match else {}


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _notes(part).unlink(missing_ok=True)


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0
