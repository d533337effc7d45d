"""Recognising how a set of galaxies lies on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tuningfork.errors import BadData, BadTable, UnknownName
from tuningfork.images.sources import is_picture_name
from tuningfork.votes.columns import TABLE_SUFFIXES, TableFile, is_table, open_table
from tuningfork.votes.gz2 import gz2_columns
from tuningfork.votes.rules import Rule, rule_names
from tuningfork.votes.tables import ID_COLUMNS
from tuningfork.votes.tree import TREE

CLASS_COLUMNS = ("class", "label")
POSSIBLE_COLUMN = "possible"

_TABLES = ("training_solutions_rev1", "votes", "labels")
_PICTURES = ("images_training_rev1", "images", "images_gz2")


@dataclass(frozen=True)
class Layout:
    """Where a set's table and pictures are."""

    folder: Path
    table: TableFile | None
    """None: the folders' names are the classes."""
    votes_only: bool
    """Whether the table is Kaggle's or Galaxy Zoo 2's, where every row must hold votes."""
    pictures: tuple[Path, ...]
    """Folders and zips that may hold the pictures, the preferred first."""

    def reads(self, file: Path) -> bool:
        """Whether a file is one that is read: the set's table, or among its pictures."""
        own, places = file.resolve(), [one.resolve() for one in self.pictures]
        if own in places or (self.table is not None and own == self.table.path.resolve()):
            return True
        inside = any(own.is_relative_to(one) for one in places)
        return inside and is_picture_name(own.name) and own.exists()


def find_layout(path: Path, rule: Rule) -> Layout:
    """Recognise a set: a folder with a table of votes or labels, or of class folders.

    The path of a table stands for the folder it lies in. Raises BadData if nothing is recognised
    or several sets are, BadTable if the table cannot be read.
    """
    if not path.exists():
        raise BadData(f"{path}: no such folder; check the path")
    if path.is_file():
        return _from_table(path, rule.name)
    table = _table_in(path, rule.name)
    if table is not None:
        return _with_table(table, path, rule.name)
    tabled = [one for one in _folders(path) if _table_in(one, rule.name) is not None]
    if tabled:
        sets = sorted([*tabled, *(one for one in _folders(path) if _has_classes(one, rule))])
        listed = ", ".join(str(one) for one in sets)
        raise BadData(f"{path}: not one set but a folder of several; name one of them: {listed}")
    return Layout(path, None, False, (path,))


def holds_knowledge(header: Sequence[str], rule_name: str) -> bool:
    """Whether a table with these columns tells anything about galaxies that have ids."""
    known = {*TREE.columns, *CLASS_COLUMNS, POSSIBLE_COLUMN, *rule_names(), rule_name}
    has_id = any(name in header for name in ID_COLUMNS)
    return has_id and (bool(known.intersection(header)) or bool(gz2_columns(header)))


def is_vote_table(header: Sequence[str], rule_name: str) -> bool:
    """Whether the table is Kaggle's or Galaxy Zoo 2's and states no class beside the votes."""
    stated = {*CLASS_COLUMNS, POSSIBLE_COLUMN, *rule_names(), rule_name}
    votes = set(TREE.columns) <= set(header) or bool(gz2_columns(header))
    return votes and not stated.intersection(header)


def _from_table(path: Path, rule_name: str) -> Layout:
    if path.suffix.lower() == ".zip" and not _opens(path):
        return Layout(path, None, False, (path,))
    table = open_table(path)
    if not holds_knowledge(table.header, rule_name):
        raise BadTable(
            f"{path}: neither votes nor labels; a table needs a column of ids "
            f"({', '.join(ID_COLUMNS)}) and votes, class or possible"
        )
    return _with_table(table, path.parent, rule_name)


def _opens(path: Path) -> bool:
    try:
        open_table(path)
    except BadTable:
        return False
    return True


def _with_table(table: TableFile, folder: Path, rule_name: str) -> Layout:
    pictures = [
        place
        for stem in _PICTURES
        for place in (folder / stem, folder / f"{stem}.zip")
        if place.exists()
    ]
    return Layout(
        folder,
        table,
        table.path.name.startswith(_TABLES[0]) or is_vote_table(table.header, rule_name),
        tuple(pictures) or (folder,),
    )


def _table_in(folder: Path, rule_name: str) -> TableFile | None:
    """The folder's table: one of the well-known names, or else the only one that tells anything."""
    for stem in _TABLES:
        for suffix in TABLE_SUFFIXES:
            if is_table(folder / f"{stem}{suffix}"):
                return open_table(folder / f"{stem}{suffix}")
    found: list[TableFile] = []
    for path in sorted(folder.iterdir()):
        if path.stem in _PICTURES or path.name.startswith(".") or not is_table(path):
            continue
        try:
            table = open_table(path)
        except BadTable:
            continue
        if holds_knowledge(table.header, rule_name):
            found.append(table)
    if len(found) > 1:
        listed = ", ".join(str(one.path) for one in found)
        raise BadData(f"{folder}: several tables tell about galaxies; name one of them: {listed}")
    return found[0] if found else None


def _folders(folder: Path) -> list[Path]:
    return sorted(
        one
        for one in folder.iterdir()
        if one.is_dir() and not one.name.startswith((".", "__MACOSX"))
    )


def _has_classes(folder: Path, rule: Rule) -> bool:
    """Whether a folder inside bears the name of a class."""
    for one in _folders(folder):
        try:
            rule.resolve(one.name)
        except UnknownName:
            continue
        return True
    return False
