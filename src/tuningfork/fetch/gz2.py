"""Galaxy Zoo 2's votes, file mapping and pictures joined into one table."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from tuningfork.errors import BadTable
from tuningfork.files import replacing
from tuningfork.images.sources import Archive
from tuningfork.votes.gz2 import DEBIASED, RAW, gz2_columns

IDS = ("dr7objid", "objid")
"""Names of the votes' column of SDSS ids, the preferred first."""
CLASSES = ("gz2_class", "gz2class")
"""Names of the column with Galaxy Zoo's own class, in the two editions of the table."""
KEPT = ("ra", "dec", "total_classifications", "total_votes")
"""Further columns that are kept where the table has them."""
BLOCK = 1 << 24
"""Bytes of the table that are held at a time."""


@dataclass
class Joined:
    """How the join went, in galaxies."""

    galaxies: int = 0
    """Rows of the table: votes with the name of a picture."""
    pictured: int = 0
    """Of them, with a picture in the zip."""
    without_picture: int = 0
    """Of them, whose picture the zip lacks."""
    votes_without_name: int = 0
    """Voted galaxies that the mapping does not name."""
    votes_twice: int = 0
    """Rows of the votes whose galaxy came before."""
    pictures_without_votes: int = 0
    junk_files: int = 0
    """Entries of the zip that are no pictures, such as ``._100.jpg``."""

    def as_json(self) -> dict[str, int]:
        """Give the counts by name."""
        return asdict(self)


def join_gz2(
    votes: Path,
    mapping: Path,
    images: Path,
    target: Path,
    step: Callable[[int], None] = lambda _: None,
) -> Joined:
    """Write one row for each voted galaxy that has a picture's name.

    ``votes`` is Hart et al.'s table (CSV, plain or ``.gz``), ``mapping`` the list of objid and
    asset_id, ``images`` the zip of pictures. Rows have objid, asset_id, gz2_class, counts, and the
    raw (``_weighted_fraction``) and debiased fractions of the 37 answers. SDSS's 64-bit ids stay
    text. The votes are streamed. ``step`` is told how many rows are written.

    Raises BadTable for a table that lacks what is needed, UnreadableImage for a broken zip.
    """
    names = _names(mapping)
    archive = Archive(images, str(images))
    members = archive.members()
    pictured = {Path(one.filename).stem for one in members}
    joined = Joined(junk_files=_files_in(images) - len(members))
    used: set[str] = set()
    seen: set[str] = set()
    with replacing(target) as path:
        writer: pa.csv.CSVWriter | None = None
        for batch in _batches(votes):
            table = _joined(batch, names, seen, joined)
            used.update(table["asset_id"].to_pylist())
            if writer is None:
                options = pyarrow.csv.WriteOptions(quoting_style="needed")
                writer = pyarrow.csv.CSVWriter(path, table.schema, write_options=options)
            writer.write_table(table)
            joined.galaxies += len(table)
            step(joined.galaxies)
        if writer is None or not joined.galaxies:
            raise BadTable(
                f"{votes}: no galaxy of it is named by {mapping}; remove both and fetch them again"
            )
        writer.close()
    joined.pictured = len(used & pictured)
    joined.without_picture = len(used - pictured)
    joined.pictures_without_votes = len(pictured - used)
    return joined


def _files_in(images: Path) -> int:
    with zipfile.ZipFile(images) as archive:
        return sum(not one.is_dir() for one in archive.infolist())


def _names(mapping: Path) -> Mapping[str, Mapping[str, str]]:
    """Give asset_id by sample, by objid."""
    try:
        table = pyarrow.csv.read_csv(
            mapping,
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(("objid", "sample", "asset_id"), pa.string()),
                include_columns=["objid", "sample", "asset_id"],
            ),
        )
    except (pa.ArrowInvalid, KeyError, OSError) as error:
        raise BadTable(
            f"{mapping}: not the list of objid, sample, asset_id ({_first(error)}); remove it and "
            "fetch it again"
        ) from error
    names: dict[str, dict[str, str]] = {}
    rows = zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
    for objid, sample, asset in rows:
        names.setdefault(objid, {}).setdefault(sample, asset)
    return names


