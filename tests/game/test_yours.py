"""One's own galaxy: the machine's answer, and nothing kept."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.game.conftest import Player, draw_galaxy, make_deck
from tuningfork.game.app import GameConfig, create_app
from tuningfork.game.machine import load_machine
from tuningfork.game.store import Opinion
from tuningfork.model.session import BUNDLED, model_names

pytestmark = pytest.mark.skipif(
    BUNDLED not in model_names(), reason="the bundled network is not trained yet"
)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    """Somebody at a game with the bundled network."""
    folder = tmp_path_factory.mktemp("yours")
    app = create_app(GameConfig(make_deck(), load_machine(), folder))
    yield Player(app)
    app.extensions["tuningfork"].close()


def _send(player: Player, data: bytes, name: str = "galaxy.jpg") -> TestResponse:
    """Send a picture as a browser does, in one piece."""
    token = player.form(player.get("/yours").text)
    head = f'--line\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
    head += f'--line\r\nContent-Disposition: form-data; name="picture"; filename="{name}"\r\n'
    head += "Content-Type: image/jpeg\r\n\r\n"
    body = head.encode() + data + b"\r\n--line--\r\n"
    return player.client.post(
        "/yours", data=body, content_type="multipart/form-data; boundary=line", buffered=True
    )


def test_answer_shows_probabilities_heat_and_the_walk(real: Player) -> None:
    """The page holds the picture, its heat map, four probabilities and the tree's questions."""
    page = _send(real, draw_galaxy("edge_on_spiral", 2))
    assert page.status_code == 200
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page.text)
    assert len(pictures) == 2
    for one in pictures:
        assert Image.open(io.BytesIO(base64.b64decode(one))).size == (424, 424)
    assert page.text.count('scope="row"') == 4
    text = re.sub(r"\s+", " ", page.text)
    assert "Is the galaxy simply smooth and rounded, with no sign of a disk?" in text
    walked = re.findall(r'<li class="taken">', page.text)
    assert 2 <= len(walked) <= 10
    assert "img-src 'self' data:" in page.headers["Content-Security-Policy"]
    assert "data:" not in real.get("/yours").headers["Content-Security-Policy"]


def test_nothing_uploaded_is_kept(real: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row, no file and no temporary file comes of a large upload."""
    game = real.app.extensions["tuningfork"]
    random = np.random.default_rng(1)
    buffer = io.BytesIO()
    Image.fromarray(random.integers(0, 255, (900, 900, 3), dtype=np.uint8)).save(buffer, "PNG")
    assert len(buffer.getvalue()) > 2_000_000

    def forbidden(*_args: object, **_named: object) -> None:
        raise AssertionError("a temporary file was made")

    folder = Path(str(game.store._engine.url.database)).parent
    before = {path.name: path.stat().st_size for path in folder.iterdir()}
    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(f"tempfile.{name}", forbidden)
    assert _send(real, buffer.getvalue(), "large.png").status_code == 200
    with game.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Opinion)) == 0
    after = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert after == before


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"\xff\xd8\xff\xe0broken", b"<svg xmlns='x'/>"]
)
def test_what_is_no_picture_is_refused_kindly(real: Player, data: bytes) -> None:
    """The page says what is wrong and asks again."""
    answer = _send(real, data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'type="file"' in answer.text


def test_too_large_a_file_is_refused(real: Player) -> None:
    """Above eight megabytes nothing is read; other forms stay as small as ever."""
    answer = _send(real, b"x" * (8 * 2**20 + 1000))
    assert answer.status_code == 413
    assert "larger than this page takes" in answer.text
    token = real.form(real.get("/").text)
    big = real.client.post("/round", data={"csrf_token": token, "mode": "x" * 20_000})
    assert big.status_code == 413


def test_form_without_a_file_or_a_token_is_refused(
    real: Player, make_app: Callable[..., Flask]
) -> None:
    """An empty form asks again, a forged one is not read."""
    token = real.form(real.get("/yours").text)
    assert real.client.post("/yours", data={"csrf_token": token}).status_code == 422
    assert real.client.post("/yours", data={}).status_code == 400
