"""``tuningfork explain``: one galaxy, and how its class follows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

if TYPE_CHECKING:
    from tuningfork.classify import Classification
    from tuningfork.explain import Step

BAR = 20
"""Characters of a full bar."""


def explain(
    image: Annotated[Path, typer.Argument(help="One picture of a galaxy.", show_default=False)],
    *,
    model: Annotated[
        Optional[str],  # noqa: UP045  (Typer reads it at run time)
        typer.Option(
            help="An .onnx file, the folder of a training run, or a bundled network's name. "
            "Default: the bundled network.",
            show_default=False,
        ),
    ] = None,
    frame: Annotated[
        float,
        typer.Option(
            min=0.01,
            max=100,
            help="Width of the picture as a share of Galaxy Zoo's frame of 424 pixels.",
        ),
    ] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Walk down the volunteers' decision tree for one galaxy.

    Prints the class with its probabilities, then each question that most volunteers would come
    to, the share of each answer among those asked, and the answer that leads on.

    \b
    Examples:
      tuningfork explain galaxy.jpg
      tuningfork explain cutout.png --frame 0.5 --json
    """  # noqa: D301  (Typer needs the \b itself)
    from tuningfork.classify import load
    from tuningfork.errors import BadModel
    from tuningfork.explain import walk

    found = load(model).classify(image, frame)
    if not found.fractions:
        raise BadModel(
            "this network tells classes but no votes, so there is no tree to walk; "
            "choose another with --model"
        )
    steps = walk(found.fractions)
    if as_json:
        import json

        typer.echo(json.dumps(_as_json(found, steps), indent=2, ensure_ascii=False))
        return
    _print(found, steps)


def _print(found: Classification, steps: tuple[Step, ...]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"[bold]{found.label}[/]  {found.confidence:.0%}")
    for name, share in sorted(found.probabilities.items(), key=lambda one: -one[1]):
        console.print(_line(name, share, taken=name == found.label))
    console.print("\n[bold]What most volunteers would answer[/]")
    for step in steps:
        question = step.question
        console.print(f"\n{question.number}. {question.text}  [dim]({step.asked:.0%} asked)[/]")
        for answer, share in zip(question.answers, step.shares, strict=True):
            console.print(_line(answer.text, share, taken=answer is step.taken))


def _line(name: str, share: float, *, taken: bool) -> str:
    bar = "█" * round(share * BAR)
    line = f"{'→' if taken else ' '} {name:<18} {share:>6.1%} {bar}"
    return f"[bold]{line}[/]" if taken else line


def _as_json(found: Classification, steps: tuple[Step, ...]) -> dict[str, Any]:
    return {
        "class": found.label,
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
    }
