"""The house: rooms with one-way doors, cheap imports, torch in one room, no file too long."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "tuningfork"
FLOORS = (
    {"cli"},
    {"game", "train"},
    {"report"},
    {"evaluate", "explain", "trust"},
    {"classify", "fetch"},
    {"model", "data", "sky"},
    {"images"},
    {"votes"},
    {"web"},
    {"places"},
    {"cores", "errors", "files"},
)
SINGLE = FLOORS[-1] | FLOORS[-2]
"""Rooms of one module each."""
HEAVY = (
    "torch",
    "matplotlib",
    "astropy",
    "httpx",
    "h5py",
    "numpy",
    "PIL",
    "onnxruntime",
    "pyarrow",
    "fsspec",
    "ray",
    "flask",
    "sqlalchemy",
)


def _floor(room: str) -> int:
    return next(place for place, floor in enumerate(FLOORS) if room in floor)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the room"
            yield str(node.module)


def _modules() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in SINGLE]


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_room_stands_on_a_floor() -> None:
    """No folder of the package is outside the picture in docs/architecture.md."""
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms == set().union(*FLOORS) - SINGLE


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    """A module imports only from its own room and from rooms on lower floors."""
    room = _room(path)
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] != "tuningfork" or len(parts) == 1:
            continue
        assert parts[1] == room or _floor(parts[1]) > _floor(room), f"{room} imports {name}"


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_torch_stays_in_its_room(path: Path) -> None:
    """Only train needs torch, so everything else runs without it."""
    needs_torch = any(name.split(".")[0] == "torch" for name in _imports(path))
    assert not needs_torch or _room(path) == "train"


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_outgrows_its_reader(path: Path) -> None:
    """A module over 400 lines asks to be split."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_help_imports_nothing_heavy() -> None:
    """`tuningfork --help` and `import tuningfork` answer without the large libraries."""
    program = (
        "import sys, tuningfork, tuningfork.cli\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


def test_the_package_is_the_command() -> None:
    """``python -m tuningfork`` refuses as the command does: one sentence and exit code 2."""
    shown = subprocess.run(
        [sys.executable, "-m", "tuningfork", "classify", "not/there.jpg"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 2
    assert shown.stderr.startswith("tuningfork: not/there.jpg: ")
    assert shown.stderr.count("\n") == 1
