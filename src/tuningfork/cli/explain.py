"""``tuningfork explain``: one galaxy, and how its class follows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from tuningfork.cli.options import ModelName, check_outputs
from tuningfork.cli.reading import Bands, Center, Hdu, Size, Softening, Stretch, reading_of

if TYPE_CHECKING:
    from rich.console import Console

    from tuningfork.classify import Classification
    from tuningfork.explain import Following, Step
    from tuningfork.images.framing import Shown
    from tuningfork.model.session import Model

BAR = 20
"""Characters of a full bar."""


def explain(
    image: Annotated[Path, typer.Argument(help="One picture of a galaxy.", show_default=False)],
    *,
    model: ModelName = None,
    frame: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            min=0.01,
            max=100,
            help="Width of the picture as a share of Galaxy Zoo's frame of 424 pixels.",
            show_default=False,
        ),
    ] = None,
    center: Center = "auto",
    size: Size = "auto",
    hdu: Hdu = None,
    bands: Bands = None,
    stretch: Stretch = None,
    softening: Softening = 6.5,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FILE",
            help="Draw the whole tree and the heat map here: .svg, .png or .pdf.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Walk down the volunteers' decision tree for one galaxy.

    Prints the class with its probabilities, then each question that most volunteers would come
    to, the share of each answer among those asked, the answer that leads on, and how the class
    follows from these votes by the label rule.

    \b
    Examples:
      tuningfork explain galaxy.jpg
      tuningfork explain galaxy.jpg --output tree.svg
      tuningfork explain cutout.png --frame 0.5 --json
    """  # noqa: D301  (Typer needs the \b itself)
    from tuningfork.classify.classifier import classifications, shown_in
    from tuningfork.errors import BadModel
    from tuningfork.explain import walk
    from tuningfork.explain.drawing import check_drawing
    from tuningfork.model.session import load_model

    reading = reading_of(
        center=center,
        size=size,
        hdu=hdu,
        bands=bands,
        stretch=stretch,
        softening=softening,
        frame=frame,
    )
    if output is not None:
        check_outputs({"--output": output}, [image])
        check_drawing(output)
    network = load_model(model)
    shown = shown_in(image, reading)
    pixels = network.card.preprocessing.cut(shown.picture, shown.window)
    found = classifications(network.card, network.answer(pixels[None]))[0]
    if not found.fractions:
        raise BadModel(
            "this network tells classes but no votes, so there is no tree to walk; "
            "choose another with --model"
        )
    steps = walk(found.fractions)
    following = _following(network.card.rule, found)
    if output is not None:
        _draw(network, shown, found, following, output)
    if as_json:
        import json

        stated = _as_json(found, steps, following, shown.note)
        typer.echo(json.dumps(stated, indent=2, ensure_ascii=False))
        return
    _print(found, steps, following, shown.note)
    if output is not None:
        typer.echo(f"\nDrawn to {output}")


def _following(rule: str, found: Classification) -> Following | None:
    """Hold the votes against the network's rule; None where the rule is not at hand."""
    from tuningfork.errors import TuningForkError
    from tuningfork.explain import follow
    from tuningfork.votes.rules import load_rule

    try:
        return follow(found.fractions, load_rule(rule))
    except TuningForkError:
        return None


def _draw(
    network: Model, shown: Shown, found: Classification, following: Following | None, output: Path
) -> None:
    from tuningfork.explain import heat_map, overlay, shown_crop
    from tuningfork.explain.drawing import Explained, draw_tree

    pixels = network.card.preprocessing.cut(shown.picture, shown.window)
    crop = shown_crop(shown.picture, network.card.preprocessing, shown.window)
    heat = heat_map(network, pixels, found.label)
    overlaid = overlay(crop, heat)
    draw_tree(Explained(found, following, crop, overlaid), output)


def _print(
    found: Classification, steps: tuple[Step, ...], following: Following | None, note: str
) -> None:
    from rich.console import Console

    from tuningfork.explain import verdict_sentence

    console = Console(highlight=False)
    console.print(f"[bold]{found.label}[/]  {found.confidence:.0%}")
    if found.doubt is not None:
        console.print(verdict_sentence(found.doubt))
    if note:
        console.print(note, style="dim", markup=False)
    for name, share in sorted(found.probabilities.items(), key=lambda one: -one[1]):
        console.print(_line(name, share, taken=name == found.label))
    console.print("\n[bold]What most volunteers would answer[/]")
    for step in steps:
        question = step.question
        console.print(f"\n{question.number}. {question.text}  [dim]({step.asked:.0%} asked)[/]")
        for answer, share in zip(question.answers, step.shares, strict=True):
            console.print(_line(answer.text, share, taken=answer is step.taken))
    if following is not None:
        _print_following(console, following, found.label)


def _print_following(console: Console, following: Following, label: str) -> None:
    from tuningfork.explain import following_sentence

    console.print(
        f"\n[bold]How the class follows[/]  (rule {following.rule}, {following.compares} fractions)"
    )
    for one in following.judged:
        checks = "  ".join(
            f"{'✓' if check.met else '✗'} {check.answer.column} {check.answer.text} "
            f"{check.fraction:.2f} {'≥' if check.met else '<'} {check.condition.minimum:g}"
            for check in one.checks
        )
        line = f"{'→' if one.name == following.label else ' '} {one.name:<18} {checks}"
        style = "bold" if one.name == following.label else ""
        console.print(line, style=style, markup=False, soft_wrap=True)
    console.print(following_sentence(following, label), markup=False)


def _line(name: str, share: float, *, taken: bool) -> str:
    bar = "█" * round(share * BAR)
    line = f"{'→' if taken else ' '} {name:<18} {share:>6.1%} {bar}"
    return f"[bold]{line}[/]" if taken else line


def _as_json(
    found: Classification, steps: tuple[Step, ...], following: Following | None, note: str
) -> dict[str, Any]:
    return {
        "class": found.label,
        "verdict": found.verdict,
        "set": None if found.doubt is None else list(found.doubt.possible),
        "note": note,
        "probabilities": dict(found.probabilities),
        "walk": [
            {
                "question": step.question.number,
                "text": step.question.text,
                "asked": step.asked,
                "answers": {
                    answer.text: share
                    for answer, share in zip(step.question.answers, step.shares, strict=True)
                },
                "taken": step.taken.text,
            }
            for step in steps
        ],
        "follows": None if following is None else _following_as_json(following, found.label),
    }


def _following_as_json(following: Following, label: str) -> dict[str, Any]:
    from tuningfork.explain import following_sentence

    return {
        "rule": following.rule,
        "compares": following.compares,
        "class": following.label,
        "sentence": following_sentence(following, label),
        "classes": {
            one.name: [
                {
                    "column": check.condition.column,
                    "answer": check.answer.text,
                    # Nobody asked leaves no fraction, and JSON knows no NaN.
                    "fraction": None if math.isnan(check.fraction) else check.fraction,
                    "minimum": check.condition.minimum,
                    "met": check.met,
                }
                for check in one.checks
            ]
            for one in following.judged
        },
    }
