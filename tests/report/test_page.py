"""The report as one file: whole, true to its JSON, readable by all."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import accuracy_score, f1_score

from tests.report.conftest import CLASSES, COUNT, command
from tuningfork.errors import BadData, TuningForkError
from tuningfork.model.card import read_card, write_card

VOID = {"meta", "link", "img", "br", "path", "input"}


class Reader(HTMLParser):
    """Collects what a page is made of, and complains where tags do not close."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module")
def page(evaluated: Path) -> Reader:
    """Read the page."""
    reader = Reader()
    reader.feed((evaluated / "report.html").read_text(encoding="utf-8"))
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def figures(evaluated: Path) -> dict[str, Any]:
    """Read the JSON."""
    found: dict[str, Any] = json.loads((evaluated / "report.json").read_text(encoding="utf-8"))
    return found


def words(page: Reader) -> str:
    return re.sub(r"\s+", " ", " ".join(page.text))


def test_it_needs_nothing_else(page: Reader) -> None:
    """No script, no style sheet, font or picture from elsewhere."""
    assert page.all("script", "link", "iframe", "object") == []
    for image in page.all("img"):
        assert image["src"].startswith(("data:image/svg+xml;base64,", "data:image/jpeg;base64,"))
        assert image["alt"].strip()
        assert image["width"]
        assert image["height"]
    styles = "".join(value.get("style", "") for _, value in page.elements)
    assert "url(" not in styles


def test_links_lead_to_places_on_the_page(page: Reader) -> None:
    """Every entry of the contents has its heading, every id is there once, headings step by one."""
    ids = [value["id"] for _, value in page.elements if "id" in value]
    assert len(ids) == len(set(ids))
    links = [one["href"][1:] for one in page.all("a") if one["href"].startswith("#")]
    assert set(links) <= set(ids)
    assert len(links) > 8
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_part_is_there(page: Reader) -> None:
    """All that a report promises has its heading."""
    said = words(page)
    for title in (
        "Galaxies and rule", "The network", "How it was trained", "Class by class",
        "What is taken for what", "At every threshold", "How far it can be believed",
        "Surest and right", "Surest and wrong", "Least sure", "Against theirs",
        "Right only here", "Right only there", "Networks side by side",
        "The volunteers' eleven questions", "Thirty-seven answers",
        "You, the machine and ten volunteers", "Time",
    ):  # fmt: skip
        assert title in said, title


def test_figures_agree_with_scikit_learn(page: Reader, figures: dict[str, Any]) -> None:
    """Accuracy and F1 on page and in JSON are those of the set as it was made."""
    truth = [place % 4 for place in range(COUNT)]
    answers = [1 if place in {4, 6, 8} else place % 4 for place in range(COUNT)]
    accuracy = accuracy_score(truth, answers)
    assert figures["accuracy"] == pytest.approx(accuracy)
    assert f"{100 * accuracy:.1f} %" in words(page)
    expected = f1_score(truth, answers, average=None)
    for name, score in zip(CLASSES, expected, strict=True):
        assert figures["per_class"][name]["f1"] == pytest.approx(score)
        assert f"{score:.3f}" in words(page)


def test_json_has_what_the_page_shows(page: Reader, figures: dict[str, Any]) -> None:
    """Intervals, calibration, questions, crowd, comparison, time: numbers for machines too."""
    said = words(page)
    assert f"{figures['calibration']['ece']:.4f}" in said
    assert f"{figures['calibration']['brier']:.4f}" in said
    assert len(figures["answers"]) == 37
    assert len(figures["questions"]) == 11
    for one in figures["answers"]:
        assert f"{one['rmse']:.3f}" in said
    assert figures["crowds"]["assumed"] == COUNT
    assert len(figures["intervals"]["per_class"]) == 4
    assert figures["training"][-1]["epoch"] == 5
    assert figures["setting"]["data"] == "kaggle"
    assert figures["seconds_per_picture"] > 0


def test_the_other_table_is_compared_pair_by_pair(figures: dict[str, Any]) -> None:
    """Of 22 answers 6 "spiral" are right, as ours are, and one elliptical; 13 more only here."""
    against = figures["against"]
    both = {name: one["both"] for name, one in against["by_class"].items()}
    assert both == {"barred_spiral": 0, "edge_on_spiral": 0, "elliptical": 0, "spiral": 6}
    assert (against["count"], against["b"], against["c"]) == (22, 13, 1)
    assert against["p_value"] == pytest.approx(2 * (1 + 14) * 0.5**14)
    assert len(against["only_here"]) == 13
    assert against["only_there"] == ["1004"]
    assert against["by_class"]["barred_spiral"] == {
        "both": 0, "only_here": 4, "only_there": 0, "neither": 1
    }  # fmt: skip


def test_a_network_beside_itself_differs_in_nothing(figures: dict[str, Any], page: Reader) -> None:
    """Side by side with itself: the same accuracy, nobody alone right, p = 1."""
    (beside,) = figures["compared"]
    assert beside["accuracy"] == figures["accuracy"]
    comparison = beside["comparison"]
    assert (comparison["b"], comparison["c"], comparison["p_value"]) == (0, 0, 1)
    assert "Negative log-likelihood" in words(page)


