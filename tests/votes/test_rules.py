"""Label rules as data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.votes.made import COLUMNS, span, votes
from tuningfork.errors import BadRule, UnknownName
from tuningfork.votes.rules import CLASSES, load_rule, rule_names
from tuningfork.votes.tables import read_votes


def reference(row: dict[str, float]) -> str:
    """The rule of the reference, as the facts write it."""
    if row["Class1.2"] >= 0.7 and row["Class3.2"] >= 0.7:
        return "spiral"
    if row["Class2.1"] >= 0.7 and row["Class6.2"] >= 0.7:
        return "edge_on_spiral"
    if row["Class1.2"] >= 0.7 and row["Class3.1"] >= 0.7:
        return "barred_spiral"
    if row["Class1.1"] >= 0.7 and row["Class6.2"] >= 0.7:
        return "elliptical"
    return ""


def strict(row: dict[str, float]) -> str:
    """As the reference, but spirals need arms; other rules are tried where they fail."""
    label = reference(row)
    return "" if label in ("spiral", "barred_spiral") and row["Class4.1"] < 0.5 else label


def zhu5(row: dict[str, float]) -> str:
    """The five classes of Zhu et al. 2019."""
    smooth, disk = row["Class1.1"] >= 0.469, row["Class1.2"] >= 0.430
    if smooth and row["Class7.1"] >= 0.5:
        return "completely_round"
    if smooth and row["Class7.2"] >= 0.5:
        return "in_between"
    if smooth and row["Class7.3"] >= 0.5:
        return "cigar_shaped"
    if disk and row["Class2.1"] >= 0.602:
        return "edge_on"
    if disk and row["Class2.2"] >= 0.715 and row["Class4.1"] >= 0.619:
        return "spiral"
    return ""


RULES = {"reference": reference, "strict": strict, "zhu5": zhu5}


def labels(name: str, weighted: np.ndarray) -> list[str]:
    """Names of the classes that a rule gives, empty for none."""
    rule = load_rule(name)
    return [(*rule.class_names, "")[place] for place in rule.apply(weighted)]


@pytest.mark.parametrize("name", sorted(RULES))
def test_rules_at_hand_on_real_votes(name: str, shared_data: Path) -> None:
    """Each rule gives real galaxies the classes that its text, written out again, gives them."""
    table = read_votes(shared_data / "kaggle" / "training_solutions_rev1.csv")
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in table.weighted.tolist()]
    assert labels(name, table.weighted) == [RULES[name](row) for row in rows]


@pytest.mark.parametrize("name", sorted(RULES))
@given(seed=st.integers(0, 2**32 - 1), power=st.floats(1, 8))
def test_one_class_at_most(name: str, seed: int, power: float) -> None:
    """Any valid votes get the class that the rule's text gives, and never two."""
    weighted = votes(20, seed, unasked=0.3)
    weighted[:, span(1)] **= power
    weighted[:, span(1)] /= weighted[:, span(1)].sum(axis=1, keepdims=True)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in weighted.tolist()]
    assert labels(name, weighted) == [RULES[name](row) for row in rows]


def test_bundled_rules() -> None:
    """Three rules come with the package, each under the name that its file states."""
    assert rule_names() == ("reference", "strict", "zhu5")
    assert all(load_rule(name).name == name for name in rule_names())
    assert all(load_rule(name).compares == "weighted" for name in rule_names())


def test_classes_of_the_reference() -> None:
    """The four classes are shown in their order."""
    assert CLASSES == ("elliptical", "spiral", "barred_spiral", "edge_on_spiral")
    assert load_rule("strict").class_names == CLASSES


def test_threshold_is_met_by_equality() -> None:
    """At least 0.70 is enough; a hair less is not."""
    weighted = votes(2, unasked=0)
    weighted[:, span(1)] = 0.7, 0.3, 0
    weighted[:, span(6)] = [[0.3, 0.7], [0.300001, 0.699999]]
    assert labels("reference", weighted) == ["elliptical", ""]


