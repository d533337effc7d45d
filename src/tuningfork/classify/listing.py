"""Pictures that nobody wrote a catalogue of: the list of what lies in folders and zips is one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa

from tuningfork.classify.rows import Rows
from tuningfork.errors import BadData
from tuningfork.images.remote import find_at
from tuningfork.images.sources import readable
from tuningfork.places import Place


class Listing:
    """The pictures found at some paths, as a catalogue of ``id`` and ``path``.

    The folders are walked once for each pass; no list of them is held. Raises BadData for a path
    that does not exist or holds no picture, and for standard input, which can be read only once.
    """

    schema = pa.schema([pa.field("id", pa.string()), pa.field("path", pa.string())])

    def __init__(self, paths: Sequence[Place]) -> None:
        if Path("-") in paths:
            raise BadData(
                "-: standard input can be read only once, so nothing could be resumed; "
                "give --output a file such as answers.parquet"
            )
        self._paths = paths
        self.where = " ".join(readable(str(path)) for path in paths)
        digest = hashlib.sha256()
        self.rows = 0
        for picture in find_at(paths):
            digest.update(f"{picture.id}\0{picture.path}\n".encode())
            self.rows += 1
        self._digest = digest.hexdigest()

    def fingerprint(self) -> str:
        """The SHA-256 of all ids and paths."""
        return self._digest

    def parts(self, size: int) -> Iterator[Rows]:
        """Find the pictures again; see :class:`tuningfork.classify.catalogue.Catalogue`."""
        found = find_at(self._paths)
        while part := list(islice(found, size)):
            columns = [[one.id for one in part], [one.path for one in part]]
            yield Rows(pa.table(columns, schema=self.schema), pictures=part)
