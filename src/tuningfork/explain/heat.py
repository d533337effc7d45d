"""Heat maps: where in the picture a network finds what speaks for a class.

All maps are float32 on the frame of the network's crop, 0 (nothing speaks for the class here) to
1 (the place that speaks for it most); a map is 0 everywhere where no place speaks for the class.
What speaks for a class is measured in its log-odds, ln(p / (1 - p)): evidence that raises all
classes alike is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tuningfork.explain.occlusion import occlusion_map
from tuningfork.images.frame import Pixels
from tuningfork.model.session import Answers, Model

Heat = NDArray[np.float32]
"""One map, shape (h, w), 0 to 1."""


def heat_map(
    model: Model, pixels: Pixels, label: str | None = None, *, method: str = "occlusion"
) -> Heat:
    """Tell where a network looks for a class.

    ``pixels`` is one picture as ``model.card.preprocessing`` gives it, uint8 of shape (side, side,
    3); ``label`` one of the card's classes, by default the most probable one. Returns a map of
    shape (side, side). ``method`` is one of METHODS: ``occlusion`` (Zeiler & Fergus 2014: patch
    after patch is covered, some hundred runs), which every network allows, or, of a graph with
    an output ``heat``, ``activation`` (class activation, Zhou et al. 2016, one run) or ``views``
    (its mean over the eight turned and mirrored views, turned back). Raises ValueError for another
    class or method, or for a graph without heat.
    """
    if method not in METHODS:
        raise ValueError(f"{method!r} is no method; choose one of {', '.join(METHODS)}")
    if label is None:
        place = int(model.answer(pixels[np.newaxis]).probabilities[0].argmax())
    else:
        place = _place(model, label)
    return METHODS[method](model, pixels, place)


def activation_maps(answers: Answers, places: Sequence[int], side: int) -> Heat:
    """Turn the heat of a run into maps of shape (n, side, side), with no further run.

    ``places`` are the classes' places in the card, one for each picture. Raises ValueError for
    answers without heat.
    """
    maps = [_enlarged(one, side) for one in evidence(answers, places)]
    return np.stack([_to_one(one) for one in maps])


def evidence(answers: Answers, places: Sequence[int]) -> NDArray[np.float32]:
    """Tell what each place of the last feature map adds to a class's log-odds; shape (n, h, w).

    With heat z_k at a place and probabilities p: z_c - sum over k ≠ c of p_k / (1 - p_c) z_k, the
    derivative of ln(p_c / (1 - p_c)) by the logits times the heat. Raises ValueError for answers
    without heat.
    """
    if answers.heat is None:
        raise ValueError("there is no heat in these answers: ask for more, or use occlusion")
    rows = np.arange(len(places))
    others = answers.probabilities.astype(np.float64)
    others[rows, list(places)] = 0
    others /= np.maximum(others.sum(axis=1, keepdims=True), 1e-12)
    weights = -others
    weights[rows, list(places)] = 1
    found: NDArray[np.float32] = np.einsum("nk,nkhw->nhw", weights, answers.heat).astype(np.float32)
    return found


def _from_activation(model: Model, pixels: Pixels, place: int) -> Heat:
    answers = model.answer(pixels[np.newaxis], more=True)
    found: Heat = activation_maps(answers, [place], len(pixels))[0]
    return found


def _from_views(model: Model, pixels: Pixels, place: int) -> Heat:
    """Average over the symmetries of a square, which also cancels the grid's own offset."""
    views = np.stack(
        [np.rot90(mirrored, turns) for mirrored in (pixels, pixels[:, ::-1]) for turns in range(4)]
    )
    answers = model.answer(views, more=True)
    seen = evidence(answers, [place] * len(views))
    back = [np.rot90(_enlarged(one, len(pixels)), -(turn % 4)) for turn, one in enumerate(seen)]
    back[4:] = [one[:, ::-1] for one in back[4:]]
    return _to_one(np.mean(back, axis=0))


def _from_occlusion(model: Model, pixels: Pixels, place: int) -> Heat:
    return _to_one(occlusion_map(model, pixels, place))


METHODS: dict[str, Callable[[Model, Pixels, int], Heat]] = {
    "activation": _from_activation,
    "views": _from_views,
    "occlusion": _from_occlusion,
}
"""Ways to a map: (model, one picture, the class's place) → map."""


def _enlarged(coarse: NDArray[np.float32], side: int) -> Heat:
    image = Image.fromarray(np.ascontiguousarray(coarse, dtype=np.float32))
    return np.asarray(image.resize((side, side), Image.Resampling.BICUBIC))


def _to_one(values: NDArray[np.float32]) -> Heat:
    positive: Heat = np.clip(values, 0, None).astype(np.float32)
    top = float(positive.max())
    if top > 0:
        positive /= np.float32(top)
    return positive


def _place(model: Model, label: str) -> int:
    if label not in model.card.classes:
        raise ValueError(
            f"{label!r} is no class of the network; choose one of {', '.join(model.card.classes)}"
        )
    return model.card.classes.index(label)
