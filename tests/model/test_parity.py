"""The bundled files against torch, which is given their weights alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.deck import crops
from tests.train.test_begin import begun
from tuningfork.images.simulated import DECK_COUNT
from tuningfork.model.session import SIDE_RULE, load_model, model_names
from tuningfork.train.export import Exported, output_names
from tuningfork.train.recipe import load_recipe

PICTURES = 16
LIMITS = {"heat": 2e-4}
"""Where not 1e-5, which any layer overruns whose largest weight is off by a tenth. The file of
swift holds the filters of heat apart from the head's, and not rounded to fp16 as those are."""


@pytest.mark.parametrize("name", model_names())
def test_the_bundled_file_answers_as_torch_does(name: str) -> None:
    """Every output on pictures of the deck, the classes once torch is calibrated as the card says.

    Torch has the normalisation from the recipe, and of a group convolution only the first way.
    """
    model = load_model(name)
    pixels = crops(model.card.preprocessing, step=DECK_COUNT // PICTURES)
    network, found = begun(load_recipe(model.card.recipe), name)
    network.eval()
    exported = Exported(network, found.outputs, found.recipe.pictures)
    with torch.no_grad():
        values = [one.numpy() for one in exported(torch.from_numpy(pixels))]
    expected = dict(zip(output_names(network, found.outputs), values, strict=True))
    calibration = model.card.calibration
    assert calibration is not None
    scale, shift = np.array(calibration.scale), np.array(calibration.shift)
    weights = np.exp(np.log(expected["probabilities"].astype(np.float64)) * scale + shift)
    expected["probabilities"] = weights / weights.sum(axis=1, keepdims=True)
    answers = model.answer(pixels, more=True)
    assert set(expected) == {"probabilities", "fractions", "heat", "embedding", SIDE_RULE}
    assert len(set(answers.probabilities.argmax(axis=1))) == len(model.card.classes)
    for output, wanted in expected.items():
        answer = getattr(answers, output)
        assert answer.shape == wanted.shape
        off = np.abs(answer - wanted).max() / max(1.0, np.abs(wanted).max())
        assert off < LIMITS.get(output, 1e-5), f"{output} is off by {off:.2g}"
