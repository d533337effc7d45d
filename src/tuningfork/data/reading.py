"""Reading a set of galaxies: its table, its pictures, and which belong together."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from tuningfork.data.galaxies import Galaxy, GalaxySet, Known
from tuningfork.data.labels import read_labels
from tuningfork.data.layout import Layout, find_layout
from tuningfork.data.pictures import pictures_by_id, pictures_in
from tuningfork.errors import BadData, BadTable, UnknownName, UnreadableImage
from tuningfork.images.sources import Picture
from tuningfork.votes.columns import TableFile, open_table, whole_id
from tuningfork.votes.gz2 import DEBIASED, RAW, gz2_columns
from tuningfork.votes.problems import Problem
from tuningfork.votes.rules import Rule
from tuningfork.votes.tables import id_column, read_votes

VOLUNTEERS = "total_classifications"
"""Galaxy Zoo 2's column of how many volunteers saw a galaxy."""
GZ2_MAPPING = "gz2_filename_mapping.csv"
"""Galaxy Zoo 2's own list of the pictures (asset_id) of SDSS's objects (objid)."""


def read_set(path: Path, rule: Rule) -> GalaxySet:
    """Read a set of galaxies and label it by the rule; pictures are found but not yet read.

    ``path`` is a folder as Kaggle ships it, one with Galaxy Zoo 2's table or a labels table
    beside its pictures, one of class folders, or the table in such a folder. Trouble is counted
    and named in ``problems``, and the rest goes on.

    Raises BadData if the layout is not recognised or no galaxy is usable, BadTable if the table
    cannot be read, UnknownName for a class that the rule does not have.
    """
    path = Path(path)
    layout = find_layout(path, rule)
    if layout.table is None:
        galaxies, problems = _from_class_folders(layout.folder, rule)
    else:
        known, problems = known_in(layout, rule)
        galaxies, found = _with_pictures(known, layout)
        problems = [*problems, *found]
    if not galaxies:
        trouble = "; ".join(one.sentence for one in problems[:3]) or "the table has no rows"
        raise BadData(f"{path}: no usable galaxy: {trouble}; mend this and try again")
    folder = layout.folder.resolve()
    name = folder.stem if folder.is_file() else folder.name
    return GalaxySet(name, layout.folder, tuple(galaxies), tuple(problems))


def known_in(layout: Layout, rule: Rule) -> tuple[Mapping[str, Known], list[Problem]]:
    """What the layout's table knows of each galaxy, and the trouble in it.

    Raises BadData if the layout has no table.
    """
    if layout.table is None:
        raise BadData(f"{layout.folder}: no table of votes or labels here; add one")
    if not layout.votes_only:
        return read_labels(layout.table, rule)
    votes = read_votes(layout.table.path)
    raw = _raw_votes(layout.table)
    crowds = _volunteers(layout.table)
    pictured = _pictured_as(layout)
    known = {}
    places = rule.apply(votes.weighted)
    for id_, weighted, place in zip(votes.ids, votes.weighted, places, strict=True):
        label = rule.class_names[place] if place >= 0 else None
        possible = frozenset({label} if label else ())
        known[pictured.get(id_, id_)] = Known(
            weighted, raw.get(id_), label, possible, volunteers=crowds.get(id_)
        )
    return known, list(votes.problems)


def _raw_votes(file: TableFile) -> Mapping[str, NDArray[np.float64]]:
    """Galaxy Zoo 2's votes as they were given, by id, where the table has debiased ones beside."""
    if not all(gz2_columns(file.header, [kind]) for kind in (DEBIASED, RAW)):
        return {}
    raw = read_votes(file.path, [RAW])
    return dict(zip(raw.ids, raw.weighted, strict=True))


def _volunteers(file: TableFile) -> Mapping[str, float]:
    """How many volunteers saw each galaxy, by id, where the table tells."""
    if VOLUNTEERS not in file.header:
        return {}
    table = file.read([id_column(file)], [VOLUNTEERS])
    ids = (whole_id(text) for text in next(iter(table.text.values())))
    counts = table.numbers[:, 0]
    return {id_: count for id_, count in zip(ids, counts.tolist(), strict=True) if count > 0}


