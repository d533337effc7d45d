"""The journal of a long look at the sky: a line a row, so that any kill leaves it resumable."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tuningfork.errors import BadTable
from tuningfork.files import hold

ENDING = ".journal"
"""Added to the name of the table that is being made."""


class Journal:
    """Rows as JSON lines after a line that says what they belong to; a file beside the output.

    ``about`` says what rows depend on: the catalogue, the network, the options. Raises BadTable if
    there is a journal and ``resume`` is false, or one of another run, or one that is at work.
    """

    def __init__(self, output: Path, about: Mapping[str, Any], *, resume: bool) -> None:
        self.path = output.with_name(output.name + ENDING)
        if self.path.exists() and not resume:
            raise BadTable(
                f"{self.path}: an earlier run was stopped; go on with --resume, or remove this "
                "file to begin anew"
            )
        self.done = 0
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a", encoding="utf-8")
            try:
                self._begin(about)
            except BaseException:
                self._file.close()
                raise
        except OSError as error:
            raise BadTable(
                f"{self.path}: {error.strerror or error}; write the table elsewhere"
            ) from error

    def add(self, values: Mapping[str, Any]) -> None:
        """Write down the next row."""
        self._file.write(json.dumps(dict(values), ensure_ascii=True) + "\n")
        self._file.flush()
        self.done += 1

    def rows(self) -> Iterator[dict[str, Any]]:
        """Give all rows, in their order."""
        self._file.flush()
        with self.path.open(encoding="utf-8") as file:
            next(file)
            for line in file:
                yield json.loads(line)

    def close(self, *, remove: bool) -> None:
        """End; ``remove`` the file where its rows are elsewhere now."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if remove:
            self.path.unlink()

    def _begin(self, about: Mapping[str, Any]) -> None:
        if not hold(self._file):
            raise BadTable(
                f"{self.path}: another run is writing there; wait for it or name another --output"
            )
        self._recover(about)

    def _recover(self, about: Mapping[str, Any]) -> None:
        """Count what is whole, and cut off the line within which a run was killed."""
        whole = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file):
                if not _is_row(line):
                    break
                if number == 0:
                    self._compare(json.loads(line), about)
                else:
                    self.done += 1
                whole += len(line)
        if whole == 0:
            self.path.write_text(json.dumps(dict(about)) + "\n", encoding="utf-8")
            return
        with self.path.open("rb+") as file:
            file.truncate(whole)

    def _compare(self, found: Mapping[str, Any], about: Mapping[str, Any]) -> None:
        differing = [name for name in about if found.get(name) != about[name]]
        if differing:
            raise BadTable(
                f"{self.path}: belongs to a run with another {', '.join(differing)}; give what it "
                "was begun with, or remove this file to begin anew"
            )


def _is_row(line: bytes) -> bool:
    if not line.endswith(b"\n"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
