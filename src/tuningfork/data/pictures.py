"""The pictures of a set by id, out of folders and zips, damaged ones too."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath

from tuningfork.errors import BadData, UnreadableImage
from tuningfork.images.sources import SUFFIXES, Picture, find_pictures
from tuningfork.votes.problems import Problem
from tuningfork.votes.salvage import Member, salvage, salvaged_bytes


def pictures_by_id(places: Iterable[Path]) -> tuple[dict[str, Picture], list[Problem]]:
    """Pictures from the first of these folders and zips that holds any, and the trouble there."""
    problems: list[Problem] = []
    for place in places:
        pictures, found = pictures_in(place)
        problems += found
        once, twice = _each_once(pictures, str(place))
        if once:
            return once, problems + twice
    return {}, problems


def pictures_in(place: Path) -> tuple[list[Picture], list[Problem]]:
    """Every picture of a folder or zip; of a zip that breaks off those before the break."""
    if place.is_file() and not zipfile.is_zipfile(place):
        return _salvaged(place)
    try:
        return list(find_pictures([place])), []
    except BadData:
        return [], []


def _each_once(pictures: Iterable[Picture], where: str) -> tuple[dict[str, Picture], list[Problem]]:
    once: dict[str, Picture] = {}
    twice: dict[str, str] = {}
    for picture in pictures:
        if picture.id in once:
            twice[picture.id] = f"{picture.path} beside {once[picture.id].path}"
        else:
            once[picture.id] = picture
    problem = Problem("picture twice", where, tuple(twice), False, tuple(twice.values()))
    return once, [problem] if twice else []


def _salvaged(archive: Path) -> tuple[list[Picture], list[Problem]]:
    members = [member for member in salvage(archive) if _is_picture(member.name)]
    whole = [member for member in members if member.whole]
    pictures = [
        Picture(
            PurePosixPath(member.name).stem,
            f"{archive}/{member.name}",
            partial(_read, archive, member),
        )
        for member in whole
    ]
    last = f" within {members[-1].name}" if len(members) > len(whole) else ""
    said = f"breaks off{last} after {len(whole)} whole pictures; fetch it again for the rest"
    return pictures, [Problem("damaged zip", str(archive), (archive.name,), False, (said,))]


def _read(archive: Path, member: Member) -> bytes:
    try:
        return salvaged_bytes(archive, member)
    except OSError as error:
        raise UnreadableImage(
            f"{archive}/{member.name}: {error.strerror}; check the file"
        ) from error


def _is_picture(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not hidden