def test_galleries_hold_the_galaxies_with_their_heat(page: Reader) -> None:
    """The three that look like another class are the wrong ones, each picture with a second."""
    said = words(page)
    wrong = said[said.index("Surest and wrong") : said.index("Least sure")]
    assert set(re.findall(r"\b10\d\d\b", wrong)) == {"1004", "1006", "1008"}
    assert wrong.count("truly") == 3
    photographs = [one for one in page.all("img") if one["src"].startswith("data:image/jpeg")]
    assert len(photographs) % 2 == 0
    for plain, heat in zip(photographs[::2], photographs[1::2], strict=True):
        assert "speaks for" in heat["alt"]
        shown = Image.open(io.BytesIO(base64.b64decode(plain["src"].partition(",")[2])))
        assert shown.size == (192, 192)


def test_a_set_that_was_learned_from_is_called_so(page: Reader, figures: dict[str, Any]) -> None:
    """The card names a set of this name: the report warns, and the JSON says how many."""
    assert "learned from 17 galaxies of a set of this name" in words(page)
    assert figures["setting"]["learned_from"] == 17


def test_held_out_galaxies_are_called_so(kaggle: Path, toys: Path, tmp_path: Path) -> None:
    """--held-out keeps to those that validated and says that they were never learned from."""
    done = command(
        *("evaluate", kaggle, "--model", toys, "--held-out"),
        *("--report", tmp_path / "held.html", "--json", tmp_path / "held.json"),
    )
    assert done.exit_code == 0, done.output
    stated = json.loads((tmp_path / "held.json").read_text())
    assert 3 <= stated["count"] < COUNT
    assert stated["setting"]["held_out"]
    assert f"Held out: {stated['count']} of {COUNT}" in done.output
    text = (tmp_path / "held.html").read_text(encoding="utf-8")
    assert "never learned from these galaxies" in text
    assert "Pairs of ids" in text


def test_folds_are_scored_together(kaggle: Path, toys: Path, tmp_path: Path) -> None:
    """Each galaxy by the network that was kept from it, and none by two."""
    folds = []
    for fold in range(3):
        shutil.copytree(toys, tmp_path / f"fold{fold}")
        path = next((tmp_path / f"fold{fold}").glob("*.json"))
        split = {"share": 1 / 3, "seed": 0, "fold": fold}
        write_card(replace(read_card(path), held_out=split), path)
        folds.append(path.parent)
    given = ("evaluate", kaggle, "--held-out", "--model", folds[0], "--fold", folds[1])
    done = command(*given, "--fold", folds[2], "--json", tmp_path / "all.json")
    assert done.exit_code == 0, done.output
    assert f"Held out from 3 networks: {COUNT} of {COUNT}" in done.output
    whole = tmp_path / "whole.json"
    assert command("evaluate", kaggle, "--model", toys, "--json", whole).exit_code == 0
    together, alone = (json.loads(one.read_text()) for one in (tmp_path / "all.json", whole))
    for figure in ("count", "accuracy", "confusion", "rmse_count"):
        assert together[figure] == alone[figure]
    for figure in ("loss", "rmse"):
        assert together[figure] == pytest.approx(alone[figure])
    low, high = together["rmse_interval"]
    assert low < together["rmse"] < high
    assert together["sets"] is None
    twice = command(*given, "--fold", folds[1])
    assert isinstance(twice.exception, BadData)
    assert "kept from two of these networks" in str(twice.exception)


def test_classes_alone_make_a_shorter_report(toys: Path, tmp_path: Path) -> None:
    """Without votes there are no questions, and the page says nothing of them."""
    for place, name in enumerate(CLASSES):
        (tmp_path / "set" / name).mkdir(parents=True)
        picture = Image.fromarray(np.full((40, 40, 3), 40 * place, np.uint8))
        picture.save(tmp_path / "set" / name / f"{place}.png")
    done = command(
        "evaluate", tmp_path / "set", "--model", toys, "--report", tmp_path / "report.html"
    )
    assert done.exit_code == 0, done.output
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Class by class" in text
    assert "eleven questions" not in text


@pytest.mark.parametrize("option", ["--report", "--json"])
def test_a_file_that_cannot_be_written_is_named(
    kaggle: Path, toys: Path, tmp_path: Path, option: str
) -> None:
    """The place is told in a sentence and nothing half-written is left."""
    (tmp_path / "file").write_text("")
    done = command("evaluate", kaggle, "--model", toys, option, tmp_path / "file" / "out.html")
    assert isinstance(done.exception, TuningForkError)
    assert "elsewhere" in str(done.exception)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_folder_is_no_report(kaggle: Path, toys: Path, tmp_path: Path) -> None:
    """A folder in the file's place is refused before the work."""
    done = command("evaluate", kaggle, "--model", toys, "--report", tmp_path)
    assert done.exit_code == 2
    assert "--report" in done.output


@pytest.mark.parametrize(
    "taken", ["training_solutions_rev1.csv", "images_training_rev1/{picture}", "predictions.csv"]
)
def test_no_figure_takes_the_place_of_what_is_read(
    kaggle: Path, toys: Path, tmp_path: Path, taken: str
) -> None:
    """A set's table, its pictures and the other answers stay as they are."""
    data = shutil.copytree(kaggle, tmp_path / "kaggle")
    picture = next((data / "images_training_rev1").iterdir()).name
    (data / "predictions.csv").write_text("id,predicted\n1,spiral\n")
    file = data / taken.format(picture=picture)
    before = file.read_bytes()
    more = ("--against", data / "predictions.csv")
    done = command("evaluate", data, "--model", toys, *more, "--json", file)
    assert done.exit_code == 2
    assert "--json" in done.output
    assert file.read_bytes() == before
