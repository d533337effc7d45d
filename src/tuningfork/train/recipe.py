"""Recipes: everything that decides how a network is trained, as commented TOML files.

A recipe is checked when it is built: an unknown key, a wrong type or an impossible number is
refused with the key's name. One that builds on another (``builds_on``) says what it changes.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tuningfork.errors import BadRule, UnknownName
from tuningfork.votes.rules import load_rule

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Whole = Annotated[float, Field(ge=0, le=1)]


SPLIT_SEED = 0
"""Seed of the hash by which galaxies only validate."""

SYMMETRIES = 8
"""Ways in which a square lies on itself: its quarter turns, and those of its mirror image."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NetworkSettings(_Part):
    """Which network, and how large."""

    kind: Literal["residual", "equivariant", "reference"]
    stem: Count = 32
    """Filters of the first convolution (residual, equivariant)."""
    stem_stride: Literal[2, 4] = 2
    """How far the first convolution reduces the picture, by a kernel one pixel wider
    (residual)."""
    widths: tuple[Count, ...] = (48, 96, 192)
    """Filters of each stage; every stage halves the resolution (residual, equivariant)."""
    blocks: tuple[Count, ...] = (2, 2, 2)
    """Residual blocks in each stage (residual, equivariant)."""
    features: Count = 256
    """Values that the last layer sees (equivariant; a residual network's are its last width)."""
    dropout: Share = 0.3
    side_rules: tuple[str, ...] = ()
    """Further label rules whose classes the network learns beside its own, in training only."""


class PictureSettings(_Part):
    """The scale and crop, and how pixel values are normalised: (value - mean) / scale."""

    frame_pixels: Count
    """Side of a whole Galaxy Zoo frame at the network's scale."""
    input_pixels: Count
    """Side of the central square that the network sees."""
    stored_pixels: Count
    """Side of the square that is kept in memory, so that shifts and rotations find pixels."""
    mean: float
    scale: Positive


class SourceSettings(_Part):
    """What one set of galaxies shows and how often it is drawn. The set's folder names it."""

    weight: Annotated[float, Field(ge=0)] = 1.0
    """How often a galaxy of this set is drawn, relative to the other sets' galaxies."""
    frame_share: Positive = 1.0
    """Width of its pictures as a share of Galaxy Zoo's frame."""
    many_bars: bool = False
    """Whether bars are commoner among its spirals than in the sky (``true_bar_share``): the loss
    then shifts the logits by the log of the shares' ratio, and the network learns the sky's."""
    debiased: Whole = 1.0
    """Share of debiased votes in the targets where the table has raw ones too; the rest is raw."""
    agreement: Whole = 0.0
    """A class by such votes counts only if the mixed votes reach this share of what it asks."""
    unclassed: dict[str, Positive] = {}
    """For galaxies known only to meet no class of the side rules: how often a galaxy of each class
    is such a one. Classes not named count as impossible; empty: nothing is known of these."""
    bar_weight: Positive = 1.0
    """How much oftener its barred spirals are drawn."""
    oftener: dict[str, dict[str, Positive]] = {}
    """For a side rule, how much oftener galaxies of some of its classes are drawn."""
    zoom: Share | None = None
    """Its own range of zoom, where it needs another than the augmentation's."""
    colour: Share | None = None
    """Its own range of colour."""


class AugmentationSettings(_Part):
    """Random changes of the training pictures; none of them in validation."""

    rotation: Annotated[float, Field(ge=0, le=180)]
    """Degrees to either side."""
    flip: bool
    zoom: Share
    """Scale between 1 - zoom and 1 + zoom."""
    shift: Share
    """To either side, as a share of the input's side."""
    brightness: Share
    colour: Share
    """Each channel between 1 - colour and 1 + colour."""
    noise: Annotated[float, Field(ge=0)]
    """Largest standard deviation of added noise, in units of 255."""
    grey: Share = 0.0
    """Share of the pictures that are shown without colour, so that shape must do."""
    fill: Literal["reflection", "border"]


