"""Downloads: resumed at any byte, verified, and whole or not there."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.web.loopback import HTML, Fault, Loopback
from tuningfork.errors import ServiceFailed
from tuningfork.web import Client
from tuningfork.web.download import Remote, download

DATA = np.random.default_rng(0).bytes(300_000)
PATH = "/zenodo/records/7/files/data.bin"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "data" / "data.bin"


def remote(server: Loopback, client: Client, data: bytes = DATA, **known: object) -> Remote:
    """Publish a file and give what is known of it."""
    server.add_record(7, {"data.bin": data})
    values = {"size": len(data), "hashes": {"sha256": hashlib.sha256(data).hexdigest()}, **known}
    service = client.settings.service("zenodo")
    return Remote(service, f"{service.url}/records/7/files/data.bin", **values)  # type: ignore[arg-type]


def test_a_file_arrives_with_its_hashes(server: Loopback, client: Client, target: Path) -> None:
    """What is on the disk is what the server has, and MD5 and SHA-256 are those of hashlib."""
    seen: list[tuple[int, int | None]] = []
    found = download(client, remote(server, client), target, lambda *one: seen.append(one))
    assert target.read_bytes() == DATA
    assert (found.size, found.md5) == (len(DATA), hashlib.md5(DATA).hexdigest())
    assert found.sha256 == hashlib.sha256(DATA).hexdigest()
    assert seen[-1] == (len(DATA), len(DATA))
    assert list(target.parent.iterdir()) == [target]


def test_cut_connections_are_gone_on_with(server: Loopback, client: Client, target: Path) -> None:
    """Cut twenty times, with progress each time: it arrives, and nothing is sent twice."""
    server.fail(PATH, *[Fault(cut=10_000)] * 20)
    download(client, remote(server, client), target)
    assert target.read_bytes() == DATA
    asked = [one.headers.get("range", "bytes=0-") for one in server.asked(PATH)]
    starts = [int(one.removeprefix("bytes=").removesuffix("-")) for one in asked]
    assert starts == sorted(starts)
    assert len(starts) == 21
    assert starts[-1] == 200_000


@pytest.mark.parametrize("here", [1, 4096, len(DATA) - 1, len(DATA)])
def test_any_byte_is_a_place_to_go_on_from(
    server: Loopback, client: Client, target: Path, here: int
) -> None:
    """A part file of any length is completed by the rest alone."""
    known = remote(server, client)
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(DATA[:here])
    download(client, known, target)
    assert target.read_bytes() == DATA
    asked = server.asked(PATH)
    assert [one.headers.get("range") for one in asked] == [f"bytes={here}-"] * (here < len(DATA))


def test_a_server_without_ranges_is_read_from_the_start(
    server: Loopback, client: Client, target: Path
) -> None:
    """Where a request for the rest is answered with the whole, the whole replaces the part."""
    known = remote(server, client)
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(b"something else")
    server.fail(PATH, Fault(headers={"no-ranges": "1"}))
    download(client, known, target)
    assert target.read_bytes() == DATA


def test_a_file_that_changed_meanwhile_is_fetched_anew(
    server: Loopback, client: Client, target: Path
) -> None:
    """The entity tag of the first part says so (If-Range), before bytes of two files are mixed."""
    old = DATA[::-1]
    attempts = client.settings.service("zenodo").attempts
    server.fail(PATH, Fault(cut=50_000), *[Fault(status=500, body=b"")] * attempts)
    with pytest.raises(ServiceFailed):
        download(client, remote(server, client, old), target)
    assert target.with_name("data.bin.part").stat().st_size == 50_000
    client.manners.succeeded(client.settings.service("zenodo").host)
    download(client, remote(server, client), target)
    assert target.read_bytes() == DATA
    assert server.asked(PATH)[-1].headers["range"] == "bytes=50000-"
    assert "if-range" in server.asked(PATH)[-1].headers


def test_a_damaged_part_is_found_by_its_hash_and_fetched_anew(
    server: Loopback, client: Client, target: Path
) -> None:
    """Wrong bytes in what a crash left do not survive."""
    known = remote(server, client)
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(b"\0" * 1000)
    download(client, known, target)
    assert target.read_bytes() == DATA
    assert len(server.asked(PATH)) == 2


def test_a_wrong_hash_is_refused_and_removed(
    server: Loopback, client: Client, target: Path
) -> None:
    """The message tells both hashes; nothing is left that could be taken for the file."""
    wrong = {"md5": "0" * 32}
    with pytest.raises(ServiceFailed) as told:
        download(client, remote(server, client, hashes=wrong), target)
    assert hashlib.md5(DATA).hexdigest() in str(told.value)
    assert "0" * 32 in str(told.value)
    assert list(target.parent.iterdir()) == []
    assert len(server.asked(PATH)) == 1


def test_a_wrong_length_is_refused_before_it_is_fetched(
    server: Loopback, client: Client, target: Path
) -> None:
    """A source whose file has another size has changed, and its bytes are of no use."""
    with pytest.raises(ServiceFailed, match=r"300,000 bytes, expected 299,999"):
        download(client, remote(server, client, size=len(DATA) - 1), target)
    assert not target.exists()


def test_a_file_shorter_than_stated_is_a_cut_connection(
    server: Loopback, client: Client, target: Path
) -> None:
    """A Content-Length that the body does not reach is gone on from where it ended."""
    server.fail(
        PATH,
        Fault(
            body=DATA[:1000],
            headers={"Content-Length": str(len(DATA))},
            content_type="application/zip",
        ),
    )
    download(client, remote(server, client), target)
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_in_place_of_the_file_is_not_written(
    server: Loopback, client: Client, target: Path, kind: str
) -> None:
    """By its type, or by its first bytes where a zip is expected; then it is asked for again."""
    data = b"PK\x03\x04" + DATA
    server.fail(PATH, Fault(body=HTML, content_type=kind))
    known = remote(server, client, data, size=None, hashes={}, starts=b"PK")
    download(client, known, target)
    assert target.read_bytes() == data


def test_a_web_page_that_stays_is_told(server: Loopback, client: Client, target: Path) -> None:
    """After some attempts the message says that a web page came in place of the file."""
    server.fail(PATH, *[Fault(body=HTML)] * 20)
    with pytest.raises(ServiceFailed, match="web page"):
        download(client, remote(server, client), target)
    assert not target.exists()


def test_published_hashes_in_headers_are_checked(
    server: Loopback, client: Client, target: Path
) -> None:
    """Google's storage states an MD5 in x-goog-hash; bytes that do not fit it are refused."""
    known = remote(server, client, hashes={})
    wrong = {"x-goog-hash": "crc32c=AAAAAA==,md5=AAAAAAAAAAAAAAAAAAAAAA=="}
    server.fail(PATH, Fault(headers=wrong))
    with pytest.raises(ServiceFailed, match="MD5"):
        download(client, known, target)


def test_a_killed_download_is_gone_on_with(server: Loopback, client: Client, target: Path) -> None:
    """SIGKILL between two bytes leaves a part that the next run completes."""
    data = DATA * 20
    known = remote(server, client, data)
    program = (
        "import sys; from pathlib import Path\n"
        "from tuningfork.web import Client, load_settings\n"
        "from tuningfork.web.download import Remote, download\n"
        "import time\n"
        "client = Client(load_settings()); service = client.settings.service('zenodo')\n"
        "download(client, Remote(service, sys.argv[1]), Path(sys.argv[2]), "
        "lambda here, _: time.sleep(60) if here >= 2_000_000 else None)\n"
    )
    environment = {**os.environ, **server.environment(TUNINGFORK_CACHE=str(target.parent))}
    part = target.with_name("data.bin.part")
    process = subprocess.Popen(
        [sys.executable, "-c", program, known.url, str(target)], env=environment
    )
    while not part.exists() or part.stat().st_size < 1_000_000:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    here = part.stat().st_size
    assert 1_000_000 <= here < len(data)
    assert not target.exists()
    download(client, known, target)
    assert target.read_bytes() == data
    assert server.asked(PATH)[-1].headers["range"] == f"bytes={here}-"
