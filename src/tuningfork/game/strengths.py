"""How strong the machine may be, and what holds it back."""

from __future__ import annotations

import hashlib
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from PIL import Image

from tuningfork.game.machine import Answer, Machine, load_machine
from tuningfork.images.decode import decode
from tuningfork.model.session import model_names


@dataclass(frozen=True)
class Strength:
    """One strength of the machine."""

    name: str
    sight: int | None = None
    """The machine sees a picture of so many pixels a side; None: the whole of it."""
    model: str | None = None
    """The bundled network that plays; None: the one that the game was started with."""


class Blurred:
    """A machine that sees pictures of few pixels, as from far away."""

    def __init__(self, machine: Machine, sight: int) -> None:
        self._machine = machine
        self.sight = sight
        self.view = machine.view
        self.name = f"{machine.name} ({sight} pixels)"
        self.identity = hashlib.sha256(f"{machine.identity} {sight}".encode()).hexdigest()

    def answer(self, picture: bytes) -> Answer:
        """Look at a picture brought to few pixels. Raises UnreadableImage."""
        return self._machine.answer(blurred(picture, self.sight))


def blurred(picture: bytes, sight: int) -> bytes:
    """Bring a picture's longer side to ``sight`` pixels and back; a PNG file of the same size."""
    whole = Image.fromarray(decode(picture, "the picture"))
    small = whole.copy()
    small.thumbnail((sight, sight), Image.Resampling.BOX)
    buffer = io.BytesIO()
    small.resize(whole.size, Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


def strengths() -> tuple[Strength, ...]:
    """The strengths that this package can offer."""
    text = (resources.files("tuningfork.game") / "strengths.toml").read_text(encoding="utf-8")
    found = (Strength(**one) for one in tomllib.loads(text)["strength"])
    bundled = model_names()
    return tuple(one for one in found if one.model is None or one.model in bundled)


def opponents(machine: Machine) -> Mapping[str, Machine]:
    """Every strength's machine under the strength's name; ``machine`` is the one of ``full``.

    Raises BadModel if a bundled network cannot be used.
    """
    return {one.name: _opponent(one, machine) for one in strengths()}


def _opponent(strength: Strength, machine: Machine) -> Machine:
    found = machine if strength.model is None else load_machine(strength.model)
    return found if strength.sight is None else Blurred(found, strength.sight)
