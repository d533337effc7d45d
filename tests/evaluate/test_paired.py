"""Paired tests against another's answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuningfork.errors import BadTable, UnknownName
from tuningfork.evaluate import compare, read_predictions
from tuningfork.evaluate.paired import Predictions
from tuningfork.votes.rules import load_rule

RULE = load_rule("reference")


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a table of predictions."""
    path = folder / "theirs.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_references_answers_are_read_whole(shared_data: Path) -> None:
    """Its 1,517 answers give its accuracy of 0.90903, under our names of the classes."""
    theirs = read_predictions(shared_data / "reference_predictions.csv", RULE)
    assert len(theirs.answers) == 1517
    right = sum(theirs.answers[one] == truth for one, truth in theirs.truths.items())
    assert right / 1517 == pytest.approx(0.90903, abs=5e-6)
    assert set(theirs.answers.values()) == set(RULE.class_names)


def test_columns_may_stand_in_any_order_and_case(tmp_path: Path) -> None:
    """A mark of byte order, other columns, capitals and spaces are no obstacle."""
    path = table(
        tmp_path, "Predicted , note, ID\nSpiral,x,7\nedge view spiral,,8\n,,9\n", "utf-8-sig"
    )
    theirs = read_predictions(path, RULE)
    assert theirs.answers == {"7": "spiral", "8": "edge_on_spiral"}
    assert theirs.truths == {}


def test_our_own_output_is_a_table_of_predictions(tmp_path: Path) -> None:
    """What classify writes can be compared with, rows with errors left aside."""
    path = table(tmp_path, 'id,path,class,p_spiral,error\n1,a,spiral,0.9,\n2,b,,,"broken"\n')
    assert read_predictions(path, RULE).answers == {"1": "spiral"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs id and predicted"),
        ("id,answer\n1,spiral\n", "needs id and predicted"),
        ("predicted\nspiral\n", "needs id and predicted"),
        ("id,predicted\n", "no row"),
        ("id,predicted\n1,spiral\n1,elliptical\n", "line 3: 1 has a second"),
        ("id,predicted\n1\n", "no row"),
    ],
)
def test_tables_of_another_form_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """The message names the file and what is wrong."""
    with pytest.raises(BadTable, match=rf"theirs\.csv.*{message}"):
        read_predictions(table(tmp_path, text), RULE)


def test_what_is_no_text_or_absent_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, and a missing file."""
    with pytest.raises(BadTable, match="UTF-8"):
        read_predictions(table(tmp_path, "id,predicted\n1,élliptical\n", "latin-1"), RULE)
    with pytest.raises(BadTable, match=r"absent\.csv: No such file"):
        read_predictions(tmp_path / "absent.csv", RULE)


def test_an_unknown_class_is_refused_with_its_line_and_the_nearest(tmp_path: Path) -> None:
    """A misspelled class is not guessed, but named beside the nearest known one."""
    path = table(tmp_path, "id,predicted\n1,spiral\n2,eliptical\n")
    with pytest.raises(UnknownName, match=r"line 3: 'eliptical'.*nearest is elliptical"):
        read_predictions(path, RULE)


def test_mcnemars_test_is_exact() -> None:
    """10 against 2 discordant pairs: p = 2 · (1 + 12 + 66) / 2¹² (the binomial tail)."""
    truth = {str(place): "spiral" for place in range(40)}
    ours = {one: "elliptical" if int(one) in {10, 11} else "spiral" for one in truth}
    theirs = {one: "elliptical" if int(one) < 10 else "spiral" for one in truth}
    found = compare(ours, truth, Predictions(theirs, {}))
    assert (found.b, found.c, found.count) == (10, 2, 40)
    assert found.p_value == pytest.approx(2 * (1 + 12 + 66) / 2**12)
    assert (found.accuracy, found.their_accuracy) == (38 / 40, 30 / 40)


def test_equal_answers_differ_by_chance() -> None:
    """Without a discordant pair p is 1."""
    truth = {"1": "spiral", "2": "elliptical"}
    assert compare(truth, truth, Predictions(truth, {})).p_value == 1


def test_galaxies_on_one_side_only_are_counted() -> None:
    """Only shared galaxies are compared; the others, and other truths, are counted."""
    truth = {"1": "spiral", "2": "spiral", "3": "spiral"}
    theirs = Predictions({"3": "spiral", "4": "spiral", "5": "spiral"}, {"3": "elliptical"})
    found = compare(truth, truth, theirs)
    assert (found.count, found.missing_there, found.missing_here) == (1, 2, 2)
    assert found.truth_differs == 1
    nothing = compare(truth, truth, Predictions({"9": "spiral"}, {}))
    assert (nothing.count, nothing.accuracy, nothing.p_value) == (0, None, None)


def test_what_hinders_a_comparison_is_told() -> None:
    """Ids that differ can be mended; classes that nobody knows can't."""
    truth = {"1": "spiral"}
    strange = compare(truth, truth, Predictions({"9": "spiral"}, {}))
    assert "check the ids" in strange.hindrance
    unknown = compare({}, {}, Predictions({"1": "spiral"}, {}))
    assert unknown.p_value is None
    assert unknown.hindrance == "no galaxy's class is known"
    assert compare(truth, truth, Predictions(truth, {})).hindrance == ""
