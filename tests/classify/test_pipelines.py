"""The examples for Ray Data and Dask, as they stand in docs/scale.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.classify.conftest import COLOURS, plain

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
LABELS = list(COLOURS)
ROWS = 30


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Make the files that the examples speak of."""
    (tmp_path / "cutouts").mkdir()
    for place in range(ROWS):
        (tmp_path / "cutouts" / f"{place}.png").write_bytes(plain(COLOURS[LABELS[place % 3]]))
    pq.write_table(pa.table({"id": range(ROWS)}), tmp_path / "galaxies.parquet")
    return tmp_path


def example(name: str, here: Path) -> str:
    """Give the page's block that imports a package, of ten lines at most, on other files."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    (found,) = (one for one in blocks if re.search(rf"^import {name}\b", one, re.M))
    assert len([line for line in found.splitlines() if line.strip()]) <= 10
    return str(found).replace("/survey", str(here))


def check(here: Path) -> None:
    """Check that every galaxy is there once, with the class that the bundled network gives it."""
    import tuningfork

    found = pq.read_table(here / "predictions").sort_by("id")
    assert found["id"].to_pylist() == list(range(ROWS))
    table = pq.read_table(here / "galaxies.parquet")
    wanted = tuningfork.classify_table(table, images=here / "cutouts", threads=1)
    for name in ("class", "p_spiral", "Class1.1", "error"):
        assert found[name].to_pylist() == wanted[name].to_pylist()


@pytest.mark.filterwarnings("ignore")  # of Ray Data about itself
def test_the_ray_data_example_runs(here: Path, cluster: Any) -> None:
    """Ray Data reads, classifies on its workers and writes; every row is there once."""
    import ray

    ray.init(address=cluster.address, log_to_driver=False)
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        exec(compile(example("ray", here), PAGE.name, "exec"), {})
    finally:
        ray.shutdown()
    check(here)


@pytest.mark.filterwarnings("ignore")  # of Dask about pandas
def test_the_dask_example_runs(here: Path) -> None:
    """Dask reads, classifies partition by partition and writes; every row is there once."""
    exec(compile(example("dask", here), PAGE.name, "exec"), {})
    check(here)
