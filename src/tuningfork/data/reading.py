"""Reading a set of galaxies: its table, its pictures, and which belong together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

from tuningfork.data.galaxies import Galaxy, GalaxySet, Known
from tuningfork.data.labels import read_labels
from tuningfork.data.layout import Layout, find_layout
from tuningfork.errors import BadData, UnknownName
from tuningfork.images.sources import Picture, find_pictures
from tuningfork.votes.columns import TableFile
from tuningfork.votes.problems import Problem
from tuningfork.votes.rules import Rule
from tuningfork.votes.tables import read_votes


def read_set(path: Path, rule: Rule) -> GalaxySet:
    """Read a set of galaxies and label it by the rule; pictures are found but not yet read.

    ``path`` is a folder as Kaggle ships it, one with Galaxy Zoo 2's table or a labels table
    beside its pictures, one of class folders, or the table in such a folder. Trouble is counted
    and named in ``problems``, and the rest goes on.

    Raises BadData if the layout is not recognised or no galaxy is usable, BadTable if the table
    cannot be read, UnknownName for a class that the rule does not have.
    """
    path = Path(path)
    layout = find_layout(path, rule.name)
    if layout.table is None:
        galaxies, problems = _from_class_folders(layout.folder, rule)
    else:
        known, problems = known_in(layout.table, rule, votes_only=layout.votes_only)
        galaxies, found = _with_pictures(known, layout)
        problems = [*problems, *found]
    if not galaxies:
        trouble = "; ".join(one.sentence for one in problems[:3]) or "the table has no rows"
        raise BadData(f"{path}: no usable galaxy: {trouble}; mend these and try again")
    return GalaxySet(layout.folder.stem, layout.folder, tuple(galaxies), tuple(problems))


def known_in(
    table: TableFile, rule: Rule, *, votes_only: bool
) -> tuple[Mapping[str, Known], list[Problem]]:
    """What a table of votes or labels knows of each galaxy, and the trouble in it."""
    if not votes_only:
        labels = read_labels(table, rule)
        return labels.known, list(labels.problems)
    votes = read_votes(table.path)
    known = {}
    for id_, weighted, place in zip(
        votes.ids, votes.weighted, rule.apply(votes.weighted), strict=True
    ):
        label = rule.class_names[place] if place >= 0 else None
        known[id_] = Known(weighted, label, frozenset({label} if label else ()))
    return known, list(votes.problems)


def _with_pictures(
    known: Mapping[str, Known], layout: Layout
) -> tuple[list[Galaxy], list[Problem]]:
    pictures, problems = _pictures(layout)
    where = str(layout.pictures[0])
    missing = tuple(id_ for id_ in known if id_ not in pictures)
    if missing:
        problems.append(Problem("missing picture", where, missing, True))
    further = tuple(id_ for id_ in pictures if id_ not in known)
    if further:
        problems.append(Problem("picture without a usable row", where, further, True))
    galaxies = [
        Galaxy(id_, pictures[id_], one) for id_, one in known.items() if id_ in pictures
    ]
    return galaxies, problems


def _pictures(layout: Layout) -> tuple[dict[str, Picture], list[Problem]]:
    """Pictures by id, from the first place that holds any."""
    for place in layout.pictures:
        try:
            return _each_once(find_pictures([place]), str(place))
        except BadData:
            continue
    return {}, []


def _each_once(
    pictures: Iterable[Picture], where: str
) -> tuple[dict[str, Picture], list[Problem]]:
    once: dict[str, Picture] = {}
    twice: dict[str, str] = {}
    for picture in pictures:
        if picture.id in once:
            twice[picture.id] = f"{picture.path} beside {once[picture.id].path}"
        else:
            once[picture.id] = picture
    problem = Problem("picture twice", where, tuple(twice), False, tuple(twice.values()))
    return once, [problem] if twice else []


def _from_class_folders(folder: Path, rule: Rule) -> tuple[list[Galaxy], list[Problem]]:
    """Galaxies whose class is the name of the folder they lie in, at any depth."""
    classes: dict[str, str] = {}
    found: dict[str, list[Galaxy]] = defaultdict(list)
    for picture in find_pictures([folder]):
        name = PurePath(picture.path).parent.name
        if name not in classes:
            classes[name] = _class_of(name, folder, rule)
        known = Known(None, classes[name], frozenset({classes[name]}))
        found[picture.id].append(Galaxy(picture.id, picture, known))
    galaxies: list[Galaxy] = []
    twice: dict[str, str] = {}
    torn: dict[str, str] = {}
    for id_, same in found.items():
        beside = " beside ".join(one.picture.path for one in same)
        if len({one.known.label for one in same}) > 1:
            torn[id_] = beside
            continue
        galaxies.append(same[0])
        if len(same) > 1:
            twice[id_] = beside
    problems = [
        Problem(kind, str(folder), tuple(which), dropped, tuple(which.values()))
        for kind, which, dropped in (
            ("picture twice", twice, False),
            ("one id in folders of several classes", torn, True),
        )
        if which
    ]
    return galaxies, problems


def _class_of(name: str, folder: Path, rule: Rule) -> str:
    try:
        return rule.resolve(name)
    except UnknownName as error:
        raise UnknownName(
            f"{folder}: no table of votes or labels here, and the folder {error}; "
            "rename the folder, or give a set with a table"
        ) from error
