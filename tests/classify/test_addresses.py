"""Catalogues, pictures and parts in an object store: a real S3 server on this machine."""

from __future__ import annotations

import io
import json
import os
import shlex
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import s3fs

import tuningfork
from tests.classify.conftest import COLOURS, plain
from tests.classify.test_command import run as command
from tuningfork import places
from tuningfork.classify import parts
from tuningfork.classify.catalogue import open_catalogue
from tuningfork.classify.listing import Listing
from tuningfork.classify.plan import Plan, part_name
from tuningfork.classify.run import classify_catalogue
from tuningfork.classify.tables import looked_up
from tuningfork.errors import BadData, BadTable, ServiceFailed, TuningForkError
from tuningfork.images.lookup import finder
from tuningfork.places import Address, place_of

KEY, SECRET = "AKIATHISISTHEKEYOFADA", "this+is/the+secret/of+ada0123456789abcde"
ROWS, SIZE = 20, 8
LABELS = list(COLOURS)


@pytest.fixture(scope="session")
def store() -> Iterator[str]:
    """Start an S3 server; give its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Make an empty bucket, with credentials in the environment; give its address."""
    told = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_ENDPOINT_URL": store,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    looked_up.cache_clear()
    client = boto3.client("s3")
    client.create_bucket(Bucket="sky")
    yield "s3://sky"
    for one in client.list_objects_v2(Bucket="sky").get("Contents", []):
        client.delete_object(Bucket="sky", Key=one["Key"])
    client.delete_bucket(Bucket="sky")
    client.close()
    s3fs.S3FileSystem.clear_instance_cache()


def put(address: str, data: bytes) -> None:
    """Put an object past the code under test."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    client = boto3.client("s3")
    client.put_object(Bucket=bucket, Key=key, Body=data)
    client.close()


def keys() -> list[str]:
    """Give the names of all objects, past the code under test."""
    client = boto3.client("s3")
    found = client.list_objects_v2(Bucket="sky").get("Contents", [])
    client.close()
    return [one["Key"] for one in found]


def parquet(table: pa.Table) -> bytes:
    """Give a table as the bytes of a file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def pictures() -> dict[str, bytes]:
    """Give twenty pictures by name; every seventh is missing."""
    return {f"{place}.png": plain(COLOURS[LABELS[place % 3]]) for place in range(ROWS) if place % 7}


def check(table: pa.Table) -> None:
    """Check that each row is there once, in order, with the class of its colour or an error."""
    assert table["id"].to_pylist() == list(range(ROWS))
    wanted = [LABELS[place % 3] if place % 7 else None for place in range(ROWS)]
    assert table["class"].to_pylist() == wanted
    assert [one is None for one in table["error"].to_pylist()] == [bool(one) for one in wanted]


def answers(folder: str) -> pa.Table:
    """Read all parts of a folder in the store, past the code under test."""
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    names = sorted(system.glob(f"{folder}/part-*.parquet"))
    return pa.concat_tables(pq.read_table(io.BytesIO(system.cat_file(one))) for one in names)


def tarred(files: dict[str, bytes]) -> bytes:
    """Give a WebDataset's shard: pictures, each with a file of another kind beside it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            for member, content in ((name, data), (f"{name[:-4]}.json", b"{}")):
                entry = tarfile.TarInfo(member)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    """Give a zip, of which some members are packed and some are not."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for place, (name, data) in enumerate(files.items()):
            archive.writestr(name, data, [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED][place % 2])
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["folder", "below", "zip", "tar", "shards"])
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_everything_may_lie_in_a_bucket(bucket: str, toy: Path, kind: str, ending: str) -> None:
    """Catalogue, pictures in each form, and parts: the rows are those of files on this machine."""
    table = pa.table({"id": range(ROWS)})
    images = f"{bucket}/cutouts"
    if kind == "zip":
        images += ".zip"
        put(images, zipped(pictures()))
    elif kind == "tar":
        images += ".tar"
        put(images, tarred(pictures()))
    elif kind == "shards":
        names = [f"{place % 3:04}.tar/{place}.png" for place in range(ROWS)]
        table = table.append_column("path", [names])
        for shard in range(3):
            mine = {f"{one}.png" for one in range(ROWS) if one % 3 == shard}
            some = {name: data for name, data in pictures().items() if name in mine}
            put(f"{images}/{shard:04}.tar", tarred(some))
    else:
        for name, data in pictures().items():
            put(f"{images}/{'deep/' if kind == 'below' else ''}{name}", data)
    if ending == "parquet":
        put(f"{bucket}/galaxies.parquet", parquet(table))
    else:
        buffer = io.BytesIO()
        pyarrow.csv.write_csv(table, buffer)
        put(f"{bucket}/galaxies.csv", buffer.getvalue())
    catalogue = open_catalogue(f"{bucket}/galaxies.{ending}")
    classify_catalogue(catalogue, f"{bucket}/out", images=images, model=toy, part_rows=SIZE)
    check(answers("sky/out"))
    assert sorted(one for one in keys() if one.startswith("out/")) == [
        "out/_manifest.json",
        *(f"out/part-{number:06}.parquet" for number in range(3)),
    ]