class LossSettings(_Part):
    """Weights of what is learned together."""

    classes: Annotated[float, Field(ge=0)] = 1.0
    votes: Annotated[float, Field(ge=0)] = 0.0
    side_rules: Annotated[float, Field(ge=0)] = 0.0
    taught_votes: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the network's own earlier votes, for galaxies without any (self-training)."""
    true_bar_share: Annotated[float, Field(gt=0, lt=1)] = 1 / 6
    class_weights: bool = False
    """Weigh each class by the count of the largest over its own."""
    unknown_weight: Annotated[float, Field(gt=0, le=1)] = 1.0
    """How much more rarely galaxies are drawn of which nothing is known."""


class OptimiserSettings(_Part):
    """How the weights move."""

    kind: Literal["adamw", "sgd"]
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    momentum: Share = 0.0
    nesterov: bool = False
    """Look ahead by the momentum, which must be above 0."""
    decay: Annotated[float, Field(ge=0)] = 0.0
    """Learning rate after n updates: rate / (1 + decay * n) (sgd)."""
    average: Share = 0.0
    """Decay of the moving average of the weights that is validated and exported; 0: none."""


class RoundSettings(_Part):
    """One stretch of training, with a rise and fall of the learning rate of its own."""

    epochs: Count
    pictures: Count | None = None
    """Pictures in an epoch, drawn with the sources' weights; None: every galaxy once."""
    rate: Positive
    """Largest learning rate; adamw rises to it and falls to zero within the round."""
    emphasis: dict[str, Positive] = {}
    """How much oftener than by their weights the galaxies of some sources are drawn."""
    self_training: bool = False
    """Whether the network's own answers at the round's start, within what is known of each
    galaxy, are this round's targets."""
    teachers: tuple[str, ...] = ()
    """Finished networks, by name, run folder or ONNX file, whose answers within what is known are
    averaged into this round's targets (Hinton et al. 2015), with its own if it trains itself."""
    earlier: Share = 0.0
    """Share of the targets of the round before that stays in this one's, so that what several
    networks said is averaged over rounds (temporal ensembling, Laine & Aila 2017)."""
    hard: bool = False
    """Whether the likeliest class alone is the target, as if it were the galaxy's label."""
    views: Count = 8
    """Rotated views over which answers are averaged."""


