"""The finished networks that a recipe needs: to begin with, teachers, and for a mean."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tuningfork.data.held_out import kept_too
from tuningfork.errors import BadModel, BadRule, UnknownName
from tuningfork.model.card import Card, read_card, sha256_of
from tuningfork.model.session import graph_path
from tuningfork.train.recipe import Recipe
from tuningfork.train.state import CHECKPOINT
from tuningfork.train.teach import check_teacher


def hashes_of(recipe: Recipe) -> dict[str, str]:
    """SHA-256 of every network that the recipe needs and that is there, by its name."""
    graphs = {name: _graph_of(name) for name in _others(recipe)}
    return {name: sha256_of(path) for name, path in graphs.items() if path is not None}


def look_for_others(recipe: Recipe, say: Callable[[str], None]) -> None:
    """Hold every network that the recipe needs against it, hours before it is used.

    One that taught may have learned from galaxies that validate here, which is told; one whose
    weights are taken may not, for then nothing here is measured on galaxies it never met.

    Raises UnknownName for one that is not there, BadModel for one without a sound card, BadRule
    for one that does not fit.
    """
    teachers = _teachers(recipe)
    if recipe.continues and not (Path(recipe.continues) / CHECKPOINT).is_file():
        raise UnknownName(
            f"recipe {recipe.name}: {recipe.continues} holds no {CHECKPOINT}, so it is no run to "
            "continue; train that network first, or take a finished one's weights with begins_with"
        )
    for name in _others(recipe):
        path = _graph_of(name)
        if path is None:
            raise UnknownName(
                f"recipe {recipe.name}: {name} is no network, nor a run that holds one; "
                "train that network first, or name another in a recipe of your own"
            )
        card = read_card(path.with_suffix(".json"))
        if sha256_of(path) != card.sha256:
            raise BadModel(
                f"recipe {recipe.name}: {path} is not the file that its card describes; "
                "train that network again, or copy graph and card together"
            )
        if name in teachers:
            check_teacher(name, card, recipe)
        if not _learned_from_ours(card, recipe):
            continue
        if name in recipe.merged:
            raise BadRule(
                f"recipe {recipe.name}: it takes weights of {name}, which learned from galaxies "
                "that only validate here; take those of a network that was kept from them"
            )
        say(
            f"Mind: the teacher {name} learned from galaxies that only validate here, so what it "
            "says of others may tell a little of them"
        )


def _graph_of(name: str) -> Path | None:
    """The network's file, if it is there."""
    with suppress(UnknownName):
        path = graph_path(name)
        return path if path.exists() else None
    return None


def _teachers(recipe: Recipe) -> list[str]:
    return [name for stretch in recipe.rounds for name in stretch.teachers]


def _others(recipe: Recipe) -> list[str]:
    """Names of the networks that the recipe needs, each once."""
    return list(dict.fromkeys((*recipe.merged, *_teachers(recipe))))


def _learned_from_ours(card: Card, recipe: Recipe) -> bool:
    return bool(card.held_out.get("share")) and not kept_too(recipe.held_out, card.held_out)
