"""Runs over catalogues: parts, kills and resuming."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.classify.conftest import COLOURS, plain
from tuningfork.classify import shelf
from tuningfork.classify.catalogue import open_catalogue
from tuningfork.classify.listing import Listing
from tuningfork.classify.run import classify_catalogue
from tuningfork.errors import BadData, BadTable
from tuningfork.files import held
from tuningfork.model.card import sha256_of

ROWS, SIZE = 60, 8
LABELS = list(COLOURS)

RUN = """
import os, signal, sys
from pathlib import Path
from typing import Any
from tuningfork.classify import shelf
from tuningfork.classify.catalogue import open_catalogue
from tuningfork.classify.run import classify_catalogue
from tuningfork.classify.work import Unwatched

catalogue, images, output, model, kill_at_row, kill_at_sync = sys.argv[1:]

class Watch(Unwatched):
    rows = 0
    def step(self, row):
        self.rows += 1
        if self.rows == int(kill_at_row):
            os.kill(os.getpid(), signal.SIGKILL)

synced = 0
to_disk = shelf._to_disk

def counted(path):
    global synced
    synced += 1
    if synced == int(kill_at_sync):
        os.kill(os.getpid(), signal.SIGKILL)
    to_disk(path)

shelf._to_disk = counted
classify_catalogue(
    open_catalogue(Path(catalogue)), Path(output), images=Path(images), model=model,
    threads=1, resume=True, part_rows=8, watch=Watch(),
)
"""
"""A run that kills itself at a certain row, or when it is about to sync a file or folder."""


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Make a catalogue of 60 rows, every seventh of which has no picture, and its pictures."""
    images = tmp_path / "images"
    images.mkdir()
    for place in range(ROWS):
        if place % 7:
            (images / f"{place}.png").write_bytes(plain(COLOURS[LABELS[place % 3]]))
    path = tmp_path / "galaxies.parquet"
    extra = [f"row {place}" for place in range(ROWS)]
    pq.write_table(pa.table({"extra": extra, "id": range(ROWS)}), path, row_group_size=17)
    return path


def run(catalogue: Path, toy: Path, *, resume: bool = False, **further: Any) -> Counter[str]:
    """Classify the catalogue into a folder beside it."""
    return classify_catalogue(
        open_catalogue(catalogue),
        catalogue.with_name("predictions"),
        images=catalogue.with_name("images"),
        model=toy,
        threads=1,
        resume=resume,
        part_rows=SIZE,
        **further,
    )


def check_whole(catalogue: Path) -> None:
    """Check that every row is there once, in order, with the class of its colour or an error."""
    found = pq.read_table(catalogue.with_name("predictions"))
    assert found["id"].to_pylist() == list(range(ROWS))
    assert found["extra"].to_pylist() == [f"row {place}" for place in range(ROWS)]
    wanted = [LABELS[place % 3] if place % 7 else None for place in range(ROWS)]
    assert found["class"].to_pylist() == wanted
    assert [one is None for one in found["error"].to_pylist()] == [bool(one) for one in wanted]
    left = {one.name for one in catalogue.with_name("predictions").iterdir()}
    assert left == {f"part-{place:06}.parquet" for place in range(8)} | {"_manifest.json", ".lock"}


def test_rows_in_rows_out(catalogue: Path, toy: Path) -> None:
    """Parts together are the catalogue with answers, and counts are those of the rows."""
    counts = run(catalogue, toy)
    check_whole(catalogue)
    assert counts[""] == len(range(0, ROWS, 7))
    assert counts.total() == ROWS


def test_parts_say_which_network_and_which_rows(catalogue: Path, toy: Path) -> None:
    """The network's SHA-256 and the part's first row are in each part's metadata."""
    run(catalogue, toy)
    folder = catalogue.with_name("predictions")
    for number in range(8):
        metadata = pq.read_schema(folder / f"part-{number:06}.parquet").metadata
        assert metadata[b"tuningfork.model_sha256"].decode() == sha256_of(toy / "model.onnx")
        assert metadata[b"tuningfork.model"] == b"toy"
        assert int(metadata[b"tuningfork.first_row"]) == number * SIZE
    manifest = json.loads((folder / "_manifest.json").read_text())
    assert manifest["complete"] is True
    assert sum(one["rows"] for one in manifest["parts"]) == ROWS
    assert manifest["plan"]["catalogue_sha256"] == sha256_of(catalogue)


def killed(catalogue: Path, toy: Path, row: int = 0, sync: int = 0) -> int:
    """Run in a process that kills itself; give its exit code."""
    arguments = [catalogue, catalogue.with_name("images"), catalogue.with_name("predictions"), toy]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, arguments), str(row), str(sync)],
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode


def test_any_kill_is_survived(catalogue: Path, toy: Path) -> None:
    """SIGKILL between rows, before a part's rename and after it: resuming loses and doubles none.

    Each new process goes on where the last was killed, until one is let live.
    """
    folder = catalogue.with_name("predictions")
    kills = [{"row": 1}, {"row": 13}, {"sync": 1}, {"sync": 2}, {"row": 12}, {"sync": 3}]
    for one in kills:
        assert killed(catalogue, toy, **one) == -signal.SIGKILL
        for part in folder.glob("part-*"):
            pq.read_table(part).validate(full=True)
    assert 0 < len(list(folder.glob("part-*"))) < 8
    assert json.loads((folder / "_manifest.json").read_text())["complete"] is False
    assert killed(catalogue, toy) == 0
    check_whole(catalogue)


