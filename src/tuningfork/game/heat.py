"""The picture of what the machine looked at, from the run that gave its answer."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from tuningfork.explain.heat import activation_maps
from tuningfork.explain.overlay import overlay
from tuningfork.game.machine import Answer
from tuningfork.game.pictures import QUALITY, SIDE, squared
from tuningfork.images.decode import decode
from tuningfork.model.session import Answers
from tuningfork.votes.rules import CLASSES


def heat_jpeg(data: bytes, where: str, answer: Answer, label: str, view: float) -> bytes | None:
    """Draw what spoke for ``label`` over a picture; a JPEG in the frame of ``plain_jpeg``.

    ``view`` is the part of the picture's shorter side that the machine saw, in its middle; what it
    did not see stays without colour. None if the answer has no heat. Raises UnreadableImage.
    """
    if answer.heat is None:
        return None
    activation = np.load(io.BytesIO(answer.heat)).astype(np.float32)
    probabilities = np.array([[answer.probabilities[name] for name in CLASSES]], np.float32)
    run = Answers(probabilities, np.empty((1, 0), np.float32), activation[np.newaxis])
    picture = decode(data, where)
    height, width = picture.shape[:2]
    seen = max(1, round(SIDE * view * min(height, width) / max(height, width)))
    first = (SIDE - seen) // 2
    inside = slice(first, first + seen)
    frame = np.asarray(squared(picture))
    # What was not seen has no heat, not even a contour along the edge of what was.
    shown = overlay(frame, np.zeros((SIDE, SIDE), np.float32))
    warmth = activation_maps(run, [CLASSES.index(label)], seen)[0]
    shown[inside, inside] = overlay(frame[inside, inside], warmth)
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
