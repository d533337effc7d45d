"""What was seen of files before: hashes on first sight, and the record beside the data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tuningfork.errors import BadData
from tuningfork.fetch.source import Source
from tuningfork.files import replacing

RECORD = "tuningfork-data.json"
"""Beside the data, for programs."""
ABOUT = "SOURCE.md"
"""Beside the data, for people."""
FIRST_SIGHT = "first-sight.json"
"""In the user's folder of records: SHA-256 by data set and file name."""


@dataclass(frozen=True)
class Held:
    """One file beside the record."""

    name: str
    url: str
    size: int
    md5: str
    sha256: str
    verified: str
    """Against what: ``published MD5``, ``published SHA-256`` or ``first sight``."""
    fetched: str
    """When, as ISO 8601 in UTC."""


def first_sight(folder: Path) -> Mapping[str, str]:
    """Give the SHA-256 of files whose sources publish none, as they were first seen."""
    try:
        found = json.loads((folder / FIRST_SIGHT).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BadData(
            f"{folder / FIRST_SIGHT}: cannot be read ({error}); it holds what files looked like "
            "when they were first fetched, so mend it, or remove it to begin anew"
        ) from error
    return {str(file): str(value) for file, value in found.items()}


def remember(folder: Path, file: str, sha256: str) -> None:
    """Keep what a file looked like when it was first fetched."""
    known = {**first_sight(folder), file: sha256}
    with replacing(folder / FIRST_SIGHT) as path:
        path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def held(folder: Path) -> dict[str, Held]:
    """Give what the record beside the data says, by file name; empty if there is none."""
    try:
        found = json.loads((folder / RECORD).read_text("utf-8"))
        return {one["name"]: Held(**one) for one in found["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_record(folder: Path, source: Source, files: Mapping[str, Held], made: Any) -> None:  # noqa: ANN401
    """Write beside the data what it is, for programs and for people.

    ``made`` is anything that JSON can hold: what was made of the files.
    """
    whole = {
        "source": source.name,
        "title": source.title,
        "page": source.page,
        "licence": source.licence,
        "citation": list(source.citation),
        "files": [asdict(one) for one in files.values()],
        "made": made,
    }
    with replacing(folder / RECORD) as path:
        path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    with replacing(folder / ABOUT) as path:
        path.write_text(_about(source, files), encoding="utf-8")


def now() -> str:
    """Give the present moment as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _about(source: Source, files: Mapping[str, Held]) -> str:
    lines = [
        f"# {source.title}",
        "",
        source.holds[0].upper() + source.holds[1:] + ".",
        "",
        f"From: {source.page}",
        f"Licence: {source.licence}",
        "",
        "Cite:",
        *(f"- {one}" for one in source.citation),
        "",
        "| file | bytes | SHA-256 | verified against | fetched |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.name} | {one.size:,} | `{one.sha256}` | {one.verified} | {one.fetched} |"
        for one in files.values()
    ]
    return "\n".join(lines) + "\n"