class Recipe(_Part):
    """A whole training run."""

    name: str
    description: str
    rule: str = "reference"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    batch: Count
    validation: Share = 0.1
    """Share of the galaxies that only validate, by their ids."""
    fold: Annotated[int, Field(ge=0)] = 0
    """Which of the parts of that size validates, from 0: each in turn, for cross-validation."""
    begins_with: str = ""
    """A finished network, by name, run folder or ONNX file, whose weights this one begins with; it
    may have further blocks, which change nothing at first. Empty: fresh weights."""
    continues: str = ""
    """The folder of a run of the same network, of which this one is the next round: it takes the
    weights, their average and the optimiser's means. Fresh means make the first steps so large that
    the network leaves the valley of the loss where it was, and with it all hope of a mean."""
    mean_with: tuple[str, ...] = ()
    """Finished networks whose weights are averaged with this one's at its end (Wortsman et al.
    2022). They must have gone the same way and parted late, or their mean answers nothing."""
    half_weights: bool = False
    """Whether the file holds the weights as fp16, at half the size; it computes in fp32."""
    keep: Literal["best", "last"]
    """Which epoch is exported: the one of least validation loss, or the last."""
    patience: Count | None = None
    """Stop after so many epochs without a lower validation loss."""
    network: NetworkSettings
    pictures: PictureSettings
    augmentation: AugmentationSettings
    loss: LossSettings
    optimiser: OptimiserSettings
    rounds: tuple[RoundSettings, ...] = Field(min_length=1)
    sources: dict[str, SourceSettings] = {}

    @model_validator(mode="after")
    def _fits_together(self) -> Recipe:
        if len(self.network.widths) != len(self.network.blocks):
            raise ValueError("network.widths and network.blocks differ in length")
        around = self.pictures.stored_pixels - self.pictures.input_pixels
        if around < 0 or around % 2:
            raise ValueError(
                "pictures.stored_pixels must be pictures.input_pixels plus an even margin"
            )
        if self.pictures.input_pixels < self._least_input():
            raise ValueError(
                f"pictures.input_pixels is {self.pictures.input_pixels}, but the network halves "
                f"the picture so often that it needs {self._least_input()}"
            )
        for name in (name for stretch in self.rounds for name in stretch.emphasis):
            if name not in self.sources:
                raise ValueError(f"rounds.emphasis names {name}, which sources does not")
        if any(one.emphasis and one.pictures is None for one in self.rounds):
            raise ValueError(
                "rounds.emphasis needs rounds.pictures: without, each galaxy comes once"
            )
        if self.network.kind == "reference" and len(self.rounds) > 1:
            raise ValueError("the reference network trains in one round")
        if self.network.kind == "reference" and self.merged:
            raise ValueError("the reference network begins with fresh weights and keeps its own")
        if self.begins_with and self.continues:
            raise ValueError("it begins_with a network or continues a run, not both")
        return self

    @model_validator(mode="after")
    def _learns(self) -> Recipe:
        if not self.network.widths:
            raise ValueError("network.widths names no stage")
        if self.optimiser.nesterov and not self.optimiser.momentum:
            raise ValueError("optimiser.nesterov needs a momentum")
        loss = self.loss
        if not (loss.classes or loss.votes or loss.side_rules):
            raise ValueError("loss.classes, votes and side_rules are all 0: nothing is learned")
        return self

    @model_validator(mode="after")
    def _fold_is_there(self) -> Recipe:
        if self.fold and (self.fold + 1) * self.validation > 1 + 1e-9:
            raise ValueError(f"there is no fold {self.fold} of {self.validation:g} of the galaxies")
        return self

    @model_validator(mode="after")
    def _names_classes(self) -> Recipe:
        for name, own in self.sources.items():
            for rule, classes in own.oftener.items():
                if rule not in self.network.side_rules:
                    raise ValueError(
                        f"sources.{name}.oftener names the rule {rule}, which is not among "
                        "network.side_rules"
                    )
                _check_classes(f"sources.{name}.oftener.{rule}", classes, rule)
            if own.unclassed:
                _check_classes(f"sources.{name}.unclassed", own.unclassed, self.rule)
        return self

    @model_validator(mode="after")
    def _keeps_symmetry(self) -> Recipe:
        if self.network.kind != "equivariant":
            return self
        if any(one % SYMMETRIES for one in (self.network.stem, *self.network.widths)):
            raise ValueError("network.stem and widths of an equivariant network are multiples of 8")
        if self.network.stem_stride != 2:
            raise ValueError("network.stem_stride of an equivariant network is 2")
        whole = 2 ** (1 + len(self.network.widths))
        if self.pictures.input_pixels % whole:
            raise ValueError(
                f"pictures.input_pixels of this equivariant network is a multiple of {whole}: an "
                "odd map loses the symmetry where it is halved"
            )
        return self

    @model_validator(mode="after")
    def _rounds_follow(self) -> Recipe:
        if self.rounds[0].self_training:
            raise ValueError("the first round cannot learn from itself")
        if any(one.hard and not one.teachers for one in self.rounds):
            raise ValueError("rounds.hard needs teachers")
        for before, one in zip((None, *self.rounds), self.rounds, strict=False):
            if one.earlier and not (before and _is_taught(before) and _is_taught(one)):
                raise ValueError("rounds.earlier needs targets in its round and the one before")
        return self

    def _least_input(self) -> int:
        """The least side of which the network's last stage still has more than one pixel."""
        if self.network.kind == "reference":
            return 46  # four times a convolution takes 2 pixels off and pooling halves them
        return int(self.network.stem_stride * 2 ** len(self.network.widths)) + 1

    def source(self, name: str) -> SourceSettings:
        """The settings of a set of galaxies; the defaults where the recipe does not name it."""
        return self.sources.get(name, SourceSettings())

    @property
    def merged(self) -> tuple[str, ...]:
        """The networks whose weights it takes, at its beginning and at its end."""
        return (*filter(None, (self.begins_with, self.continues)), *self.mean_with)

    @property
    def held_out(self) -> dict[str, float]:
        """Which galaxies only validate, as the card says it (:func:`tuningfork.data.validates`).

        They are the same for every ``seed``, so that seeds can be compared.
        """
        split: dict[str, float] = {"share": self.validation, "seed": SPLIT_SEED}
        return split | ({"fold": self.fold} if self.fold else {})

    @property
    def epochs(self) -> int:
        return sum(stretch.epochs for stretch in self.rounds)