def _pictured_as(layout: Layout) -> dict[str, str]:
    """Names of pictures by SDSS's ids, where Galaxy Zoo 2's own list lies beside its table."""
    mapping = layout.folder / GZ2_MAPPING
    if layout.table is None or "asset_id" in layout.table.header or not mapping.is_file():
        return {}
    file = open_table(mapping)
    if not {"objid", "asset_id"} <= set(file.header):
        raise BadTable(f"{mapping}: lacks objid or asset_id; fetch Galaxy Zoo 2's list again")
    table = file.read(["objid", "asset_id"])
    return dict(zip(table.text["objid"], table.text["asset_id"], strict=True))


def _with_pictures(
    known: Mapping[str, Known], layout: Layout
) -> tuple[list[Galaxy], list[Problem]]:
    pictures, problems = pictures_by_id(layout.pictures)
    where = str(layout.pictures[0])
    missing = tuple(id_ for id_ in known if id_ not in pictures)
    if missing:
        problems.append(Problem("missing picture", where, missing, True))
    further = tuple(id_ for id_ in pictures if id_ not in known)
    if further:
        problems.append(Problem("picture without a usable row", where, further, True))
    galaxies = [Galaxy(id_, pictures[id_], one) for id_, one in known.items() if id_ in pictures]
    return galaxies, problems


def _from_class_folders(folder: Path, rule: Rule) -> tuple[list[Galaxy], list[Problem]]:
    """Galaxies whose class is the name of the folder they lie in."""
    pictures, problems = pictures_in(folder)
    if not pictures:
        found = "".join(f"; {one.sentence}" for one in problems)
        raise BadData(
            f"{folder}: no set of galaxies is recognised{found}; expected a table of votes "
            "or labels beside pictures, or a folder of pictures for each class"
        )
    classes = _classes({_parent(one, folder) for one in pictures}, folder, rule)
    by_id: dict[str, dict[str, list[Picture]]] = defaultdict(lambda: defaultdict(list))
    for picture in pictures:
        by_id[picture.id][classes[_parent(picture, folder)]].append(picture)
    galaxies: list[Galaxy] = []
    twice: dict[str, str] = {}
    torn: dict[str, str] = {}
    for id_, by_class in by_id.items():
        if len(by_class) > 1 and _one_picture([alike[0] for alike in by_class.values()]):
            torn[id_] = _beside([one for alike in by_class.values() for one in alike])
            continue
        for label, alike in by_class.items():
            # Where a name numbers other galaxies in other classes, the class tells them apart.
            unique = id_ if len(by_class) == 1 else f"{label}/{id_}"
            if len(alike) > 1:
                twice[unique] = _beside(alike)
            known = Known(label=label, possible=frozenset({label}))
            galaxies.append(Galaxy(unique, alike[0], known))
    for kind, which, dropped in (
        ("one name in folders of several classes", _named_apart(by_id, torn), False),
        ("picture twice", twice, False),
        ("one picture in folders of several classes", torn, True),
    ):
        if which:
            details = tuple(which.values())
            problems.append(Problem(kind, str(folder), tuple(which), dropped, details))
    return galaxies, problems


def _named_apart(
    by_id: Mapping[str, Mapping[str, object]], torn: Mapping[str, str]
) -> dict[str, str]:
    """The names that several classes share, and the ids that their galaxies have instead."""
    return {
        id_: " and ".join(f"{label}/{id_}" for label in by_class)
        for id_, by_class in by_id.items()
        if len(by_class) > 1 and id_ not in torn
    }


def _one_picture(pictures: list[Picture]) -> bool:
    """Whether any two of the files hold the same bytes; one that cannot be read is no other."""
    seen: set[bytes] = set()
    for picture in pictures:
        try:
            digest = hashlib.sha256(picture.read()).digest()
        except UnreadableImage:
            continue
        if digest in seen:
            return True
        seen.add(digest)
    return False


def _beside(pictures: list[Picture]) -> str:
    return " beside ".join(one.path for one in pictures)


def _parent(picture: Picture, folder: Path) -> str:
    """The name of the folder that the picture lies in; empty for the set's own."""
    parent = PurePath(picture.path).parent
    return "" if parent == folder else parent.name


def _classes(names: set[str], folder: Path, rule: Rule) -> dict[str, str]:
    """The class that each folder's name means."""
    if "" in names:
        raise BadData(
            f"{folder}: pictures without a table of votes or labels, and not in class folders; "
            "nothing tells what they are: add a table, or a folder for each class"
        )
    try:
        return {name: rule.resolve(name) for name in sorted(names)}
    except UnknownName as error:
        raise UnknownName(
            f"{folder}: no table of votes or labels here, and the folder {error}; "
            "rename the folder, or give a set with a table"
        ) from error
