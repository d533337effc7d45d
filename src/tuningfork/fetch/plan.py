"""Before anything is fetched: which files, how large, what is here, and whether there is room."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from tuningfork.errors import BadData, ServiceFailed
from tuningfork.fetch.kaggle import Login, find_login, listed_sizes
from tuningfork.fetch.records import first_sight
from tuningfork.fetch.source import Source, SourceFile
from tuningfork.web import Client
from tuningfork.web.download import Remote, already_here

MARGIN = 1.02
"""Times what is needed: file systems need some room for themselves."""


@dataclass(frozen=True)
class Wanted:
    """One file to have, with what its source says of it."""

    file: SourceFile
    remote: Remote
    size: int
    """Bytes; of ``file.about`` where the source did not say."""
    exact: bool
    """Whether the size is the source's own."""
    here: int
    """Bytes that are on the disk."""
    published: bool
    """Whether the hash that it is checked against is published, rather than of a first sight."""


@dataclass(frozen=True)
class Plan:
    """What will be done."""

    source: Source
    folder: Path
    wanted: tuple[Wanted, ...]
    made: int
    """Bytes, roughly, of what is made of the files."""
    free: int
    """Bytes free on the disk."""
    remarks: tuple[str, ...]

    @property
    def to_fetch(self) -> int:
        """Bytes still to be fetched."""
        return sum(max(0, one.size - one.here) for one in self.wanted)

    @property
    def needed(self) -> int:
        """Bytes that the disk must have free."""
        return round((self.to_fetch + self.made) * MARGIN)

    def check_room(self) -> None:
        """Raise BadData unless the disk has room for all of it."""
        if self.needed > self.free:
            raise BadData(
                f"{self.folder}: needs {amount(self.needed)}, the disk has {amount(self.free)} "
                "free; make room or choose another --output"
            )


def make_plan(
    client: Client, source: Source, folder: Path, parts: tuple[str, ...], *, dry: bool = False
) -> Plan:
    """Find out what is to be fetched; nothing is written.

    ``parts`` are the optional parts of the set that are wanted. The sources are asked for sizes and
    hashes; where they cannot be, the known ones stand in. Raises BadData if the folder cannot be
    used, and, unless the plan is ``dry``, ServiceFailed if Kaggle does not know the user.
    """
    if folder.exists() and not folder.is_dir():
        raise BadData(f"{folder}: is a file; name a folder")
    files = [one for one in source.files if not one.part or one.part in parts]
    remarks: list[str] = []
    login, stated = None, {}
    try:
        login = find_login() if source.competition else None
        stated = _stated(client, source, files, login, remarks)
    except ServiceFailed as error:
        if not dry:
            raise
        remarks.append(str(error))
    seen = first_sight(client.settings.records)
    headers = login.headers if login else {}
    wanted = []
    for one in files:
        said = stated.get(one.name, _Stated(None, ""))
        before = seen.get(f"{source.name}/{one.name}", "")
        service = client.settings.service(one.service)
        remote = Remote(service, service.url + one.path, headers=headers)
        wanted.append(_wanted(one, said, before, already_here(folder / one.name), remote))
    free = shutil.disk_usage(_existing(folder)).free
    return Plan(source, folder, tuple(wanted), source.made, free, tuple(remarks))


def amount(size: int) -> str:
    """Write a number of bytes for people: 3.4 GB."""
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} bytes"


@dataclass(frozen=True)
class _Stated:
    """What a source states of a file."""

    size: int | None
    md5: str


def _stated(
    client: Client,
    source: Source,
    files: list[SourceFile],
    login: Login | None,
    remarks: list[str],
) -> dict[str, _Stated]:
    if login is not None:
        sizes = listed_sizes(client, source.competition, login)
        return {name: _Stated(size, "") for name, size in sizes.items()}
    found: dict[str, _Stated] = {}
    for record in sorted({one.record for one in files if one.record is not None}):
        try:
            found |= _zenodo_record(client, record)
        except ServiceFailed as error:
            remarks.append(f"sizes and hashes are the known ones, for {error}")
    for one in files:
        stated = found.get(one.name)
        if stated and stated.md5 and one.md5 and stated.md5 != one.md5:
            remarks.append(
                f"{one.name}: Zenodo states MD5 {stated.md5}, others have read {one.md5}; "
                "Zenodo's counts"
            )
    return found


def _zenodo_record(client: Client, record: int) -> dict[str, _Stated]:
    """Ask Zenodo for the sizes and MD5s of a record's files."""
    answer = client.get("zenodo", f"/api/records/{record}", fresh=True)
    try:
        files = json.loads(answer.body)["files"]
        return {
            str(one["key"]): _Stated(int(one["size"]), _md5(str(one.get("checksum", ""))))
            for one in files
        }
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceFailed(f"Zenodo's record {record} is not in the known form") from error


def _md5(checksum: str) -> str:
    kind, _, value = checksum.partition(":")
    return value.lower() if kind == "md5" else ""


def _wanted(file: SourceFile, said: _Stated, before: str, here: int, remote: Remote) -> Wanted:
    """Put together what is known beforehand, what the source says, and what was seen before."""
    hashes = dict(file.known)
    if said.md5:
        hashes["md5"] = said.md5
    published = bool(hashes)
    if not published and before:
        hashes = {"sha256": before}
    size = file.about if said.size is None else said.size
    whole = replace(remote, size=said.size, hashes=hashes, starts=file.starts)
    return Wanted(file, whole, size, said.size is not None, here, published)


def _existing(folder: Path) -> Path:
    """Give the folder itself or the nearest above it that exists."""
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return folder