def _check_classes(where: str, named: Mapping[str, float], rule: str) -> None:
    known = load_rule(rule).class_names
    for name in named:
        if name not in known:
            raise ValueError(f"{where} names {name}, not one of {', '.join(known)}")


def _is_taught(stretch: RoundSettings) -> bool:
    return stretch.self_training or bool(stretch.teachers)


def recipe_names() -> tuple[str, ...]:
    """The recipes that come with the package."""
    folder = resources.files("tuningfork.train") / "recipes"
    return tuple(sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.is_file()))


def load_recipe(name_or_path: str) -> Recipe:
    """Read a recipe by its name or from a user's own TOML file.

    Raises UnknownName if there is neither, BadRule if its text breaks the form.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        if not path.is_file():
            raise UnknownName(f"{path}: no such recipe file; check the path")
        try:
            text = path.read_text(encoding="utf-8-sig")  # Notepad begins a file with a mark
        except (OSError, UnicodeDecodeError) as error:
            raise BadRule(f"{path}: cannot be read as text ({error}); mend the file") from error
    else:
        text = _packaged(name_or_path)
    return _parsed(text, name_or_path)


def _packaged(name: str) -> str:
    if name not in recipe_names():
        raise UnknownName(
            f"no recipe is called '{name}'; choose {' or '.join(recipe_names())}, "
            "or give a path ending in .toml"
        )
    source = resources.files("tuningfork.train") / "recipes" / f"{name}.toml"
    return source.read_text(encoding="utf-8")


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    """Fill in what a recipe leaves as it is in the one that it builds on.

    ``builds_on`` names a recipe of the package. Tables are filled in key by key; a list, such as
    the rounds, stands for the whole of the other.
    """
    base = values.pop("builds_on", None)
    if base is None:
        return values
    return _filled(_whole(tomllib.loads(_packaged(str(base)))), values)


def _filled(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _filled(base[key], value)
        for key, value in own.items()
        if isinstance(value, dict) and isinstance(base.get(key), dict)
    }
    return base | own | both


def _parsed(text: str, where: str) -> Recipe:
    try:
        # By way of JSON, whose strict reading takes lists for tuples, but no "16" for 16.
        whole = json.dumps(_whole(tomllib.loads(text)), default=str)
        return Recipe.model_validate_json(whole, strict=True)
    except tomllib.TOMLDecodeError as error:
        raise BadRule(f"{where}: not valid TOML ({error}); mend that line") from error
    except ValidationError as error:
        first = error.errors()[0]
        said = first["msg"].removeprefix("Value error, ")
        if not first["loc"]:
            raise BadRule(f"{where}: {said}; mend the recipe") from error
        key = ".".join(str(part) for part in first["loc"])
        raise BadRule(f"{where}: {key}: {said}; mend that key") from error
