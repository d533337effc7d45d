"""A server on this machine that plays SDSS, Legacy, Sesame, Zenodo, the vote table's host, Kaggle.

Its answers are made up but true in form. Faults are put in a queue for an address's beginning; each
request takes one.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
from PIL import Image, ImageDraw

HTML = b"<!DOCTYPE html><html><body><h1>Down for maintenance</h1></body></html>"
KAGGLE_NAME, KAGGLE_KEY = "ada", "0123456789abcdef-secret"
COMPETITION = "galaxy-zoo-the-galaxy-challenge"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong; ``status`` 200 with ``body`` None answers as ever, but cut."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut: int | None = None
    """Bytes of the body after which the connection is cut."""
    wait: float = 0.0
    """Seconds without a sign of life before the answer."""
    content_type: str = "text/html"


@dataclass(frozen=True)
class Request:
    """What was asked."""

    time: float
    path: str
    headers: Mapping[str, str]


class Loopback(ThreadingHTTPServer):
    """The services, each below a path of its own."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.requests: list[Request] = []
        self.files: dict[str, bytes] = {}
        """Zenodo's, Kaggle's and the vote table's files by path."""
        self.records: dict[int, dict[str, str]] = {}
        """Zenodo's records: the path of each file by name."""
        self.rules_accepted = True
        self.known_names = {"Mrk 421": (166.113808, 38.208833)}

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def environment(self, **more: str) -> dict[str, str]:
        """Give the variables that turn Tuning Fork to this server, without any patience."""
        values = dict(more)
        for name in ("sdss", "legacy", "sesame", "zenodo", "gz2hart", "kaggle"):
            values[f"TUNINGFORK_{name.upper()}_URL"] = f"{self.address}/{name}"
            values[f"TUNINGFORK_{name.upper()}_RATE"] = "100000"
            values[f"TUNINGFORK_{name.upper()}_PAUSE"] = "0.001"
            values[f"TUNINGFORK_{name.upper()}_TIMEOUT"] = "5"
        return values

    def fail(self, path: str, *faults: Fault) -> None:
        """Queue faults for requests whose path begins so."""
        self.faults[path].extend(faults)

    def asked(self, path: str) -> list[Request]:
        """Give the requests so far whose path begins so."""
        return [one for one in self.requests if one.path.startswith(path)]

    def add_record(self, number: int, files: Mapping[str, bytes]) -> None:
        """Publish files as Zenodo does."""
        self.records[number] = {}
        for name, data in files.items():
            path = f"/zenodo/records/{number}/files/{name}"
            self.files[path] = data
            self.records[number][name] = path

    def add_competition(self, files: Mapping[str, bytes]) -> None:
        """Publish files as Kaggle does."""
        for name, data in files.items():
            self.files[f"/storage/{name}"] = data


