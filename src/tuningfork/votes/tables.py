"""Tables of votes: Kaggle's weighted fractions and Galaxy Zoo 2's, read into one form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tuningfork.errors import BadTable
from tuningfork.votes.check import check_votes
from tuningfork.votes.columns import Columns, TableFile, open_table, whole_id
from tuningfork.votes.fractions import Fractions
from tuningfork.votes.gz2 import KINDS, gz2_columns, impossible, weighted_from_gz2
from tuningfork.votes.problems import Problem
from tuningfork.votes.tree import TREE

ID_COLUMNS = ("id", "galaxy_id", "asset_id", "objid", "dr7objid", "pgc", "GalaxyID")
"""Columns that may hold a galaxy's id, the preferred first."""


@dataclass(frozen=True, eq=False)
class VoteTable:
    """The usable galaxies of a table, in its order, each id once."""

    ids: tuple[str, ...]
    weighted: Fractions
    """Shape (galaxies, 37), columns as in ``TREE.columns``; NaN: not known."""
    problems: tuple[Problem, ...]


def read_votes(path: Path, kinds: Sequence[str] = KINDS) -> VoteTable:
    """Read a table of votes (CSV, Parquet, or either in a zip), with every bad row named.

    Rows that break a sum constraint by more than 1e-4, that lack a number, or whose id came
    before are left out; smaller breaks are remarks. ``kinds`` are the Galaxy Zoo 2 columns to
    take, the preferred first: ``debiased``, ``weighted_fraction`` (raw), ``fraction``.

    Raises BadTable if the file cannot be read, lacks a column or has no usable row.
    """
    file = open_table(Path(path))
    galaxy_zoo = gz2_columns(file.header, kinds)
    columns = galaxy_zoo or TREE.columns
    _complete(file, columns)
    table = file.read([id_column(file)], columns)
    keep, ids, problems = usable_ids(table)
    keep, found = without(keep, ids, file.where, _not_numbers(table, columns, ids))
    problems += found
    weighted = table.numbers
    if galaxy_zoo:
        keep, found = _possible(keep, ids, file.where, weighted)
        weighted = weighted_from_gz2(weighted)
    else:
        keep, more = without(keep, ids, file.where, _empty(weighted, columns, ids))
        keep, found = _checked(keep, ids, file.where, weighted)
        found = more + found
    problems += found
    if not keep.any():
        raise BadTable(
            f"{file.where}: no usable row"
            + "".join(f"; {one.sentence}" for one in problems[:3])
            + "; mend the table or give another"
        )
    kept = tuple(ids[row] for row in _rows(keep))
    return VoteTable(kept, weighted[keep], (*table.problems, *problems))


def id_column(file: TableFile) -> str:
    """The first of ``ID_COLUMNS`` that the table has. Raises BadTable if it has none."""
    for name in ID_COLUMNS:
        if name in file.header:
            return name
    raise BadTable(
        f"{file.where}: no column with ids; name one of the columns {', '.join(ID_COLUMNS)}"
    )


def usable_ids(table: Columns) -> tuple[NDArray[np.bool_], list[str], list[Problem]]:
    """Which rows have an id of their own, all rows' ids, and the trouble with the others."""
    ids = [whole_id(text) for text in next(iter(table.text.values()))]
    keep = np.ones(len(ids), dtype=bool)
    trouble: dict[str, dict[int, str]] = defaultdict(dict)
    seen: set[str] = set()
    for row, one in enumerate(ids):
        if not one:
            trouble["row without an id"][row] = f"row {row + 2}"
        elif _was_float(one):
            trouble["id written as a rounded number"][row] = one
        elif one in seen:
            trouble["id twice"][row] = f"{one} (row {row + 2})"
        seen.add(one)
    keep, problems = without(keep, ids, table.where, trouble)
    return keep, ids, problems


def _was_float(text: str) -> bool:
    """64-bit ids that a program took for decimals have lost their last digits."""
    head, _, power = text.lower().partition("e+")
    return bool(power) and power.isdigit() and head.replace(".", "", 1).isdigit()


def _complete(file: TableFile, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in file.header]
    if missing:
        near = get_close_matches(missing[0], set(file.header) - set(columns), n=1)
        hint = f" (is {near[0]!r} meant for {missing[0]}?)" if near else ""
        raise BadTable(
            f"{file.where}: no table of votes, for it lacks {len(missing)} of their columns, "
            f"such as {missing[0]}{hint}; give Kaggle's or Galaxy Zoo 2's table"
        )


def _not_numbers(
    table: Columns, columns: Sequence[str], ids: Sequence[str]
) -> dict[str, dict[int, str]]:
    rows: dict[int, str] = {}
    for (row, place), word in table.words.items():
        rows.setdefault(row, f"{ids[row]}: {columns[place]} is {word!r}")
    return {"votes that are no numbers": rows}


def _empty(
    weighted: Fractions, columns: Sequence[str], ids: Sequence[str]
) -> dict[str, dict[int, str]]:
    unknown = np.isnan(weighted)
    first = unknown.argmax(axis=1)
    said = {
        row: f"{ids[row]}: {columns[int(first[row])]} is empty or NaN"
        for row in _rows(unknown.any(axis=1))
    }
    return {"votes missing": said}


def _possible(
    keep: NDArray[np.bool_], ids: Sequence[str], where: str, fractions: Fractions
) -> tuple[NDArray[np.bool_], list[Problem]]:
    """Galaxy Zoo 2's rows with possible fractions; a NaN leaves its question unknown."""
    trouble = {
        f"votes with {kind}": {row: f"{ids[row]}: {kind}" for row in _rows(bad)}
        for kind, bad in impossible(fractions).items()
    }
    keep, problems = without(keep, ids, where, trouble)
    unknown = tuple(ids[row] for row in _rows(np.isnan(fractions).any(axis=1) & keep))
    if unknown:
        problems.append(Problem("votes partly not known (NaN)", where, unknown, False))
    return keep, problems


def _checked(
    keep: NDArray[np.bool_], ids: list[str], where: str, weighted: Fractions
) -> tuple[NDArray[np.bool_], list[Problem]]:
    rows = _rows(keep)
    row_of = {ids[row]: row for row in rows}
    serious: dict[int, str] = {}
    remarks: dict[str, str] = {}
    for one in check_votes([ids[row] for row in rows], weighted[rows]):
        if one.serious:
            row = row_of[one.id]
            said = one.sentence if row not in serious else f"{serious[row]}; {one.sentence}"
            serious[row] = said
        else:
            remarks.setdefault(one.id, one.sentence)
    keep, problems = without(keep, ids, where, {"votes that break a sum": serious})
    remarks = {id_: said for id_, said in remarks.items() if row_of[id_] not in serious}
    if remarks:
        problems.append(
            Problem(
                "votes slightly off a sum", where, tuple(remarks), False, tuple(remarks.values())
            )
        )
    return keep, problems


def without(
    keep: NDArray[np.bool_], ids: Sequence[str], where: str, trouble: dict[str, dict[int, str]]
) -> tuple[NDArray[np.bool_], list[Problem]]:
    """Take the rows in trouble out; a row is named for the first trouble it is in."""
    keep = keep.copy()
    problems = []
    for kind, rows in trouble.items():
        named = [row for row in sorted(rows) if keep[row]]
        keep[named] = False
        if named:
            found = tuple(ids[row] for row in named)
            problems.append(Problem(kind, where, found, True, tuple(rows[row] for row in named)))
    return keep, problems


def _rows(chosen: NDArray[np.bool_] | np.bool_) -> list[int]:
    found: list[int] = np.flatnonzero(chosen).tolist()
    return found