def test_unknown_fractions_meet_nothing() -> None:
    """Votes that are not known give no class."""
    assert labels("reference", np.full((1, 37), np.nan)) == [""]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("edge_view_spiral", "edge_on_spiral"),
        ("Edge-on Spiral", "edge_on_spiral"),
        ("edge-on", "edge_on_spiral"),
        ("barred", "barred_spiral"),
        ("Elliptical", "elliptical"),
        (" spiral ", "spiral"),
    ],
)
def test_aliases(said: str, meant: str) -> None:
    """Aliases, and another way of writing, mean the class."""
    assert load_rule("reference").resolve(said) == meant


def test_unknown_class_names_the_nearest() -> None:
    """A class that the rule does not have is refused with the nearest one."""
    with pytest.raises(UnknownName, match="nearest is elliptical"):
        load_rule("reference").resolve("eliptical")
    with pytest.raises(UnknownName, match="nearest is barred_spiral"):
        load_rule("reference").resolve("bared_spirall")


def test_unknown_rule_names_the_nearest() -> None:
    """A rule that is neither bundled nor a file is refused with the nearest one."""
    with pytest.raises(UnknownName, match="nearest rule is strict"):
        load_rule("strikt")


OWN = """
name = "bars"
compares = "conditional"
threshold = 0.5

[[class]]
name = "barred"
aliases = ["bar"]
conditions = [{ column = "Class3.1" }, { column = "Class1.2", minimum = 0.2 }]

[[class]]
name = "unbarred"
conditions = [{ column = "Class3.2" }]
"""


def test_own_rule_compares_conditional_fractions(tmp_path: Path) -> None:
    """A rule of one's own compares shares of those who were asked, where it says so."""
    path = tmp_path / "bars.toml"
    path.write_text(OWN)
    weighted = votes(3, unasked=0)
    weighted[:, span(1)] = np.array([[0.7, 0.3, 0], [0.7, 0.3, 0], [1, 0, 0]])
    weighted[:, span(2)] = np.array([[0.1, 0.2], [0.1, 0.2], [0, 0]])
    weighted[:, span(3)] = np.array([[0.15, 0.05], [0.05, 0.15], [0, 0]])
    rule = load_rule(str(path))
    assert rule.class_names == ("barred", "unbarred")
    assert rule.apply(weighted).tolist() == [0, 1, -1]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('name = "bars"', "name = bars", "not TOML"),
        ('"conditional"', '"both"', "compares is 'both'"),
        ('"Class3.1"', '"Class3.9"', "'Class3.9' is no column"),
        ("minimum = 0.2", "minimum = 20", "minimum of Class1.2 is 20"),
        ("minimum = 0.2", 'minimum = "much"', "minimum of Class1.2 is 'much'"),
        ("minimum = 0.2", "minimum = nan", "minimum of Class1.2 is nan"),
        ("threshold = 0.5", "", "minimum of Class3.1 is None"),
        ('"unbarred"', '"barred"', "names both barred and barred"),
        ('"unbarred"', '"Bar"', "bar names both barred and Bar"),
        ("threshold", "treshold", "the nearest key is threshold"),
        ("minimum", "minimal", "the nearest key is minimum"),
        ('aliases = ["bar"]', 'aliases = "bar"', "write a list of names"),
        ("threshold = 0.5", 'threshold = 0.5\nclasses = ["barred"]', "classes lists barred"),
        ('[{ column = "Class3.2" }]', "[]", "no conditions"),
        ('[{ column = "Class3.2" }]', '["Class3.2"]', "is no condition"),
        ('name = "bars"', "", "the rule has the name None"),
    ],
)
def test_broken_rules_are_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    """A rule that breaks the form is refused in one sentence that names file and place."""
    assert before in OWN
    path = tmp_path / "bars.toml"
    path.write_text(OWN.replace(before, after))
    with pytest.raises(BadRule) as caught:
        load_rule(str(path))
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00", b'name = "a"\ncompares = "weighted"\n'])
def test_empty_and_undecodable_rules_are_refused(tmp_path: Path, text: bytes) -> None:
    """A file without a rule is refused."""
    path = tmp_path / "rule.toml"
    path.write_bytes(text)
    with pytest.raises(BadRule):
        load_rule(str(path))
