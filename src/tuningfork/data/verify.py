"""Decoding every picture of a set once, so that the unreadable ones are named beforehand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tuningfork.cores import cores
from tuningfork.data.galaxies import Galaxy, GalaxySet
from tuningfork.errors import UnreadableImage
from tuningfork.images.decode import decode
from tuningfork.votes.problems import Problem


def verify(galaxies: GalaxySet, step: Callable[[], None] = lambda: None) -> GalaxySet:
    """The set without the galaxies whose pictures cannot be decoded, each of them named.

    Every picture is read whole, at some hundreds a second and core; ``step`` is called after
    each, for a progress bar. The result may hold no galaxy.
    """
    unreadable: dict[str, str] = {}
    with ThreadPoolExecutor(cores()) as pool:
        messages = pool.map(_trouble, galaxies.galaxies)
        for galaxy, message in zip(galaxies.galaxies, messages, strict=True):
            if message:
                unreadable[galaxy.id] = f"{galaxy.id}: {message}"
            step()
    if not unreadable:
        return galaxies
    details = tuple(unreadable.values())
    problem = Problem("unreadable picture", str(galaxies.folder), tuple(unreadable), True, details)
    return replace(
        galaxies,
        galaxies=tuple(one for one in galaxies.galaxies if one.id not in unreadable),
        problems=(*galaxies.problems, problem),
    )


def _trouble(galaxy: Galaxy) -> str:
    try:
        decode(galaxy.picture.read(), galaxy.picture.path)
    except UnreadableImage as error:
        return str(error)
    return ""