def test_the_command_speaks_to_the_bucket_and_keeps_the_secret(bucket: str, toy: Path) -> None:
    """One command from bucket to bucket; neither key nor secret is printed or written anywhere."""
    put(f"{bucket}/galaxies.parquet", parquet(pa.table({"id": range(ROWS)})))
    for name, data in pictures().items():
        put(f"{bucket}/cutouts/{name}", data)
    told = "classify --catalog s3://sky/galaxies.parquet --images s3://sky/cutouts"
    done = command(*shlex.split(told), "--output", "s3://sky/out", "--model", toy)
    assert done.returncode == 1, done.stderr
    assert "17 of 20 read" in done.stdout
    assert "s3://sky/out" in done.stdout
    check(answers("sky/out"))
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    written = b"".join(system.cat_file(one) for one in system.find("sky/out"))
    for word in (KEY, SECRET):
        assert word not in done.stdout + done.stderr
        assert word.encode() not in written


def test_pictures_without_a_catalogue(bucket: str, toy: Path) -> None:
    """A folder of shards is a list of galaxies, each once, in the order in which they lie there."""
    some = list(pictures().items())
    put(f"{bucket}/shards/b.tar", tarred(dict(some[:5])))
    put(f"{bucket}/shards/c.zip", zipped(dict(some[5:7])))
    put(f"{bucket}/shards/a.png", some[8][1])
    listing = Listing([place_of(f"{bucket}/shards")])
    classify_catalogue(listing, f"{bucket}/out", images=None, model=toy, part_rows=SIZE)
    found = answers("sky/out")
    ids = [name[:-4] for name, _ in some]
    assert found["id"].to_pylist() == ["a", *ids[:5], *sorted(ids[5:7])]
    assert found["path"].to_pylist()[1] == f"s3://sky/shards/b.tar/{ids[0]}.png"
    assert found["error"].null_count == 8
    with pytest.raises(BadData, match=r"s3://sky/empty: no picture there"):
        Listing([place_of(f"{bucket}/empty")])


def test_a_run_in_a_bucket_is_resumed(bucket: str, toy: Path) -> None:
    """Parts that are there stay, a missing and a damaged one are made; other runs are refused."""
    for name, data in pictures().items():
        put(f"{bucket}/cutouts/{name}", data)
    put(f"{bucket}/galaxies.parquet", parquet(pa.table({"id": range(ROWS)})))

    def classify(**options: Any) -> None:
        catalogue = open_catalogue(f"{bucket}/galaxies.parquet")
        images = f"{bucket}/cutouts"
        classify_catalogue(
            catalogue, f"{bucket}/out", images=images, model=toy, part_rows=SIZE, **options
        )

    classify()
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    kept = system.info("sky/out/part-000000.parquet")["LastModified"]
    whole = system.cat_file("sky/out/part-000001.parquet")
    put(f"{bucket}/out/part-000001.parquet", whole[:-9])
    system.rm_file("sky/out/part-000002.parquet")
    with pytest.raises(BadData, match="holds a run already"):
        classify()
    with pytest.raises(BadData, match="differs in settings"):
        classify(resume=True, views=8)
    classify(resume=True)
    check(answers("sky/out"))
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    assert system.info("sky/out/part-000000.parquet")["LastModified"] == kept
    assert json.loads(system.cat_file("sky/out/_manifest.json"))["complete"] is True
    put(f"{bucket}/thesis/thesis.txt", b"precious")
    catalogue = open_catalogue(f"{bucket}/galaxies.parquet")
    with pytest.raises(BadData, match=r"holds other files \(thesis.txt\)"):
        classify_catalogue(catalogue, f"{bucket}/thesis", images=bucket, model=toy)


