"""What is wrong with a set of galaxies: its pictures one by one, its table, and how they fit."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from tuningfork.cores import cores
from tuningfork.data.layout import Layout, find_layout
from tuningfork.data.pictures import pictures_in
from tuningfork.data.reading import known_in
from tuningfork.errors import BadData, BadTable, TuningForkError, UnreadableImage
from tuningfork.files import replacing
from tuningfork.images.blank import blank_kind, is_text
from tuningfork.images.decode import decode
from tuningfork.images.sources import Picture
from tuningfork.votes.problems import Problem
from tuningfork.votes.rules import load_rule

EMPTY = "empty file"
TRUNCATED = "truncated picture"
UNREADABLE = "unreadable picture"
TEXT = "text in place of a picture"
TWICE = "duplicate picture"
NAME_TWICE = "name of a picture twice"
NO_VOTES = "picture without a row in the table"
NO_PICTURE = "row in the table without a picture"
JUNK = "junk file"

_AHEAD = 256
"""Pictures that are handed to the threads at a time."""
_ENDS = {b"\xff\xd8": b"\xff\xd9", b"\x89P": b"IEND\xaeB`\x82"}
"""What a whole file ends with (JPEG, PNG), by what it begins with."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    kind: str
    id: str
    path: str
    detail: str


@dataclass(frozen=True)
class Audit:
    """All that was found, and in how much."""

    folder: str
    pictures: int
    rows: int
    """Usable rows of the table, each once; 0: no table."""
    findings: tuple[Finding, ...]
    by_kind: Mapping[str, tuple[Finding, ...]] = field(init=False)
    """The most frequent kind first."""

    def __post_init__(self) -> None:
        counts = Counter(one.kind for one in self.findings)
        sorted_ = {
            kind: tuple(one for one in self.findings if one.kind == kind)
            for kind, _ in counts.most_common()
        }
        object.__setattr__(self, "by_kind", sorted_)

    def as_json(self) -> dict[str, Any]:
        """Give everything as JSON can hold it."""
        return {
            "folder": self.folder,
            "pictures": self.pictures,
            "rows": self.rows,
            "counts": {kind: len(found) for kind, found in self.by_kind.items()},
            "findings": [asdict(one) for one in self.findings],
        }


def audit_set(path: Path, step: Callable[[int, int], None] = lambda _done, _all: None) -> Audit:
    """Read every picture and row of a set and name all that is wrong.

    ``path`` is a set as :func:`tuningfork.data.read_set` takes it, or any folder or zip of
    pictures. Every picture is decoded, in threads; ``step`` is told how many are done. Raises
    BadData if there is nothing to audit, BadTable if the table cannot be read.
    """
    rule = load_rule("reference")
    layout = find_layout(Path(path), rule)
    known, problems = known_in(layout, rule) if layout.table is not None else ({}, [])
    pictures: list[Picture] = []
    for place in layout.pictures:
        found, trouble = pictures_in(place)
        pictures += found
        problems += trouble
    if not pictures and layout.table is None:
        raise BadData(f"{path}: neither pictures nor a table here; name the folder of a set")
    findings = [*_told(problems), *_junk(layout)]
    findings += _names(pictures)
    findings += _seen(pictures, step)
    if layout.table is not None:
        findings += _fit(pictures, known, layout.table.where)
    return Audit(str(path), len(pictures), len(known), tuple(findings))


def check_output(path: Path) -> None:
    """Raise BadTable unless findings can be written there."""
    if path.suffix.lower() not in {".csv", ".json"}:
        raise BadTable(f"{path}: unknown kind of file; end it in .csv or .json")


def write_findings(audit: Audit, path: Path) -> None:
    """Write every finding, as CSV or JSON by the file's ending. Raises BadTable."""
    check_output(path)
    try:
        with replacing(path) as temporary:
            if path.suffix.lower() == ".json":
                text = json.dumps(audit.as_json(), indent=2, ensure_ascii=False)
                temporary.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
                return
            with temporary.open(
                "w", encoding="utf-8", errors="backslashreplace", newline=""
            ) as out:
                table = csv.writer(out, lineterminator="\n")
                table.writerow(("kind", "id", "path", "detail"))
                table.writerows((one.kind, one.id, one.path, one.detail) for one in audit.findings)
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror or error}; write the file elsewhere") from error


def _told(problems: Iterable[Problem]) -> Iterator[Finding]:
    """Give the table's and the folders' own trouble, one finding for each that it befell."""
    for problem in problems:
        details = problem.details or ("",) * len(problem.ids)
        for id_, detail in zip(problem.ids, details, strict=True):
            yield Finding(problem.kind, id_, problem.where, detail)


def _junk(layout: Layout) -> Iterator[Finding]:
    """Give what macOS leaves beside pictures (``._100.jpg``) in folders; zips skip it as well."""
    for place in layout.pictures:
        if place.is_dir():
            for path in sorted(place.rglob("._*")):
                yield Finding(JUNK, "", str(path), "left by macOS; skipped when pictures are read")


def _names(pictures: Iterable[Picture]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for one in pictures:
        if one.id in first:
            yield Finding(NAME_TWICE, one.id, one.path, f"also {first[one.id]}")
        first.setdefault(one.id, one.path)


@dataclass(frozen=True)
class _Look:
    kind: str
    detail: str
    digest: bytes


def _seen(pictures: list[Picture], step: Callable[[int, int], None]) -> Iterator[Finding]:
    """Decode every picture; name the bad ones, and those that are the same as one before."""
    first: dict[bytes, Picture] = {}
    done = 0
    with ThreadPoolExecutor(cores()) as pool:
        remaining = iter(pictures)
        while some := list(islice(remaining, _AHEAD)):
            for one, look in zip(some, pool.map(_look, some), strict=True):
                if look.kind:
                    yield Finding(look.kind, one.id, one.path, look.detail)
                elif look.digest in first:
                    same = first[look.digest]
                    yield Finding(TWICE, one.id, one.path, f"the same pixels as {same.path}")
                else:
                    first[look.digest] = one
                done += 1
                step(done, len(pictures))


def _look(picture: Picture) -> _Look:
    try:
        data = picture.read()
    except TuningForkError as error:
        return _Look(UNREADABLE, str(error), b"")
    if not data:
        return _Look(EMPTY, "0 bytes", b"")
    try:
        pixels = decode(data, picture.path)
    except UnreadableImage as error:
        return _Look(_unreadable_kind(data), str(error), b"")
    if not _ends_whole(data):
        return _Look(TRUNCATED, "lacks its end, though its pixels can be read", b"")
    kind = blank_kind(pixels)
    shape = f"{pixels.shape}".encode()
    return _Look(kind, "", hashlib.sha256(shape + pixels.tobytes()).digest())


def _unreadable_kind(data: bytes) -> str:
    if is_text(data):
        return TEXT
    return UNREADABLE if _ends_whole(data) or data[:2] not in _ENDS else TRUNCATED


def _ends_whole(data: bytes) -> bool:
    """Whether a JPEG or PNG file has its end; others are taken to have one."""
    end = _ENDS.get(data[:2])
    # Some programs write a few bytes of their own, or zeros, after the end.
    return end is None or end in data[-4096:]


def _fit(pictures: Iterable[Picture], known: Mapping[str, object], where: str) -> Iterator[Finding]:
    paths = {one.id: one.path for one in pictures}
    for id_, path in paths.items():
        if id_ not in known:
            yield Finding(NO_VOTES, id_, path, f"{where} has no usable row for it")
    for id_ in known:
        if id_ not in paths:
            yield Finding(NO_PICTURE, id_, where, "no picture of that name")
