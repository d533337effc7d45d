"""Fetching a data set as planned, and writing beside it what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuningfork.errors import BadData
from tuningfork.fetch.galaxy10 import unpack_galaxy10
from tuningfork.fetch.gz2 import join_gz2
from tuningfork.fetch.kaggle import explained
from tuningfork.fetch.plan import Plan, Wanted
from tuningfork.fetch.records import FIRST_SIGHT, Held, held, now, remember, write_record
from tuningfork.files import held as held_alone
from tuningfork.images.sources import Archive
from tuningfork.web import Client
from tuningfork.web.download import Fetched, WrongFile, differences, download, measured
from tuningfork.web.trouble import Refused

Watch = Callable[[str, int, int | None], None]
"""Told what is being worked at, how much of it is done, and how much there is, if known."""


@dataclass(frozen=True)
class Done:
    """What is there now."""

    files: Mapping[str, Held]
    made: Mapping[str, Any]
    """What was made of the files, and how many galaxies are in it."""
    remarks: tuple[str, ...]


def carry_out(client: Client, plan: Plan, watch: Watch = lambda _what, _done, _all: None) -> Done:
    """Fetch, verify and prepare what is planned.

    A run that was stopped is gone on with. Raises BadData without room on the disk, and
    ServiceFailed where a file cannot be had; what was fetched before stays.
    """
    plan.check_room()
    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
        with held_alone(plan.folder) as alone:
            if not alone:
                raise BadData(
                    f"{plan.folder}: another run is fetching into this folder; wait for it or "
                    "name another --output"
                )
            return _carry_out(client, plan, watch)
    except OSError as error:
        raise BadData(
            f"{error.filename or plan.folder}: {error.strerror or error}; mend this, then run it "
            "again: it goes on where it stopped"
        ) from error


def _carry_out(client: Client, plan: Plan, watch: Watch) -> Done:
    remarks = list(plan.remarks)
    known = held(plan.folder)
    made: Mapping[str, Any] = {}
    for wanted in plan.wanted:
        known[wanted.file.name] = _have(client, plan, wanted, known, watch)
        # Written after each file, so that a stopped run leaves a true record.
        write_record(plan.folder, plan.source, known, made)
        remarks += _members(wanted, plan.folder / wanted.file.name)
    if plan.source.name in _MAKE:
        made = _MAKE[plan.source.name](plan, watch)
        write_record(plan.folder, plan.source, known, made)
    return Done(known, made, tuple(remarks))


def _have(
    client: Client, plan: Plan, wanted: Wanted, known: Mapping[str, Held], watch: Watch
) -> Held:
    """Give the file's record, fetched unless it is here and right."""
    name, target = wanted.file.name, plan.folder / wanted.file.name
    before = known.get(name)
    if target.is_file():
        watch(f"checking {name}", 0, None)
        found = measured(target)
        if not differences(wanted.remote, found) and (before is None or _same(before, found)):
            return before or _record(client, plan, wanted, found)
    watch(f"fetching {name}", wanted.here, wanted.size)
    try:
        found = download(
            client, wanted.remote, target, lambda here, size: watch(f"fetching {name}", here, size)
        )
    except Refused as error:
        raise explained(error) if plan.source.competition else error from error
    except WrongFile as error:
        if wanted.published:
            raise
        seen = client.settings.records / FIRST_SIGHT
        raise WrongFile(
            f"{error}: to take the new file, remove the line of {name} from {seen}, which holds "
            "what was seen first"
        ) from error
    return _record(client, plan, wanted, found)


def _record(client: Client, plan: Plan, wanted: Wanted, found: Fetched) -> Held:
    name = wanted.file.name
    verified = ", ".join(f"published {kind.upper()}" for kind in wanted.remote.hashes)
    if not wanted.published:
        remember(client.settings.records, f"{plan.source.name}/{name}", found.sha256)
        verified = "first sight"
    return Held(
        name, wanted.remote.url, found.size, found.md5, found.sha256, verified, fetched=now()
    )


def _same(before: Held, found: Fetched) -> bool:
    return (before.size, before.sha256) == (found.size, found.sha256)


def _members(wanted: Wanted, path: Path) -> list[str]:
    """Remark on a zip that does not hold as many pictures as are known to be in it."""
    if wanted.file.members is None:
        return []
    count = len(Archive(path, str(path)).members())
    if count == wanted.file.members:
        return []
    return [f"{path}: holds {count:,} pictures, {wanted.file.members:,} were expected"]


def _make_gz2(plan: Plan, watch: Watch) -> Mapping[str, Any]:
    names = {one.file.name.rpartition(".")[0]: plan.folder / one.file.name for one in plan.wanted}
    joined = join_gz2(
        names["gz2_hart16.csv"],
        names["gz2_filename_mapping"],
        names["images_gz2"],
        plan.folder / "votes.csv",
        lambda rows: watch("joining votes and pictures", rows, None),
    )
    return {"votes.csv": joined.as_json()}


def _make_galaxy10(plan: Plan, watch: Watch) -> Mapping[str, Any]:
    (wanted,) = plan.wanted
    part = wanted.file.part
    counts = unpack_galaxy10(
        plan.folder / wanted.file.name,
        plan.folder,
        part,
        plan.source.classes[part],
        lambda done, all_: watch("unpacking pictures", done, all_),
    )
    return {"labels.csv": counts}


_MAKE = {"gz2": _make_gz2, "galaxy10": _make_galaxy10}