def test_a_kill_from_outside_is_survived(catalogue: Path, toy: Path) -> None:
    """A process killed while it works leaves whole parts, and the run is finished by resuming."""
    folder = catalogue.with_name("predictions")
    arguments = [catalogue, catalogue.with_name("images"), folder, toy, "0", "0"]
    with subprocess.Popen([sys.executable, "-c", RUN, *map(str, arguments)]) as process:
        while process.poll() is None and not (folder / "part-000001.parquet").exists():
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    counts = run(catalogue, toy, resume=True)
    assert counts.total() == ROWS
    check_whole(catalogue)


def test_what_is_done_is_not_done_again(catalogue: Path, toy: Path) -> None:
    """Resuming a finished run changes no file and gives the same counts."""
    counts = run(catalogue, toy)
    folder = catalogue.with_name("predictions")
    before = {one.name: one.stat().st_mtime_ns for one in folder.glob("part-*")}
    assert run(catalogue, toy, resume=True) == counts
    assert {one.name: one.stat().st_mtime_ns for one in folder.glob("part-*")} == before


@pytest.mark.parametrize("kept", [0, 100, -8])
def test_a_part_that_a_power_cut_damaged_is_made_again(
    catalogue: Path, toy: Path, kept: int
) -> None:
    """A part that is not whole does not count as done."""
    run(catalogue, toy)
    part = catalogue.with_name("predictions") / "part-000003.parquet"
    part.write_bytes(part.read_bytes()[:kept])
    run(catalogue, toy, resume=True)
    check_whole(catalogue)


def test_another_run_is_not_mixed_in(catalogue: Path, toy: Path) -> None:
    """Resuming with other options, another network or another catalogue is refused by name."""
    run(catalogue, toy)
    with pytest.raises(BadData, match=r"holds a run already; go on with it by --resume"):
        run(catalogue, toy)
    with pytest.raises(BadData, match=r"differs in settings .*frame_share"):
        run(catalogue, toy, resume=True, frame_share=0.5)
    changed = pq.read_table(catalogue).slice(0, 59)
    pq.write_table(changed, catalogue)
    with pytest.raises(BadData, match=r"the catalogue's content .*rows \(60 then, 59 now\)"):
        run(catalogue, toy, resume=True)


def test_a_folder_of_other_files_is_left_alone(catalogue: Path, toy: Path) -> None:
    """Nothing is written among files that are no run's."""
    folder = catalogue.with_name("predictions")
    folder.mkdir()
    (folder / "thesis.txt").write_text("precious")
    with pytest.raises(BadData, match=r"holds other files \(thesis\.txt\)"):
        run(catalogue, toy)
    (folder / "_manifest.json").write_text("{}")
    with pytest.raises(BadData, match="not a run's manifest"):
        run(catalogue, toy, resume=True)
    assert (folder / "thesis.txt").read_text() == "precious"


def test_two_runs_do_not_write_one_folder(catalogue: Path, toy: Path) -> None:
    """The second is refused while the first holds the folder."""
    folder = catalogue.with_name("predictions")
    folder.mkdir()
    with held(folder) as alone:
        assert alone
        with pytest.raises(BadData, match="another run is writing here"):
            run(catalogue, toy)


def test_a_full_disk_ends_with_a_sentence(
    catalogue: Path, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written before stays, no half part does, and resuming finishes."""
    written = 0

    def full(path: Path) -> None:
        nonlocal written
        written += 1
        if written == 3:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shelf, "_to_disk", full)
        with pytest.raises(BadTable, match=r"No space left on device; .*--resume"):
            run(catalogue, toy)
    assert len(list(catalogue.with_name("predictions").glob("*.parquet"))) == 1
    run(catalogue, toy, resume=True)
    check_whole(catalogue)


def test_a_place_that_cannot_be_written_is_refused(catalogue: Path, toy: Path) -> None:
    """A file where the folder should be is named."""
    catalogue.with_name("predictions").write_text("")
    with pytest.raises(BadTable, match=r"predictions: File exists; name another --output"):
        run(catalogue, toy)


def test_folders_and_zips_can_be_classified_in_parts(catalogue: Path, toy: Path) -> None:
    """Pictures without a catalogue have their ids and paths as one, and resume as one does."""
    images, folder = catalogue.with_name("images"), catalogue.with_name("parts")

    def listed(*, resume: bool) -> None:
        classify_catalogue(
            Listing([images]), folder, images=None, model=toy, part_rows=SIZE, resume=resume
        )

    listed(resume=False)
    (folder / "part-000002.parquet").unlink()
    listed(resume=True)
    found = pq.read_table(folder)
    names = sorted(one.name for one in images.iterdir())
    assert found["path"].to_pylist() == [str(images / name) for name in names]
    assert found["id"].to_pylist() == [name.removesuffix(".png") for name in names]
    assert found["class"].to_pylist() == [LABELS[int(name[:-4]) % 3] for name in names]
    (images / "further.png").write_bytes(plain((9, 9, 9)))
    with pytest.raises(BadData, match="the catalogue's content"):
        listed(resume=True)


def test_standard_input_cannot_be_resumed() -> None:
    """A pipe is read once, so it goes to a file instead of parts."""
    with pytest.raises(BadData, match="standard input"):
        Listing([Path("-")])