def _batches(votes: Path) -> Iterator[pa.Table]:
    """Give the votes' needed columns under the names that they get, piece by piece."""
    header = _header(votes)
    chosen = _chosen(votes, header)
    texts = {name: pa.string() for name in chosen if chosen[name] in {"objid", "gz2_class"}}
    texts |= {"sample": pa.string()}
    numbers = {name: pa.float64() for name in chosen if name.startswith("t") and "_a" in name}
    options = pyarrow.csv.ConvertOptions(
        column_types=texts | numbers,
        include_columns=[*chosen, *(["sample"] if "sample" in header else [])],
        strings_can_be_null=False,
    )
    try:
        with pyarrow.csv.open_csv(
            _stream(votes),
            read_options=pyarrow.csv.ReadOptions(block_size=BLOCK),
            convert_options=options,
        ) as reader:
            for batch in reader:
                table = pa.Table.from_batches([batch])
                yield table.rename_columns([chosen.get(one, one) for one in table.column_names])
    except (pa.ArrowInvalid, OSError) as error:
        raise BadTable(
            f"{votes}: not a whole table ({_first(error)}); remove it and fetch it again"
        ) from error


def _chosen(votes: Path, header: list[str]) -> dict[str, str]:
    """Give the table's columns that are kept, each with the name that it gets."""
    objid = next((name for name in IDS if name in header), None)
    raw, debiased = gz2_columns(header, [RAW]), gz2_columns(header, [DEBIASED])
    if objid is None or not raw or not debiased:
        lacking = f"a column {IDS[0]}" if objid is None else "raw and debiased fractions"
        raise BadTable(f"{votes}: lacks {lacking}; remove it and fetch Hart et al.'s table again")
    stated = next((name for name in CLASSES if name in header), None)
    chosen = {objid: "objid"} | ({stated: "gz2_class"} if stated else {})
    chosen |= {name: name for name in KEPT if name in header}
    for pair in zip(raw, debiased, strict=True):
        chosen |= {name: name for name in pair}
    return chosen


def _joined(
    batch: pa.Table, names: Mapping[str, Mapping[str, str]], seen: set[str], joined: Joined
) -> pa.Table:
    """Give the rows whose galaxy has a picture's name, with that name."""
    ids = batch["objid"].to_pylist()
    samples = batch["sample"].to_pylist() if "sample" in batch.column_names else [""] * len(ids)
    keep: list[int] = []
    assets: list[str] = []
    for row, (objid, sample) in enumerate(zip(ids, samples, strict=True)):
        by_sample = names.get(objid)
        if by_sample is None:
            joined.votes_without_name += 1
            continue
        asset = by_sample.get(sample) or next(iter(by_sample.values()))
        if asset in seen:
            joined.votes_twice += 1
            continue
        seen.add(asset)
        keep.append(row)
        assets.append(asset)
    table = batch.take(pa.array(keep, pa.int64()))
    if "sample" in table.column_names:
        table = table.drop_columns(["sample"])
    return table.add_column(1, "asset_id", pa.array(assets, pa.string()))


def _header(votes: Path) -> list[str]:
    try:
        with _stream(votes) as stream:
            head = stream.read(1 << 16).decode("utf-8", "replace")
    except (pa.ArrowInvalid, OSError) as error:
        raise BadTable(f"{votes}: cannot be read ({_first(error)}); fetch it again") from error
    return [name.strip().strip('"') for name in head.splitlines()[0].split(",")] if head else []


def _stream(votes: Path) -> pa.NativeFile:
    return pa.input_stream(votes, compression="gzip" if votes.suffix == ".gz" else None)


def _first(error: Exception) -> str:
    return str(error).splitlines()[0]
