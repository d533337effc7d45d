"""A small network, and a folder of pictures good and bad."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.images.pictures import encoded
from tests.model.toy import write_toy
from tuningfork.model.session import Model, load_model

COLOURS = {"elliptical": (250, 20, 20), "spiral": (20, 250, 20), "barred_spiral": (20, 20, 250)}
"""What the toy network takes for a galaxy of each class; black is edge-on to it."""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """Give the folder of a toy network."""
    return write_toy(tmp_path / "toy").parent


@pytest.fixture
def model(toy: Path) -> Model:
    """Load the toy network."""
    return load_model(toy)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Make a folder with three pictures, one of them unreadable between the others."""
    folder = tmp_path / "galaxies"
    folder.mkdir()
    (folder / "1.png").write_bytes(plain(COLOURS["elliptical"]))
    (folder / "2.png").write_bytes(plain(COLOURS["spiral"])[:60])
    (folder / "3.png").write_bytes(plain(COLOURS["spiral"]))
    return folder


def plain(colour: tuple[int, int, int], side: int = 40) -> bytes:
    """Give a picture of one colour."""
    return encoded(np.full((side, side, 3), colour, np.uint8))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """Start a Ray cluster of a head with one core and a node with one, on this machine."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_AUTH_MODE"] = "disabled"
    from ray.cluster_utils import Cluster

    made = patiently(lambda: Cluster(initialize_head=True, head_node_args=node_options()))
    add_node(made)
    yield made
    made.shutdown()


def add_node(cluster: Any) -> Any:
    """Add a node with one core."""
    return patiently(lambda: cluster.add_node(**node_options()))


def patiently(start: Callable[[], Any], tries: int = 3) -> Any:
    """Start a node. Ray gives its processes fifteen seconds, which a busy machine may lack."""
    while True:
        tries -= 1
        try:
            return start()
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
            if not tries:
                pytest.skip("Ray does not start in time on a machine as busy as this one")


def node_options() -> dict[str, Any]:
    """Give a small node's options, with ports of its own: it need not wait to be told of them."""
    ports = (
        "metrics_agent_port",
        "metrics_export_port",
        "runtime_env_agent_port",
        "dashboard_agent_listen_port",
    )
    return {
        "num_cpus": 1,
        "include_dashboard": False,
        "include_log_monitor": False,
        "no_monitor": True,
        "object_store_memory": 80 << 20,
        **{name: free_port() for name in ports},
    }


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
