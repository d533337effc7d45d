"""Networks that answer: ONNX graphs checked against their cards and run by ONNX Runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tuningfork.cores import cores
from tuningfork.errors import BadModel, UnknownName
from tuningfork.model.calibration import flat
from tuningfork.model.card import Card, read_card

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUNDLED = "full"
"""The network that ships with the package."""
SIDE_RULE = "zhu5"
"""A rule whose classes a network may have learned beside its own."""
FURTHER = ("heat", "embedding", SIDE_RULE)
"""What a graph may give beside probabilities and fractions."""


@dataclass(frozen=True)
class Answers:
    """What a network says of n pictures."""

    probabilities: NDArray[np.float32]
    """Shape (n, classes), 0 to 1, rows sum to 1; columns in the order of the card's classes."""
    fractions: NDArray[np.float32]
    """Shape (n, 37), 0 to 1: Kaggle's weighted vote fractions, true to the tree's sums; shape
    (n, 0) from a network that gives none."""
    heat: NDArray[np.float32] | None = None
    """Shape (n, classes, h, w), logits: what each place of the last feature map adds to each
    class (class activation, Zhou et al. 2016). Its mean over the places plus a constant is the
    class's logit before calibration. This and what follows is None unless more was asked for,
    and from a graph without it."""
    embedding: NDArray[np.float32] | None = None
    """Shape (n, channels): the mean of the last feature map, at least 0."""
    zhu5: NDArray[np.float32] | None = None
    """Shape (n, 6), 0 to 1: the five classes of the rule ``zhu5``, and last none of them."""
    strangeness: NDArray[np.float32] | None = None
    """Shape (n,): how little a picture looks like one of a galaxy; the card's calibration says
    from where on it shows none, and infinity is a crop of one colour. None from a graph that has
    not been calibrated."""


class Model:
    """A network and its card.

    ``graph`` is the ONNX file's content: input ``pixels``, outputs ``probabilities`` and, where
    the card has columns, ``fractions``; perhaps ``heat``, ``embedding`` and ``zhu5``.
    ``threads`` is how many processor cores one answer may use, by default all.
    ``where`` names the file in messages. Raises BadModel if graph and card do not belong together.
    """

    def __init__(self, card: Card, graph: bytes, *, where: str, threads: int | None = None) -> None:
        if hashlib.sha256(graph).hexdigest() != card.sha256:
            raise BadModel(
                f"{where}: the file is not the one that its card describes (SHA-256 differs); "
                "restore the pair of .onnx and .json, or export the network again"
            )
        self.card = card
        self._session = _session(graph, where, threads or cores())
        _check_form(self._session, card, where)
        self._outputs = frozenset(one.name for one in self._session.get_outputs())

    def answer(self, pixels: NDArray[np.uint8], *, more: bool = False) -> Answers:
        """Answer for n pictures, cut and scaled by ``card.preprocessing``.

        ``pixels`` is uint8 RGB of shape (n, input_pixels, input_pixels, 3). ``more`` asks also
        for heat, embedding and zhu5, each None where the graph has none or n is 0. Raises
        ValueError for another shape or type.
        """
        side = self.card.preprocessing.input_pixels
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (side, side, 3):
            raise ValueError(
                f"pixels are {pixels.dtype} of shape {pixels.shape}; wanted uint8 (n, {side}, "
                f"{side}, 3): use card.preprocessing.apply"
            )
        classes, columns = len(self.card.classes), len(self.card.columns)
        if len(pixels) == 0:
            empty = np.empty((0, columns), np.float32)
            nothing = np.empty(0, np.float32)
            return Answers(np.empty((0, classes), np.float32), empty, strangeness=nothing)
        wanted = ["probabilities", *(["fractions"] if columns else [])]
        if "strangeness" in self._outputs:
            wanted.append("strangeness")
        if more:
            wanted += [name for name in FURTHER if name in self._outputs]
        values = self._session.run(wanted, {"pixels": np.ascontiguousarray(pixels)})
        found = dict(zip(wanted, values, strict=True))
        found.setdefault("fractions", np.empty((len(pixels), 0), np.float32))
        if "strangeness" in found:
            found["strangeness"] = np.where(flat(pixels), np.inf, found["strangeness"])
        return Answers(**found)

    def telling(self, rule: str, classes: Sequence[str]) -> Model:
        """The same network, asked for the classes of another rule that it learned beside its own.

        Itself where it tells those apart anyway, or never learned that rule.
        """
        count = len(classes)
        if set(classes) == set(self.card.classes) or rule != SIDE_RULE:
            return self
        if SIDE_RULE not in self._outputs or self._side_classes() != count:
            return self
        return _BySideRule(self, rule, tuple(classes))

    def _side_classes(self) -> int:
        side = next(one for one in self._session.get_outputs() if one.name == SIDE_RULE)
        return int(side.shape[1]) - 1  # the last is none of them