def test_of_two_runs_that_begin_at_once_one_is_refused(bucket: str) -> None:
    """The manifest is put there only if there is none: the second finds it and stops."""
    plan = Plan("c", "0", ROWS, SIZE, "i", "toy", "0", {}, "0")
    folder = Address(f"{bucket}/out")
    first, second = parts.Parts(folder, plan), parts.Parts(folder, plan)
    first.note({"complete": False}, new=True)
    with pytest.raises(FileExistsError):
        second.note({"complete": False}, new=True)
    assert first.done() == {}
    assert part_name(0) not in keys()


def test_what_is_missing_is_named(bucket: str, toy: Path) -> None:
    """Catalogues, buckets, zips and shards that are not there: a sentence with the address."""
    with pytest.raises(BadTable, match=r"s3://sky/absent.parquet: no such catalogue"):
        open_catalogue(f"{bucket}/absent.parquet")
    for name in ("absent.zip", "absent.tar"):
        with pytest.raises(BadData, match=rf"s3://sky/{name}: "):
            finder(place_of(f"{bucket}/{name}"))
    put(f"{bucket}/odd.tar", b"no tar at all" * 100)
    with pytest.raises(BadData, match="not a whole, uncompressed tar"):
        finder(place_of(f"{bucket}/odd.tar"))
    table = pa.table(
        {"path": ["absent.png", "odd.tar/1.png", "/etc/passwd", "../x.png", "empty.png"]}
    )
    put(f"{bucket}/empty.png", b"")
    found = tuningfork.classify_table(table, images=bucket, model=toy)
    errors = found["error"].to_pylist()
    assert errors[0] == "s3://sky/absent.png: no such object; add it or mend the catalogue"
    assert "not a whole, uncompressed tar" in errors[1]
    assert "lies outside s3://sky" in errors[2]
    assert "lies outside s3://sky" in errors[3]
    assert errors[4].startswith("s3://sky/empty.png: ")


def test_whole_addresses_below_the_images_are_taken(bucket: str, toy: Path) -> None:
    """A column of addresses works where they lie below --images, and nowhere else."""
    put(f"{bucket}/cutouts/1.png", plain(COLOURS["spiral"]))
    names = [f"{bucket}/cutouts/1.png", "s3://elsewhere/1.png", "https://127.0.0.1/1.png"]
    images = f"{bucket}/cutouts"
    found = tuningfork.classify_table(pa.table({"path": names}), images=images, model=toy)
    assert found["class"].to_pylist() == ["spiral", None, None]
    assert "lies outside" in found["error"][1].as_py()


