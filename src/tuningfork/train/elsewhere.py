"""Sets of galaxies in object storage, copied once onto this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from rich.progress import Progress

from tuningfork.errors import BadData, ServiceFailed
from tuningfork.files import held, replacing
from tuningfork.places import Address, Unreached


def copied(address: Address, cache: Path, progress: Progress) -> Path:
    """Copy the files below an address into a folder of its name; gives that folder.

    A file that is there with the same size is not fetched again, so that a copy that was stopped
    goes on with the next file; processes that train together wait for the one that copies. Raises
    BadData if nothing lies there or may be read, ServiceFailed if the service cannot be reached,
    TuningForkError if the package that reaches it is missing.
    """
    target = cache / "sets" / _key(address) / address.name
    with _reaching(address, target.parent):
        target.mkdir(exist_ok=True)
        _copy_all(address, target, progress)
    return target


def copied_file(address: Address, cache: Path) -> Path:
    """Copy the one file at an address, as :func:`copied` copies a folder's; gives its path here."""
    target = cache / "sets" / _key(address) / address.name
    with _reaching(address, target.parent):
        _copy(address, target)
    return target


def _key(address: Address) -> str:
    return hashlib.sha256(address.url.encode()).hexdigest()[:12]


@contextmanager
def _reaching(address: Address, folder: Path) -> Iterator[None]:
    """Hold the folder that a copy comes into, and say what went wrong with the address."""
    address.check_reachable()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with held(folder, wait=True):
            yield
    except Unreached as error:
        raise ServiceFailed(f"{address}: {error.strerror}; try again") from error
    except IsADirectoryError as error:
        if error.filename is not None:
            raise
        raise BadData(f"{address}: a folder; give the address of a file") from error
    except (FileNotFoundError, PermissionError) as error:
        if error.filename is not None:  # this machine's own disk
            raise
        raise BadData(f"{address}: {error.strerror}; check the address") from error


def _copy_all(address: Address, folder: Path, progress: Progress) -> None:
    found = list(address.files())
    if found == [""]:
        raise BadData(f"{address}: a file; give the address of the set's folder")
    names = [name for name in found if _stays_below(name)]
    if not names:
        raise BadData(f"{address}: no files there; check the address")
    _forget(folder, set(names))
    task = progress.add_task(f"Copying {address.name}", total=len(names))
    for name in names:
        _copy(address / name, folder / name)
        progress.advance(task)
    progress.remove_task(task)


def _forget(folder: Path, names: set[str]) -> None:
    """Remove from the copy what is gone at the address, so that it is not learned from."""
    for one in folder.rglob("*"):
        if one.is_file() and one.relative_to(folder).as_posix() not in names:
            one.unlink()


def _copy(source: Address, target: Path) -> None:
    if target.is_file() and target.stat().st_size == source.size():
        return
    with replacing(target) as temporary, temporary.open("wb") as file:
        source.fetch(file)


def _stays_below(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and ".." not in parts and not name.startswith("/")
