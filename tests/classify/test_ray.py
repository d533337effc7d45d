"""Ray as the engine: the same rows as from this process, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.classify.conftest import COLOURS, add_node
from tests.classify.test_command import MAIN
from tests.classify.test_command import run as command
from tests.images.pictures import encoded
from tuningfork.classify import engines
from tuningfork.classify.catalogue import open_catalogue
from tuningfork.classify.engines import Here, Processes
from tuningfork.classify.on_ray import OnRay
from tuningfork.classify.run import classify_catalogue
from tuningfork.errors import TuningForkError

ROWS, SIZE = 240, 16
LABELS = list(COLOURS)


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Make a catalogue with columns of all kinds, every seventh row without a picture."""
    images = tmp_path / "images"
    images.mkdir()
    chance = np.random.default_rng(0)
    for place in range(ROWS):
        if place % 7:
            pixels = chance.integers(0, 60, (40, 40, 3), np.uint8)
            pixels[..., place % 3] += 150
            (images / f"{place}.png").write_bytes(encoded(pixels))
    table = pa.table(
        {
            "name": pa.array([f"row {place}" for place in range(ROWS)]).dictionary_encode(),
            "id": pa.array(range(ROWS), pa.int64()),
            "bands": [[place / 7, None] for place in range(ROWS)],
            "class": ["mine"] * ROWS,
        },
        metadata={"survey": "made up"},
    )
    path = tmp_path / "galaxies.parquet"
    pq.write_table(table, path, row_group_size=100)
    return path


def classified(catalogue: Path, name: str, engine: Any, toy: Path, **further: Any) -> Path:
    """Classify the catalogue by an engine; give the folder of parts."""
    output = catalogue.with_name(name)
    classify_catalogue(
        open_catalogue(catalogue),
        output,
        images=catalogue.with_name("images"),
        model=toy,
        engine=engine,
        threads=1,
        part_rows=SIZE,
        **further,
    )
    return output