class Telltale(BaseHTTPRequestHandler):
    """A service that refuses, and repeats in its answer what it was told."""

    status = 403
    asked = 0

    def do_GET(self) -> None:
        """Answer as S3 does to a wrong signature."""
        type(self).asked += 1
        told = self.headers.get("Authorization", "")
        body = (
            "<Error><Code>SignatureDoesNotMatch</Code><Message>"
            f"{told} {KEY} {SECRET}</Message><AWSAccessKeyId>{KEY}</AWSAccessKeyId></Error>"
        ).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_PUT = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def telltale() -> Iterator[str]:
    """Start a service that repeats credentials; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Telltale)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [403, 500])
@pytest.mark.parametrize("home", [False, True])
def test_refusals_keep_the_secret(
    telltale: str, toy: Path, monkeypatch: pytest.MonkeyPatch, status: int, home: bool
) -> None:
    """A service that sends credentials back: none of them in the sentence, from either place."""
    monkeypatch.setattr(Telltale, "status", status)
    monkeypatch.setenv("AWS_ENDPOINT_URL", telltale)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    if home:
        (toy / "credentials").write_text(
            f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
        )
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(toy / "credentials"))
    else:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    told = "classify --catalog s3://sky/galaxies.parquet --output s3://sky/out"
    done = command(*shlex.split(told), "--model", toy)
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert "s3://sky/galaxies.parquet: " in said
    wanted = "access is refused; check the credentials" if status == 403 else "cannot be reached"
    assert wanted in " ".join(said.split())
    assert "Traceback" not in said
    for word in (KEY, SECRET, "Signature="):
        assert word not in said


def test_without_credentials_the_sentence_says_so(
    telltale: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No credentials at all: which machine lacks them is said."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", telltale)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(BadTable, match="access is refused; check the credentials"):
        open_catalogue("s3://sky/galaxies.parquet")
    s3fs.S3FileSystem.clear_instance_cache()


def test_passwords_and_signatures_are_not_shown() -> None:
    """What is shown of an address, also in a repr, holds neither user, password nor query."""
    address = place_of("https://ada:pass@example.org/cutouts?sig=abc")
    for shown in (str(address), repr(address), str(address / "1.png"), f"{address.parent}"):
        assert "pass" not in shown
        assert "sig" not in shown
        assert "ada" not in shown
    assert str(address / "1.png") == "https://example.org/cutouts/1.png"
    assert isinstance(address / "1.png", Address)
    assert str(place_of("s3://ada:pass@sky/cutouts")) == "s3://sky/cutouts"
    assert place_of("file:///tmp/a%20b") == Path("/tmp/a b")


def test_a_service_that_fails_stops_the_run(
    bucket: str, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that fails once is asked for again; one that goes on failing is no bad picture."""
    monkeypatch.setattr(places, "FIRST_WAIT", 0.001)
    put(f"{bucket}/cutouts/1.png", plain(COLOURS["spiral"]))
    table = pa.table({"path": ["1.png"]})
    images = f"{bucket}/cutouts"
    real = s3fs.S3FileSystem.cat_file
    failures = iter([True, True])

    def shaky(self: s3fs.S3FileSystem, *given: object, **further: object) -> object:
        if next(failures, False):
            raise OSError("reset by peer")
        return real(self, *given, **further)

    monkeypatch.setattr(s3fs.S3FileSystem, "cat_file", shaky)
    found = tuningfork.classify_table(table, images=images, model=toy)
    assert found["class"].to_pylist() == ["spiral"]
    failures = iter([True] * places.ATTEMPTS)
    with pytest.raises(ServiceFailed, match=r"s3://sky/cutouts/1.png: the service cannot be reach"):
        tuningfork.classify_table(table, images=images, model=toy)


@pytest.mark.parametrize("ending", ["", ".zip", ".tar"])
def test_pictures_over_http(tmp_path: Path, toy: Path, ending: str) -> None:
    """A plain web server holds the pictures, also one that knows nothing of ranges."""
    folder = tmp_path / "served"
    (folder / "cutouts").mkdir(parents=True)
    for name, data in pictures().items():
        (folder / "cutouts" / name).write_bytes(data)
    (folder / "cutouts.zip").write_bytes(zipped(pictures()))
    (folder / "cutouts.tar").write_bytes(tarred(pictures()))
    pq.write_table(pa.table({"id": range(ROWS)}), folder / "galaxies.parquet")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        catalogue = open_catalogue(f"{address}/galaxies.parquet")
        images = f"{address}/cutouts{ending}"
        classify_catalogue(catalogue, tmp_path / "out", images=images, model=toy, part_rows=SIZE)
        with pytest.raises(BadTable, match="parts cannot be written there"):
            classify_catalogue(catalogue, f"{address}/out", images=images, model=toy)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    check(pq.read_table(tmp_path / "out"))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("gs://sky/galaxies.parquet", r"this needs gcsfs; .*pip install 'tuningfork\[gs\]'"),
        ("sky://sky/galaxies.parquet", "unknown kind of address; give one of s3"),
    ],
)
def test_kinds_that_cannot_be_reached_say_why(address: str, message: str) -> None:
    """Without the package for a kind of address the sentence says how to install it."""
    with pytest.raises(TuningForkError, match=message):
        open_catalogue(address)
