"""The pictures of a set by id, out of folders and zips, damaged ones too."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

from tuningfork.errors import BadData
from tuningfork.images.sources import Archive, Picture, find_pictures, is_picture
from tuningfork.votes.problems import Problem
from tuningfork.votes.salvage import salvage


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
    pictures = Archive(archive, str(archive)).salvaged()
    members = [member for member in salvage(archive) if is_picture(member.name)]
    last = f" within {members[-1].name}" if len(members) > len(pictures) else ""
    said = f"breaks off{last} after {len(pictures)} whole pictures; fetch it again for the rest"
    return pictures, [Problem("damaged zip", str(archive), (archive.name,), False, (said,))]
