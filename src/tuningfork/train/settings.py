"""The parts of a recipe: network, pictures, augmentation, loss, optimiser, rounds and sources."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Whole = Annotated[float, Field(ge=0, le=1)]


SYMMETRIES = 8
"""Ways in which a square lies on itself: its quarter turns, and those of its mirror image."""


class Part(BaseModel):
    """A table of a recipe, in which an unknown key or an infinite number is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NetworkSettings(Part):
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


class PictureSettings(Part):
    """The scale and crop, and how pixel values are normalised: (value - mean) / scale."""

    frame_pixels: Count
    """Side of a whole Galaxy Zoo frame at the network's scale."""
    input_pixels: Count
    """Side of the central square that the network sees."""
    stored_pixels: Count
    """Side of the square that is kept in memory, so that shifts and rotations find pixels."""
    mean: float
    scale: Positive


class SourceSettings(Part):
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


class AugmentationSettings(Part):
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


class LossSettings(Part):
    """Weights of what is learned together."""

    classes: Annotated[float, Field(ge=0)] = 1.0
    votes: Annotated[float, Field(ge=0)] = 0.0
    side_rules: Annotated[float, Field(ge=0)] = 0.0
    taught_votes: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the network's own earlier votes, for galaxies without any (self-training)."""
    taught_side_rules: Whole = 0.0
    """Share of the teachers' answer in what a galaxy teaches of the side rules, if they give one;
    the rest is what is known. It is all that a galaxy teaches of which nothing is known."""
    true_bar_share: Annotated[float, Field(gt=0, lt=1)] = 1 / 6
    class_weights: bool = False
    """Weigh each class by the count of the largest over its own."""
    unknown_weight: Annotated[float, Field(gt=0, le=1)] = 1.0
    """How much more rarely galaxies are drawn of which nothing is known."""


class OptimiserSettings(Part):
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


class RoundSettings(Part):
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
