"""The finished networks that a recipe needs: one to begin with, and teachers."""

from __future__ import annotations

from collections.abc import Callable

from tuningfork.data.held_out import kept_too
from tuningfork.errors import BadRule, UnknownName
from tuningfork.model.card import Card, read_card
from tuningfork.model.session import graph_path
from tuningfork.train.recipe import Recipe
from tuningfork.train.teach import check_teacher


def others_of(recipe: Recipe) -> tuple[str, ...]:
    """Names of all networks that the recipe needs, each once."""
    teachers = (name for stretch in recipe.rounds for name in stretch.teachers)
    return tuple(dict.fromkeys(filter(None, (recipe.begins_with, *teachers))))


def look_for_others(recipe: Recipe, say: Callable[[str], None]) -> None:
    """Hold every network that the recipe needs against it, hours before it is used.

    One that taught may have learned from galaxies that validate here, which is told; one that
    is begun with may not, for then nothing here is measured on galaxies it never met.

    Raises UnknownName for one that is not there, BadModel for one without a sound card, BadRule
    for one that does not fit.
    """
    for name in others_of(recipe):
        path = graph_path(name)
        if not path.exists():
            raise UnknownName(
                f"recipe {recipe.name}: {name} holds no model.onnx; train that network first, or "
                "name another in a recipe of your own"
            )
        card = read_card(path.with_suffix(".json"))
        if name != recipe.begins_with:
            check_teacher(name, card, recipe)
        if not _learned_from_ours(card, recipe):
            continue
        if name == recipe.begins_with:
            raise BadRule(
                f"recipe {recipe.name}: it begins with {name}, which learned from galaxies that "
                "only validate here; begin with a network that was kept from them, or with none"
            )
        say(
            f"Mind: the teacher {name} learned from galaxies that only validate here, so what it "
            "says of others may tell a little of them"
        )


def _learned_from_ours(card: Card, recipe: Recipe) -> bool:
    return bool(card.held_out.get("share")) and not kept_too(recipe.held_out, card.held_out)
