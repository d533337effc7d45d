"""Catalogues of positions: CSV, Parquet, FITS tables and VOTables with a place a row."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tuningfork.classify.catalogue import CATALOGUE_IDS, Catalogue, open_catalogue
from tuningfork.classify.look import Target
from tuningfork.classify.rows import Rows
from tuningfork.errors import BadTable, UnknownName
from tuningfork.images.quiet import quietly
from tuningfork.sky.names import locate

NAMES = ("name", "objname", "object", "target", "galaxy")
RIGHT_ASCENSIONS = ("ra", "raj2000", "_raj2000", "ra_icrs", "radeg", "ra_deg", "right_ascension")
DECLINATIONS = (
    "dec",
    "dej2000",
    "_dej2000",
    "decj2000",
    "de_icrs",
    "dedeg",
    "dec_deg",
    "decl",
    "declination",
)
SIZES = ("petror90_r", "petrorad90_r", "petro_r90", "r90")
"""Columns, in lower case, that may hold each; the preferred first. Sizes are Petrosian R90 in
seconds of arc."""
HOURS = ("h", "hr", "hour", "hours", "hourangle")
"""Units of right ascension that are 15 degrees."""
ASTROPY_ENDINGS = (".fits", ".fit", ".fits.gz", ".fit.gz", ".vot", ".votable", ".xml", ".vot.gz")


@dataclass(frozen=True)
class Columns:
    """Which columns of a catalogue say where a row's galaxy is; None: it has no such column."""

    name: str | None
    ra: str | None
    dec: str | None
    size: str | None


def open_positions(path: Path) -> Catalogue:
    """Open a catalogue of positions by its ending. Raises BadTable."""
    path = Path(path)
    if not path.name.lower().endswith(ASTROPY_ENDINGS):
        return open_catalogue(path)
    if not path.is_file():
        raise BadTable(f"{path}: no such catalogue; check the path")
    return _TableCatalogue(path)


def columns_of(schema: pa.Schema, where: str) -> Columns:
    """Find the columns that say where galaxies are. Raises BadTable if there are none."""
    names = {name.casefold(): name for name in reversed(schema.names)}

    def first(wanted: Sequence[str]) -> str | None:
        return next((names[one.casefold()] for one in wanted if one.casefold() in names), None)

    ra, dec = first(RIGHT_ASCENSIONS), first(DECLINATIONS)
    name = first(NAMES)
    if (ra is None) != (dec is None) or (ra is None and name is None):
        raise BadTable(
            f"{where}: no columns say where galaxies are; give ra and dec in degrees "
            f"(or {', '.join(RIGHT_ASCENSIONS[1:4])} …), or names in a column {NAMES[0]}"
        )
    return Columns(name or first(CATALOGUE_IDS), ra, dec, first(SIZES))


def targets_of(rows: Rows, columns: Columns) -> Iterator[Target]:
    """Give what each row says to look at; a row that cannot be looked at says why."""
    table = rows.table
    names = table[columns.name].to_pylist() if columns.name else [None] * len(table)
    ras = table[columns.ra].to_pylist() if columns.ra else [None] * len(table)
    decs = table[columns.dec].to_pylist() if columns.dec else [None] * len(table)
    sizes = table[columns.size].to_pylist() if columns.size else [None] * len(table)
    for place, (name, ra, dec, size) in enumerate(zip(names, ras, decs, sizes, strict=True)):
        called = "" if name is None else str(name).strip()
        if place in rows.errors:
            yield Target(called, error=rows.errors[place])
        else:
            yield _target(called, ra, dec, _size(size), by_name=columns.ra is None)


def _target(name: str, ra: object, dec: object, r90: float | None, *, by_name: bool) -> Target:
    if by_name:
        missing = "" if name else "the row has no name; give one, or a position"
        return Target(name, r90=r90, error=missing)
    try:
        found = _degrees(ra, dec)
    except UnknownName as error:
        return Target(name, r90=r90, error=str(error))
    return Target(name or f"{found[0]:.5f}{found[1]:+.5f}", found, r90)


def _degrees(ra: object, dec: object) -> tuple[float, float]:
    """Read a row's position. Raises UnknownName."""
    wanted = "give right ascension 0 to 360 and declination -90 to 90, in degrees"
    try:
        position = float(str(ra)), float(str(dec))
    except ValueError:
        text = f"{ra} {dec}"
        if ra is None or dec is None or not any(one.isdigit() for one in text):
            raise UnknownName(f"ra {ra}, dec {dec}: no position; {wanted}") from None
        place = locate(text.replace("None", ""))
        return place.ra, place.dec
    if not (0 <= position[0] <= 360 and -90 <= position[1] <= 90):
        raise UnknownName(f"ra {ra}, dec {dec}: no place on the sky; {wanted}")
    return position


def _size(value: object) -> float | None:
    try:
        size = float(str(value))
    except ValueError:
        return None
    return size if 0 < size < math.inf else None


class _TableCatalogue:
    """A FITS table or VOTable, held whole: the sky's services are too slow for long ones."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._table = _arrow(path)
        if not len(self._table):
            raise BadTable(f"{path}: the catalogue has no rows; give one with galaxies")
        self.rows: int = len(self._table)
        self.schema: pa.Schema = self._table.schema

    @property
    def where(self) -> str:
        return str(self.path)

    def fingerprint(self) -> str:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def parts(self, size: int) -> Iterator[Rows]:
        for start in range(0, self.rows, size):
            yield Rows(self._table.slice(start, size))


def _arrow(path: Path) -> pa.Table:
    """Read a FITS table or VOTable; columns of more than one value a row are left out."""
    from astropy.table import Table

    fits = ".fit" in path.name.lower()
    try:
        with quietly():
            table = Table.read(path, format="fits" if fits else "votable")
    except Exception as error:  # astropy's readers raise nearly anything on damaged files
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadTable(
            f"{path}: no table can be read from it ({first}); give a FITS table, a VOTable, CSV or "
            "Parquet"
        ) from error
    columns = {name: _values(table[name]) for name in table.colnames if table[name].ndim == 1}
    try:
        return pa.table(columns)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise BadTable(f"{path}: a column cannot be read ({error}); save it as CSV") from error


def _values(column: Any) -> list[Any]:  # noqa: ANN401  (astropy is untyped)
    """Give a column's values as Python's, angles in degrees, None where it is masked."""
    values = column.tolist()
    named = column.name.casefold()
    if column.dtype.kind == "f" and (named in RIGHT_ASCENSIONS or named in DECLINATIONS):
        factor = _degrees_each(getattr(column, "unit", None))
        return [None if one is None or math.isnan(one) else one * factor for one in values]
    return [
        one.decode("utf-8", "replace").strip() if isinstance(one, bytes) else one for one in values
    ]


def _degrees_each(unit: Any) -> float:  # noqa: ANN401
    """Give how many degrees one of a column's unit is; 1 where it has none."""
    if unit is None or not str(unit):
        return 1.0
    if str(unit).casefold() in HOURS:
        return 15.0
    from astropy import units

    try:
        return float(units.Unit(unit).to(units.deg))
    except (ValueError, TypeError, units.UnitConversionError):
        return 1.0