class _BySideRule(Model):
    """A network's answers by its side rule, given that a galaxy meets one of the rule's classes.

    Neither calibrated nor fit for class activation, which are of the network's own classes.
    """

    def __init__(self, model: Model, rule: str, classes: tuple[str, ...]) -> None:
        self.card = replace(model.card, rule=rule, classes=classes, calibration=None)
        self._model = model
        self._outputs = frozenset()

    def answer(self, pixels: NDArray[np.uint8], *, more: bool = False) -> Answers:
        """Answer for n pictures, as the network does, but for the side rule's classes."""
        found = self._model.answer(pixels, more=True)
        if found.zhu5 is None:  # of no picture
            return Answers(np.empty((0, len(self.card.classes)), np.float32), found.fractions)
        inside = found.zhu5[:, :-1]
        told = inside / inside.sum(axis=1, keepdims=True)
        return Answers(told, found.fractions, embedding=found.embedding if more else None)


def load_model(name_or_path: str | Path | None = None, *, threads: int | None = None) -> Model:
    """Load a network: the bundled one, one of the bundled by name, or one from a file.

    A path may be an ONNX file with its card (the same name ending in ``.json``) beside it, or the
    folder of a training run that holds ``model.onnx`` and ``model.json``. Raises UnknownName if
    there is no such name or path, BadModel if the files are missing, damaged or unlike.
    """
    path = graph_path(BUNDLED if name_or_path is None else name_or_path)
    try:
        graph = path.read_bytes()
    except OSError as error:
        raise BadModel(f"{path}: {error.strerror}; export the network, or name another") from error
    card = read_card(path.with_suffix(".json"))
    return Model(card, graph, where=str(path), threads=threads)


def model_names() -> tuple[str, ...]:
    """Give the names of the bundled networks."""
    weights = _weights()
    if not weights.is_dir():
        return ()
    return tuple(sorted(path.stem for path in weights.glob("*.onnx")))


def _weights() -> Path:
    return Path(str(files("tuningfork.model"))) / "weights"


def graph_path(name_or_path: str | Path) -> Path:
    """Where the ONNX file of a network lies (see :func:`load_model`).

    Raises UnknownName if there is no such name or path.
    """
    if name_or_path in model_names():
        return _weights() / f"{name_or_path}.onnx"
    path = Path(name_or_path)
    if path.is_dir():
        return path / "model.onnx"
    if path.suffix == ".json":
        path = path.with_suffix(".onnx")
    if not path.exists():
        bundled = ", ".join(model_names()) or "none"
        raise UnknownName(
            f"{name_or_path}: no such network; give an .onnx file, the folder of a training run, "
            f"or the name of a bundled one ({bundled})"
        )
    return path


def _session(graph: bytes, where: str, threads: int) -> Any:  # noqa: ANN401  onnxruntime is untyped
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    # Waiting threads must leave the cores to those that decode pictures.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a kind of its own for each reason
        first = str(error).splitlines()[0]
        raise BadModel(f"{where}: no usable ONNX graph ({first}); export it again") from error


def _check_form(session: Any, card: Card, where: str) -> None:  # noqa: ANN401
    """Raise BadModel unless inputs and outputs are those that the card promises."""
    side = card.preprocessing.input_pixels
    wanted = {
        "pixels": ("tensor(uint8)", [side, side, 3]),
        "probabilities": ("tensor(float)", [len(card.classes)]),
    }
    if card.columns:
        wanted["fractions"] = ("tensor(float)", [len(card.columns)])
    if card.calibration is not None:
        wanted["strangeness"] = ("tensor(float)", [])
    found = {
        one.name: (one.type, list(one.shape[1:]))
        for one in (*session.get_inputs(), *session.get_outputs())
    }
    for name, form in wanted.items():
        if name not in found:
            raise BadModel(f"{where}: the graph lacks '{name}'; export the network again")
        if not _alike(found[name], form):
            raise BadModel(
                f"{where}: the graph's '{name}' is {found[name]}, its card promises {form}; "
                "export the network again"
            )
    if len(session.get_inputs()) != 1:
        raise BadModel(f"{where}: the graph asks for more than 'pixels'; export it again")


def _alike(found: tuple[str, list[Any]], wanted: tuple[str, list[int]]) -> bool:
    """Whether type and shape agree; a size that the graph leaves open (a name) fits any."""
    return (
        found[0] == wanted[0]
        and len(found[1]) == len(wanted[1])
        and all(
            size == other or not isinstance(size, int)
            for size, other in zip(found[1], wanted[1], strict=True)
        )
    )
