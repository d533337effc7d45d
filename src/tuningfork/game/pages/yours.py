"""One's own galaxy: what the machine says of an uploaded picture. Nothing of it is kept."""

from __future__ import annotations

import base64
import io
from typing import IO

from flask import Blueprint, Flask, Request, g, render_template, request
from flask_babel import gettext as _
from PIL import Image

from tuningfork.errors import TuningForkError
from tuningfork.explain import walk
from tuningfork.game.heat import heat_jpeg
from tuningfork.game.pictures import SIDE, plain_jpeg
from tuningfork.game.state import current_game
from tuningfork.game.turnstile import aside
from tuningfork.images.frame import Preprocessing
from tuningfork.images.reading import read_picture

pages = Blueprint("yours", __name__)

LARGEST = 8 * 2**20
"""Bytes of an uploaded picture."""


class InMemory(Request):
    """Requests whose files never touch the disk."""

    def _get_file_stream(self, *_args: object, **_named: object) -> IO[bytes]:
        return io.BytesIO()


def allow_pictures(app: Flask) -> None:
    """Take in pictures for one's own galaxy; call this before anything that reads forms."""
    app.request_class = InMemory
    app.before_request(_allow)


def _allow() -> None:
    if request.endpoint == "yours.show":
        request.max_content_length = LARGEST


@pages.get("/yours")
def ask() -> str:
    """Ask for a picture."""
    return render_template("yours.html", trouble=None)


@pages.post("/yours")
def show() -> str | tuple[str, int]:
    """Show the machine's answer with its heat and its walk down the volunteers' tree.

    The machine is asked past its memory, and pictures go into the page itself, so that nothing of
    them stays on this computer.
    """
    file = request.files.get("picture")
    data = file.read() if file else b""
    if not data:
        return render_template("yours.html", trouble=_("Choose a picture first.")), 422
    machine = current_game().memory.machine
    try:
        with aside():
            framed = _framed(data)
            answer = machine.answer(framed)
            plain = plain_jpeg(framed, "the picture")
            heat = heat_jpeg(framed, "the picture", answer, answer.label, machine.view)
    except TuningForkError:
        trouble = _(
            "This file cannot be read as a picture. Send a JPEG, PNG, TIFF, WebP or FITS file."
        )
        return render_template("yours.html", trouble=trouble), 422
    g.pictures_inside = True  # lets the page hold its pictures, see tuningfork.game.security
    return render_template(
        "your_answer.html",
        answer=answer,
        steps=walk(answer.fractions) if answer.fractions else (),
        picture=_inside(plain),
        heat=heat and _inside(heat),
    )


def _framed(data: bytes) -> bytes:
    """Cut Galaxy Zoo's frame around the galaxy out of a picture or FITS file; a PNG file.

    The galaxy is looked for as ``tuningfork classify`` does it. Raises UnreadableImage.
    """
    shown = read_picture(data, "the picture")
    frame = Preprocessing(SIDE, SIDE).cut(shown.picture, shown.window)
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "PNG")
    return buffer.getvalue()


def _inside(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
