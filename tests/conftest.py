"""What every test may ask for."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# Speed is for benchmarks: a busy machine must not fail a test.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A shell that runs the tests in the background has them, and all they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real galaxies beside the project; without it tests skip."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real galaxies are not here: ../shared/data is absent")
    return SHARED_DATA
