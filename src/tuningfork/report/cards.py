"""Model card and data card: Markdown for people, every number out of one JSON file.

    python -m tuningfork.report.cards build/cards ../shared/data docs

condenses what ``evaluate`` and ``volunteers`` wrote into ``build/cards`` to ``docs/figures.json``,
draws the failures and writes both cards; ``make cards`` does all of it.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tuningfork.data import GalaxySet, Known, read_set
from tuningfork.errors import BadData
from tuningfork.files import replacing
from tuningfork.model.history import read_history
from tuningfork.model.session import Model, graph_path, load_model
from tuningfork.report.findings import plain, write_json
from tuningfork.report.volunteers import SHORT
from tuningfork.report.wording import environment
from tuningfork.votes.rules import Rule, load_rule

FIGURES = "figures.json"
CARDS = ("model-card.md", "data-card.md")
EVALUATIONS = {
    "reference_test": "the 1,517 of the reference",
    "kaggle": "held-out `kaggle`, the sky's mix",
    "gz2": "held-out `gz2`, noisier labels",
    "simulated": "the simulated deck",
}
"""What is evaluated: the name of its JSON, and what the card calls it."""
SMALL = "swift"
"""The other network that ships, of which the model card says less."""
KNOWLEDGE = {
    "kaggle": "37 weighted votes",
    "gz2": "votes as given and debiased",
    "kaggle_five": "one of Zhu et al.'s five classes, or none; half the scale",
    "gz1": "Galaxy Zoo 1: spiral, edge-on, merger, don't know",
    "efigi": "experts' bars, inclination, arms and Hubble type",
}


def condense(folder: Path, sets: Sequence[GalaxySet], rule: Rule, model: Model) -> dict[str, Any]:
    """Pick what the cards state out of the JSON files in ``folder``, and count the sets.

    Raises BadData if a file is missing or belongs to other weights.
    """
    small = load_model(SMALL)
    found = {name: _read(folder / f"{name}.json", model) for name in EVALUATIONS}
    volunteers = _read(folder / "volunteers.json", model)
    stated: dict[str, Any] = plain(
        {
            "model": _model(model),
            "training": _training(model),
            "small": _model(small)
            | {
                "training": _training(small),
                "evaluation": _evaluation(_read(folder / f"{SMALL}.json", small)),
            },
            "calibration": model.card.calibration and model.card.calibration.measured,
            "evaluations": [
                {"title": title} | _evaluation(found[name]) for name, title in EVALUATIONS.items()
            ],
            "questions": [_question(one) for one in found["kaggle"]["questions"]],
            "volunteers": {
                "sentence": volunteers["sentence"],
                "galaxies": sum(volunteers["galaxies"].values()),
            },
            "classes": rule.class_names,
            "sets": [_counted(one, rule) for one in sets],
        }
    )
    return stated


def write_cards(figures: Mapping[str, Any], docs: Path) -> None:
    """Write both cards."""
    for name in CARDS:
        with replacing(docs / name) as temporary:
            temporary.write_text(card_text(name, figures), encoding="utf-8")


def card_text(name: str, figures: Mapping[str, Any]) -> str:
    """Fill one card's template."""
    text = environment().get_template(name).render(**figures, knowledge=KNOWLEDGE)
    return text.rstrip("\n") + "\n"


def _read(path: Path, model: Model) -> dict[str, Any]:
    try:
        stated: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadData(f"{path}: cannot be read ({error}); run make cards") from error
    own = stated["model"]["sha256"] if isinstance(stated["model"], dict) else stated["sha256"]
    if own != model.card.sha256:
        raise BadData(f"{path}: measured with other weights; run make cards")
    return stated


def _model(model: Model) -> dict[str, Any]:
    card = model.card
    names = ("name", "recipe", "classes", "sha256", "parameters", "data", "held_out", "version",
             "created", "credits", "licence")  # fmt: skip
    return {name: getattr(card, name) for name in names} | {
        "megabytes": graph_path(model.card.name).stat().st_size / 1e6,
        "input_pixels": card.preprocessing.input_pixels,
        "part": card.preprocessing.input_pixels / card.preprocessing.frame_pixels,
    }


def _training(model: Model) -> dict[str, Any] | None:
    history, scores = read_history(model.card.name), model.card.scores
    if not history:
        return None
    return {
        "epochs": len(history),
        "loss": scores["validation_loss"],
        "accuracy": scores["validation_accuracy"],
        "known": scores["validation_known"],
        "hours": sum(one.get("seconds") or 0 for one in history) / 3600,
    }


def _evaluation(stated: Mapping[str, Any]) -> dict[str, Any]:
    calibration = stated["calibration"] or {}
    intervals = stated["intervals"] or {"per_class": [], "macro_f1": None}
    classes = [
        {"name": name} | one | {f"{key}_interval": bounds for key, bounds in own.items()}
        for (name, one), own in zip(
            (stated["per_class"] or {}).items(), intervals["per_class"], strict=True
        )
    ]
    names = ("count", "accuracy", "accuracy_interval", "macro_f1", "rmse", "rmse_interval",
             "rmse_count", "seconds_per_picture")  # fmt: skip
    against = stated["against"]
    return {name: stated[name] for name in names} | {
        "macro_f1_interval": intervals["macro_f1"],
        "nll": calibration.get("nll"),
        "brier": calibration.get("brier"),
        "ece": calibration.get("ece"),
        "classes": classes,
        "against": against
        and {key: against[key] for key in ("their_accuracy", "b", "c", "p_value")},
        "cores": stated["machine"]["cores"],
    }


def _question(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": SHORT[one["number"] - 1],
        "count": one["all"]["count"],
        "accuracy": one["all"]["accuracy"],
        "agreed_count": one["agreed"]["count"],
        "agreed_accuracy": one["agreed"]["accuracy"],
    }


def _counted(galaxies: GalaxySet, rule: Rule) -> dict[str, Any]:
    known = [one.known for one in galaxies.galaxies]
    classes = Counter(filter(None, map(_class_of, known)))
    return {
        "name": galaxies.name,
        "galaxies": len(known),
        "votes": sum(one.votes is not None for one in known),
        "labelled": classes.total(),
        "narrowed": sum(1 < len(one.possible) < len(rule.class_names) for one in known),
        "classes": {name: classes[name] for name in rule.class_names},
    }


def _class_of(known: Known) -> str | None:
    """The class that is stated, or the only one possible."""
    return known.label or (next(iter(known.possible)) if len(known.possible) == 1 else None)


def _main(build: Path, data: Path, docs: Path) -> None:
    from tuningfork.report.failures import draw_failures

    model = load_model()
    rule = load_rule(model.card.rule)
    sets = [read_set(data / name, rule) for name in KNOWLEDGE]
    figures = condense(build, sets, rule, model)
    series = draw_failures(model, docs / "images" / "failures.jpg")
    figures["failures"] = [asdict(one) for one in series]
    write_json(figures, docs / FIGURES)
    write_cards(json.loads((docs / FIGURES).read_bytes()), docs)


if __name__ == "__main__":
    _main(*map(Path, sys.argv[1:4]))