def test_paths_are_those_of_the_driver(
    catalogue: Path, toy: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative paths mean the same to Ray's workers, which began in another folder."""
    from tuningfork.classify.listing import Listing

    monkeypatch.chdir(catalogue.parent)
    engine = OnRay(cluster.address)
    listing, output = Listing([Path("images")]), Path("out")
    classify_catalogue(listing, output, images=None, model=toy, engine=engine, part_rows=100)
    found = pq.read_table(catalogue.with_name("out"))
    assert found["error"].null_count == len(found) == ROWS - len(range(0, ROWS, 7))


def check_same(first: Path, second: Path) -> None:
    """Check that two outputs have the same parts: rows, types, columns and metadata."""
    names = sorted(one.name for one in first.glob("part-*"))
    assert names == sorted(one.name for one in second.glob("part-*"))
    assert len(names) == ROWS // SIZE
    for name in names:
        one, other = pq.read_table(first / name), pq.read_table(second / name)
        assert one.schema.equals(other.schema, check_metadata=True)
        assert one.to_pylist() == other.to_pylist()
        assert b"tuningfork.model_sha256" in other.schema.metadata
    manifests = [(one / "_manifest.json").read_text() for one in (first, second)]
    assert manifests[0] == manifests[1]
    left = {one.name for one in second.iterdir()}
    assert left == {*names, "_manifest.json", ".lock"}


def check_whole(output: Path) -> None:
    """Check that every row is there once, in order, with the class of its colour or an error."""
    found = pq.read_table(output)
    assert found["id"].to_pylist() == list(range(ROWS))
    wanted = [LABELS[place % 3] if place % 7 else None for place in range(ROWS)]
    assert found["predicted_class"].to_pylist() == wanted
    assert [one is None for one in found["error"].to_pylist()] == [bool(one) for one in wanted]


def test_every_engine_gives_the_same(catalogue: Path, toy: Path, cluster: Any) -> None:
    """One process, two, and two nodes of Ray: parts, rows, types, metadata, manifest."""
    first = classified(catalogue, "here", Here(), toy)
    check_whole(first)
    check_same(first, classified(catalogue, "processes", Processes(2), toy))
    check_same(first, classified(catalogue, "ray", OnRay(cluster.address), toy))


class Killer:
    """Is told of a run; kills at the first part's end, in this thread, so that it is amid work."""

    def __init__(self, kill: Any) -> None:
        self._kill = kill
        self.killed = 0

    def begin(self, rows: int, done: int) -> None:
        """Pass over."""

    def step(self, _: object) -> None:
        """Pass over."""

    def leap(self, _: int) -> None:
        """Kill now, once."""
        if not self.killed:
            self.killed = self._kill()


def children(of: int, name: str) -> list[int]:
    """Give the processes below one whose command holds a word."""
    import psutil

    found = []
    for one in psutil.Process(of).children(recursive=True):
        try:
            if name in " ".join(one.cmdline()):
                found.append(one.pid)
        except psutil.Error:
            continue
    return found


def kill_all(pids: list[int]) -> int:
    """Kill processes with SIGKILL; give how many there were."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return len(pids)


def test_a_process_killed_at_work_is_replaced(catalogue: Path, toy: Path) -> None:
    """One of two workers dies in mid-run: the run ends by itself with every row once."""
    killer = Killer(lambda: kill_all(children(os.getpid(), "spawn_main")[:1]))
    check_whole(classified(catalogue, "out", Processes(2), toy, watch=killer))
    assert killer.killed == 1


def test_a_part_that_kills_every_worker_ends_the_run(
    catalogue: Path, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers that die at once, again and again: a sentence names the parts, and nothing hangs."""
    monkeypatch.setattr(engines, "_do", _die)
    with pytest.raises(TuningForkError, match=r"lost 5 times in a row at parts 0, 1, 2, 3, "):
        classified(catalogue, "out", Processes(2), toy)
    monkeypatch.undo()
    check_whole(classified(catalogue, "out", Here(), toy, resume=True))


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_ray_workers_killed_at_work_are_replaced(catalogue: Path, toy: Path, cluster: Any) -> None:
    """All of Ray's workers die in mid-run: the run ends by itself with every row once."""
    killer = Killer(lambda: kill_all(children(os.getpid(), "ray::_do")))
    check_whole(classified(catalogue, "out", OnRay(cluster.address), toy, watch=killer))
    assert killer.killed >= 1


def test_a_lost_node_is_done_without(catalogue: Path, toy: Path, cluster: Any) -> None:
    """A node is lost with all that it works on: the others do its parts."""
    lost = add_node(cluster)
    cluster.wait_for_nodes()

    def lose() -> int:
        cluster.remove_node(lost, allow_graceful=False)
        return 1

    killer = Killer(lose)
    check_whole(classified(catalogue, "out", OnRay(cluster.address), toy, watch=killer))
    assert killer.killed == 1


@pytest.mark.parametrize("engine", ["embedded", "ray"])
def test_a_killed_driver_is_resumed(catalogue: Path, toy: Path, cluster: Any, engine: str) -> None:
    """SIGKILL to the command amid its work; with --resume every row is there once."""
    output = catalogue.with_name("out")
    program = (
        "import tuningfork.classify.run as run\n"
        f"run.classify_catalogue.__kwdefaults__['part_rows'] = {SIZE}\n" + MAIN
    )
    words: list[str | Path] = [
        "classify",
        "--catalog",
        catalogue,
        "--images",
        catalogue.with_name("images"),
    ]
    words += ["--output", output, "--model", toy, "--engine", engine]
    words += ["--workers", "2"] if engine == "embedded" else ["--address", cluster.address]
    with subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)], stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and len(list(output.glob("part-*"))) < 2:
            time.sleep(0.005)
        workers = children(process.pid, "spawn_main")
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert len(list(output.glob("part-*"))) < ROWS // SIZE
    for part in output.glob("part-*"):
        pq.read_table(part).validate(full=True)
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "workers outlive their driver"
        time.sleep(0.05)
    done = command(*words, "--resume", code=program)
    assert done.returncode == 1, done.stderr
    check_whole(output)


def test_a_cluster_that_is_not_there_is_named() -> None:
    """No Ray at the address: a sentence, not a traceback."""
    with pytest.raises(TuningForkError, match=r"127.0.0.1:9: no Ray cluster answers there"):
        next(OnRay("127.0.0.1:9").run(None, iter(()), None))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--engine spark", "give embedded or ray"),
        ("--address 127.0.0.1:1", "goes with --engine ray"),
        ("--workers 0", "--workers"),
    ],
)
def test_options_that_do_not_go_together(
    catalogue: Path, toy: Path, words: str, message: str
) -> None:
    """Wrong engines and lonely options are refused before anything is written."""
    output = catalogue.with_name("out")
    given: list[str | Path] = [
        "--catalog",
        catalogue,
        "--output",
        output,
        "--model",
        toy,
        *words.split(),
    ]
    done = command("classify", *given)
    assert done.returncode == 2
    assert message in done.stderr
    assert not output.exists()


def test_without_ray_the_sentence_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named where it is missing."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(TuningForkError, match=r"needs ray; .*pip install 'tuningfork\[ray\]'"):
        OnRay()
