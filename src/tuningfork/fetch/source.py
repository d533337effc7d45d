"""What a public data set consists of and who made it: the files in ``sources/``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class SourceFile:
    """One file of a data set, as far as it is known before its source is asked."""

    name: str
    service: str
    path: str
    """Below the service's address."""
    about: int
    """Bytes, roughly, for the check of the disk where the source cannot be asked."""
    md5: str = ""
    """As others have read it; what the source itself states comes before it."""
    sha256: str = ""
    """As the source publishes it; always checked."""
    starts: bytes = b""
    """What its first bytes are."""
    record: int | None = None
    """Zenodo's number of the record that states its size and MD5."""
    members: int | None = None
    """Pictures that a zip holds."""
    part: str = ""
    """The option that asks for it; empty: always fetched."""

    @property
    def known(self) -> Mapping[str, str]:
        """The hashes that are known beforehand."""
        stated = {"md5": self.md5, "sha256": self.sha256}
        return {kind: value for kind, value in stated.items() if value}


@dataclass(frozen=True)
class Source:
    """A public data set."""

    name: str
    title: str
    page: str
    licence: str
    citation: tuple[str, ...]
    holds: str
    """What is in it, in one line."""
    files: tuple[SourceFile, ...]
    made: int = 0
    """Bytes, roughly, of what is made of the files."""
    competition: str = ""
    """Kaggle's name of it."""
    classes: Mapping[str, tuple[Mapping[str, str], ...]] = field(default_factory=dict)
    """Galaxy10's classes by part, each with ``name`` and ``possible``."""


def load_source(name: str) -> Source:
    """Read one of the data sets ``kaggle``, ``gz2`` and ``galaxy10``."""
    text = files("tuningfork.fetch").joinpath("sources", f"{name}.toml").read_text("utf-8")
    values = tomllib.loads(text)
    classes = {part: tuple(found) for part, found in values.pop("classes", {}).items()}
    listed = tuple(_file(one) for one in values.pop("files"))
    citation = tuple(values.pop("citation"))
    return Source(name=name, files=listed, citation=citation, classes=classes, **values)


def _file(values: dict[str, Any]) -> SourceFile:
    starts = bytes.fromhex(values.pop("starts_hex", "")) or values.pop("starts", "").encode()
    return SourceFile(starts=starts, **values)
