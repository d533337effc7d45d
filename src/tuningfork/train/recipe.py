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

from pydantic import Field, ValidationError, model_validator

from tuningfork.errors import BadRule, UnknownName
from tuningfork.train.settings import (
    SYMMETRIES,
    AugmentationSettings,
    Count,
    LossSettings,
    NetworkSettings,
    OptimiserSettings,
    Part,
    PictureSettings,
    RoundSettings,
    Share,
    SourceSettings,
)
from tuningfork.votes.rules import load_rule

SPLIT_SEED = 0
"""Seed of the hash by which galaxies only validate."""


class Recipe(Part):
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
    sources: dict[str, SourceSettings] = Field(default_factory=dict)

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


def _whole(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Fill in what a recipe leaves as it is in the one that it builds on.

    ``builds_on`` names a recipe of the package. Tables are filled in key by key; a list, such as
    the rounds, stands for the whole of the other.
    """
    base = values.pop("builds_on", None)
    if base is None:
        return values
    if base not in recipe_names():
        raise BadRule(
            f"{where}: builds_on names {base!r}; name one of the package's recipes: "
            f"{', '.join(recipe_names())}"
        )
    return _filled(_whole(tomllib.loads(_packaged(base)), base), values)


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
        whole = json.dumps(_whole(tomllib.loads(text), where), default=str)
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