@contextmanager
def loopback() -> Iterator[Loopback]:
    """Run the server for a while."""
    server = Loopback()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Loopback

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name it has)
        """Say nothing."""

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(Request(time.monotonic(), self.path, headers))
        fault = self._fault()
        time.sleep(fault.wait)
        if fault.body is not None or fault.status != 200:
            self._send(
                fault.status, fault.body or b"", fault.content_type, fault.headers, fault.cut
            )
            return
        parts = urlsplit(self.path)
        name, _, rest = parts.path.lstrip("/").partition("/")
        query = {key: value[0] for key, value in parse_qs(parts.query).items()}
        handler = getattr(self, f"_{name}", None)
        if handler is None:
            self._send(404, b"not found", "text/plain")
            return
        handler(rest, query, fault)

    def _fault(self) -> Fault:
        for path, queue in self.server.faults.items():
            if queue and self.path.startswith(path):
                return queue.popleft()
        return Fault()

    def _sdss(self, rest: str, query: Mapping[str, str], fault: Fault) -> None:
        if rest != "ImgCutout/getjpeg":
            self._send(404, b"no such service", "text/plain")
            return
        ra, dec = float(query["ra"]), float(query["dec"])
        scale, side = float(query["scale"]), int(query["width"])
        if not -10 < dec < 70:
            text = "Requested (ra, dec) is outside the SDSS footprint."
            self._send(200, message_frame(text, side), "image/jpeg", cut=fault.cut)
            return
        data = galaxy(ra, dec, side, r90_pixels=self._r90(ra) / scale)
        self._send(200, data, "image/jpeg", cut=fault.cut)

    def _legacy(self, rest: str, query: Mapping[str, str], fault: Fault) -> None:
        if rest != "cutout.jpg":
            self._send(404, b"no such service", "text/plain")
            return
        ra, dec, side = float(query["ra"]), float(query["dec"]), int(query["size"])
        if dec < -70:
            self._send(200, black_frame(side), "image/jpeg", cut=fault.cut)
            return
        data = galaxy(ra, dec, side, r90_pixels=self._r90(ra) / float(query["pixscale"]))
        self._send(200, data, "image/jpeg", cut=fault.cut)

    @staticmethod
    def _r90(ra: float) -> float:
        """Galaxies of this sky: between 5 and 25 seconds of arc, larger to the east."""
        return 5 + ra / 18

    def _sesame(self, rest: str, _: Mapping[str, str], fault: Fault) -> None:
        name = unquote(urlsplit(self.path).query)
        place = self.server.known_names.get(name)
        body = f"# {name}\t#Q42\n#=S=Simbad (CDS, via client/server):    1     5ms\n"
        if place is None:
            body = f"# {name}\t#Q42\n#!Sesame: Nothing found\n#====Done====\n"
        else:
            body += f"%@ 1\n%C.0 BLL\n%J {place[0]} {place[1]:+} = 11:04:27.31 +38:12:31.8\n"
        self._send(200, body.encode(), "text/plain; charset=utf-8", cut=fault.cut)

    def _zenodo(self, rest: str, _: Mapping[str, str], fault: Fault) -> None:
        match = re.fullmatch(r"api/records/(\d+)", rest)
        if match:
            self._record(int(match[1]))
            return
        self._file(urlsplit(self.path).path, "application/octet-stream", fault)

    def _record(self, number: int) -> None:
        if number not in self.server.records:
            self._send(
                404, b'{"status": 404, "message": "PID does not exist."}', "application/json"
            )
            return
        files = [
            {
                "key": name,
                "size": len(self.server.files[path]),
                "checksum": f"md5:{hashlib.md5(self.server.files[path]).hexdigest()}",
                "links": {"self": f"{self.server.address}/zenodo/api/{path}"},
            }
            for name, path in self.server.records[number].items()
        ]
        record = {"id": number, "files": files, "metadata": {"license": {"id": "cc-by-4.0"}}}
        self._send(200, json.dumps(record).encode(), "application/json")

    def _gz2hart(self, rest: str, _: Mapping[str, str], fault: Fault) -> None:
        self._file(f"/gz2hart/{rest}", "application/gzip", fault)

    def _kaggle(self, rest: str, _: Mapping[str, str], fault: Fault) -> None:
        pair = base64.b64encode(f"{KAGGLE_NAME}:{KAGGLE_KEY}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {pair}":
            self._send(401, b'{"code":401,"message":"Unauthorized"}', "application/json")
        elif rest == f"competitions/data/list/{COMPETITION}":
            files = [
                {"name": path.removeprefix("/storage/"), "totalBytes": len(data), "ref": ""}
                for path, data in self.server.files.items()
                if path.startswith("/storage/")
            ]
            self._send(200, json.dumps(files).encode(), "application/json")
        elif not self.server.rules_accepted:
            message = b'{"code":403,"message":"You must accept this competition\'s rules first."}'
            self._send(403, message, "application/json")
        else:
            # Kaggle hands the file out at Google's storage, which must never see the login.
            port = self.server.server_address[1]
            there = f"http://localhost:{port}/storage/{rest.rpartition('/')[2]}?signature=abc"
            self._send(302, b"", "text/html", {"Location": there}, fault.cut)

    def _storage(self, rest: str, _: Mapping[str, str], fault: Fault) -> None:
        self._file(f"/storage/{rest}", "application/zip", fault)

    def _file(self, path: str, kind: str, fault: Fault) -> None:
        """Answer with a file or, as RFC 9110 (14) says, with the part of it that is asked for."""
        data = self.server.files.get(path)
        if data is None:
            self._send(404, b"no such file", "text/plain")
            return
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        headers = {"ETag": tag, "Accept-Ranges": "bytes", **fault.headers}
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        unchanged = self.headers.get("If-Range", tag) == tag
        if match is None or not unchanged or "no-ranges" in fault.headers:
            self._send(200, data, kind, headers, fault.cut)
            return
        start = int(match[1])
        if start >= len(data):
            headers["Content-Range"] = f"bytes */{len(data)}"
            self._send(416, b"", kind, headers)
            return
        headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._send(206, data[start:], kind, headers, fault.cut)

    def _send(
        self,
        status: int,
        body: bytes,
        kind: str,
        headers: Mapping[str, str] | None = None,
        cut: int | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        stated = dict(headers or {})
        self.send_header("Content-Length", stated.pop("Content-Length", str(len(body))))
        for name, value in stated.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True


def galaxy(ra: float, dec: float, side: int, r90_pixels: float) -> bytes:
    """A JPEG of an exponential disk in a noisy sky, the same for the same position."""
    random = np.random.default_rng(abs(hash((round(ra, 4), round(dec, 4)))) % 2**32)
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    radius = np.hypot(x, y) / (r90_pixels / 3.0)
    light = 200 * np.exp(-radius)
    noise = random.normal(12, 5, (side, side, 3))
    pixels = np.clip(light[:, :, np.newaxis] * (1.0, 0.9, 0.75) + noise, 0, 255)
    return jpeg(pixels.astype(np.uint8))


def message_frame(text: str, side: int) -> bytes:
    """A frame with a sentence in place of the sky."""
    image = Image.new("RGB", (side, side), (0, 0, 0))
    ImageDraw.Draw(image).text((10, side // 2), text, fill=(255, 255, 255))
    return jpeg(np.asarray(image))


def black_frame(side: int) -> bytes:
    """A frame without light."""
    return jpeg(np.zeros((side, side, 3), np.uint8))


def jpeg(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """Encode pixels as the surveys do."""
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=90)
    return data.getvalue()
