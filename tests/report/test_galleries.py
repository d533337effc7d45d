"""Which galaxies a gallery shows, and that they were read as they were for their answers."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.fits.made import disk, primary, three_bands
from tuningfork.classify import Classification
from tuningfork.data import Galaxy, Known
from tuningfork.errors import UnreadableImage
from tuningfork.evaluate import Answered, compare
from tuningfork.evaluate.paired import Predictions
from tuningfork.images.sources import Picture
from tuningfork.model import Model, load_model
from tuningfork.report.galleries import choose, galleries, parted


@pytest.fixture(scope="module")
def model(toys: Path) -> Model:
    """Load the toy network."""
    return load_model(toys)


def answered(model: Model, data: bytes | None) -> Answered:
    """A spiral that was taken for an elliptical; without data its picture has gone since."""

    def read() -> bytes:
        if data is None:
            raise UnreadableImage("1: gone")
        return data

    shares = dict.fromkeys(model.card.classes, 0.2) | {"elliptical": 0.4}
    found = Classification("elliptical", shares, {})
    return Answered(Galaxy("1", Picture("1", "1.fits", read), Known(label="spiral")), found)


def light(address: str) -> NDArray[np.float64]:
    image = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    return np.asarray(image.convert("L"), np.float64)


def test_fits_files_are_shown_with_their_galaxy_in_the_middle(model: Model) -> None:
    """The galaxy lies 60 pixels off the middle of its file, and is found as for the answer."""
    data = primary(three_bands(disk(200, scale=6.0, at=(40.0, 100.0))))
    shown = galleries(model, [answered(model, data)], model.card.classes, 1.0)
    assert [one.title for one in shown] == ["Surest and wrong", "Least sure"]
    pixels = light(shown[0].galaxies[0].picture)
    down, across = np.indices(pixels.shape)
    bright = np.where(pixels > 0.5 * pixels.max(), pixels, 0)
    middle = [float((bright * one).sum() / bright.sum()) for one in (down, across)]
    assert middle == pytest.approx([95.5, 95.5], abs=6)


def test_a_gallery_without_a_picture_has_no_heading(model: Model) -> None:
    """Where every picture has gone since, nothing is announced."""
    gone = [answered(model, None)]
    assert galleries(model, gone, model.card.classes, 1.0) == ()
    comparison = compare({"1": "elliptical"}, {"1": "spiral"}, Predictions({"1": "spiral"}, {}))
    assert comparison.only_there == ("1",)
    assert parted(model, gone, comparison, {"1": "spiral"}, 1.0) == ()


def test_where_two_part_both_answers_are_told(model: Model) -> None:
    """Ours, the truth, and what the other table says."""
    one = answered(model, primary(three_bands(disk(100, scale=6.0, at=(50.0, 50.0)))))
    mine, truth = one.found.label, str(one.known.label)
    comparison = compare({"1": mine}, {"1": truth}, Predictions({"1": truth}, {}))
    (there,) = parted(model, [one], comparison, {"1": truth}, 1.0)
    assert there.title == "Right only there"
    assert [(each.answer, each.theirs) for each in there.galaxies] == [(mine, truth)]


def test_of_few_galaxies_the_surest_are_not_the_least_sure_too(model: Model) -> None:
    """A third of them at most, the least sure first."""
    known = Known(label="elliptical")
    labelled = []
    for place, share in enumerate((0.99, 0.5, 0.9, 0.6, 0.8, 0.7)):
        shares = dict.fromkeys(model.card.classes, (1 - share) / 3) | {"elliptical": share}
        picture = Picture(str(place), "", lambda: b"")
        found = Classification("elliptical", shares, {})
        labelled.append(Answered(Galaxy(str(place), picture, known), found))
    chosen = choose(labelled, model.card.classes)
    assert [one.id for one in chosen["unsure"]] == ["1", "3"]
    assert [one.id for one in chosen["right"]] == ["0", "2", "4"]
