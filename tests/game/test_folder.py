"""The folder that keeps the game's rounds and secret."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tuningfork.errors import TuningForkError
from tuningfork.game.folder import default_folder, prepare_folder, read_secret


@pytest.fixture(autouse=True)
def _no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUNINGFORK_SECRET", raising=False)


def test_secret_is_made_once_and_private(tmp_path: Path) -> None:
    """The file has mode 0600 and the same long secret at every start."""
    first = read_secret(tmp_path)
    assert read_secret(tmp_path) == first
    assert len(first) >= 64
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_two_folders_have_two_secrets(tmp_path: Path) -> None:
    """No key is built in."""
    one, two = (prepare_folder(tmp_path / name) for name in ("one", "two"))
    assert read_secret(one) != read_secret(two)


def test_starting_at_once_gives_one_secret(tmp_path: Path) -> None:
    """Many starts in the same moment agree."""
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(read_secret, [tmp_path] * 64))) == 1


def test_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A given secret is used and none is written; a short one is refused."""
    monkeypatch.setenv("TUNINGFORK_SECRET", "a secret of some length")
    assert read_secret(tmp_path) == "a secret of some length"
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("TUNINGFORK_SECRET", "short")
    with pytest.raises(TuningForkError, match="TUNINGFORK_SECRET has 5 characters"):
        read_secret(tmp_path)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe\xfa"])
def test_damaged_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that holds no usable secret is named, not signed with."""
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(TuningForkError, match="secret"):
        read_secret(tmp_path)


def test_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """A new folder cannot be entered by other users."""
    folder = prepare_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_unusable_folder_is_named(tmp_path: Path) -> None:
    """A file where the folder should be is reported with what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(TuningForkError, match="--data"):
        prepare_folder(tmp_path / "file")


def test_default_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    """An absolute XDG_DATA_HOME is honoured; a relative or empty one is not."""
    monkeypatch.setenv("HOME", "/home/somebody")
    usual = Path("/home/somebody/.local/share/tuningfork")
    for value, expected in (("/data", Path("/data/tuningfork")), ("data", usual), ("", usual)):
        monkeypatch.setenv("XDG_DATA_HOME", value)
        assert default_folder() == expected


def test_many_first_starts_at_once_agree(tmp_path: Path) -> None:
    """Four processes that open one new folder at once all succeed."""
    script = (
        "import sys; from pathlib import Path; from tuningfork.game.store import Store; "
        "from tuningfork.game.folder import read_secret; folder = Path(sys.argv[1]); "
        "Store(folder / 'game.sqlite3').close(); print(read_secret(folder))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    ended = [process.communicate(timeout=60) for process in started]
    assert [error for _, error in ended] == [""] * 4
    assert len({output for output, _ in ended}) == 1
