"""Labels tables: votes, a class, or a set of possible classes for each galaxy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.made import pictures, zipped
from tests.votes.made import COLUMNS, span, votes
from tuningfork.data import GalaxySet, Known, read_set
from tuningfork.errors import BadData, UnknownName
from tuningfork.votes.rules import load_rule


def read(folder: Path, text: str, rule: str = "reference", count: int = 9) -> GalaxySet:
    """Read a labels table beside pictures 1, 2 and so on."""
    pictures(folder / "images", map(str, range(1, count + 1)))
    (folder / "labels.csv").write_text(text)
    return read_set(folder, load_rule(rule))


def known(found: GalaxySet) -> dict[str, Known]:
    """What is known of each galaxy."""
    return {galaxy.id: galaxy.known for galaxy in found.galaxies}


def dropped(found: GalaxySet) -> dict[str, tuple[str, ...]]:
    """Galaxies left out, by kind, save pictures without a row."""
    return {
        one.kind: one.ids
        for one in found.problems
        if one.dropped and one.kind != "picture without a usable row"
    }


def test_class_possible_and_nothing(tmp_path: Path) -> None:
    """Each row may state a class, possible classes, both or nothing; aliases mean their class."""
    text = "id,class,possible,remark\n1,edge-on,,x\n2,,spiral|barred,\n3,,,\n4,spiral,spiral|bar,\n"
    found = known(read(tmp_path, text))
    assert (found["1"].label, found["1"].possible) == (
        "edge_on_spiral",
        frozenset({"edge_on_spiral"}),
    )
    assert (found["2"].label, found["2"].possible) == (None, frozenset({"spiral", "barred_spiral"}))
    assert (found["3"].label, found["3"].possible) == (None, frozenset())
    assert (found["4"].label, found["4"].possible) == ("spiral", frozenset({"spiral"}))
    assert all(one.votes is None for one in found.values())


def test_contradiction_is_left_out(tmp_path: Path) -> None:
    """A class that is not among the possible ones leaves the galaxy out, named."""
    found = read(tmp_path, "id,class,possible\n1,spiral,elliptical\n2,spiral,spiral\n")
    assert list(known(found)) == ["2"]
    assert dropped(found) == {"class not among the possible": ("1",)}


def test_votes_in_a_labels_table(tmp_path: Path) -> None:
    """Votes may be stated for some galaxies and some answers; bad ones are set aside."""
    columns = [*COLUMNS[span(1)], *COLUMNS[span(6)]]
    rows = ["1,0.8,0.2,0,0.1,0.9,", "2,0.8,0.2,0,,,", "3,,,,,,spiral", "4,0.9,0.9,0,0.1,0.9,spiral"]
    rows += ["5,many,0.2,0,0.1,0.9,", "6,0.1,0.9,,0.1,0.9,"]
    found = read(tmp_path, "\n".join([",".join(["id", *columns, "class"]), *rows]))
    one = known(found)
    assert one["1"].label == "elliptical"
    assert one["1"].votes is not None
    assert one["1"].votes[[0, 1, 2, 13, 14]].tolist() == [0.8, 0.2, 0, 0.1, 0.9]
    assert np.isnan(one["1"].votes[3:13]).all()
    assert one["2"].label is None
    assert one["2"].votes is not None
    assert (one["3"].votes, one["3"].label) == (None, "spiral")
    assert (one["4"].votes, one["4"].label) == (None, "spiral")
    assert (one["5"].votes, one["5"].label) == (None, None)
    assert one["6"].votes is not None
    assert dropped(found) == {}
    remarks = {one.kind: one.ids for one in found.problems if not one.dropped}
    assert len(remarks.pop("vote columns not in the table")) == 32
    assert remarks == {
        "votes that are no numbers, set aside": ("5",),
        "votes that break a sum, set aside": ("4",),
    }


def test_stated_class_comes_before_votes(tmp_path: Path) -> None:
    """Experts who state a class are believed before the votes."""
    text = "id,Class1.1,Class1.2,Class1.3,Class6.1,Class6.2,class\n1,0.8,0.2,0,0,1,spiral\n"
    assert known(read(tmp_path, text))["1"].label == "spiral"


def test_column_of_a_rule(tmp_path: Path) -> None:
    """A column named after a rule holds its classes; an empty cell says that none is met."""
    text = "id,zhu5,possible\n1,cigar,elliptical\n2,,\n"
    found = known(read(tmp_path, text))
    assert (found["1"].label, found["1"].rules) == (None, {"zhu5": "cigar_shaped"})
    assert (found["2"].label, found["2"].rules) == (None, {"zhu5": ""})


def test_a_misspelt_column_is_told(tmp_path: Path) -> None:
    """What it knows is passed over; columns of other things are not worth a word."""
    found = read(tmp_path, "id,Possible,zhu6,class1.3,redshift\n1,spiral,spiral,0.1,0.2\n")
    (remark,) = (one for one in found.problems if one.kind == "columns passed over")
    assert remark.ids == ("Possible", "zhu6", "class1.3")
    assert "is 'Possible' meant for possible?" in remark.sentence
    assert not remark.dropped


def test_column_of_the_rule_in_use_is_the_label(tmp_path: Path) -> None:
    """Read with that rule, its column is the label; possible classes of the reference are not."""
    found = read(tmp_path, "id,zhu5,possible\n1,cigar,elliptical\n2,,spiral|barred\n", "zhu5")
    assert known(found)["1"].label == "cigar_shaped"
    assert known(found)["1"].possible == {"cigar_shaped"}
    assert known(found)["2"].possible == frozenset()
    assert [one.ids for one in found.problems if one.kind == "column passed over"] == [
        ("possible",)
    ]


@pytest.mark.parametrize(
    "text",
    ["id,class\n1,spiral\n2,spirul\n", "id,possible\n1,\n2,spiral|spirul\n"],
)
def test_unknown_class_is_refused(tmp_path: Path, text: str) -> None:
    """A class that the rule does not have is refused with row, column and the nearest one."""
    with pytest.raises(UnknownName, match=r"labels\.csv, row 3.*'spirul'.*nearest is spiral "):
        read(tmp_path, text)


def test_unknown_class_of_a_rules_column_is_refused(tmp_path: Path) -> None:
    """The same in the column of another rule."""
    with pytest.raises(UnknownName, match="nearest is cigar_shaped"):
        read(tmp_path, "id,zhu5\n1,sigar_shaped\n")


@pytest.mark.parametrize("name", ["id", "galaxy_id", "objid", "asset_id", "pgc", "GalaxyID"])
def test_columns_of_ids(tmp_path: Path, name: str) -> None:
    """Ids stand in the first of the well-known columns."""
    assert list(known(read(tmp_path, f"note,{name},class\nx,7,spiral\n"))) == ["7"]


def test_bad_rows_are_named(tmp_path: Path) -> None:
    """Ids twice, rows without one, ragged rows and missing pictures: named, the rest goes on."""
    found = read(tmp_path, "id,class\n1,spiral\n1,spiral\n,spiral\n3\n44,spiral\n2,bar\n")
    assert list(known(found)) == ["1", "2"]
    assert dropped(found) == {
        "row with too few or too many cells": ("3",),
        "row without an id": ("",),
        "id twice": ("1",),
        "missing picture": ("44",),
    }


def test_parquet_and_zip(tmp_path: Path) -> None:
    """A Parquet table beside a zip, with 64-bit ids and nulls, is a set."""
    large = [587722981746540704, 587722981746540705]
    zipped(tmp_path / "images.zip", map(str, large), "images/")
    table = pa.table({"objid": large, "class": [None, "spiral"], "possible": ["elliptical", None]})
    pq.write_table(table, tmp_path / "labels.parquet")
    found = known(read_set(tmp_path, load_rule("reference")))
    assert found[str(large[0])].possible == {"elliptical"}
    assert found[str(large[1])].label == "spiral"


def test_all_37_votes_and_a_class(tmp_path: Path) -> None:
    """A table with every vote column and a class column may leave the votes of a row empty."""
    rows = [",".join(["1", *map(str, votes(1)[0].tolist()), ""]), "2," + "," * 37 + "spiral"]
    found = known(read(tmp_path, "\n".join([",".join(["id", *COLUMNS, "class"]), *rows])))
    assert found["1"].votes is not None
    assert (found["2"].votes, found["2"].label) == (None, "spiral")


def test_empty_table_is_refused(tmp_path: Path) -> None:
    """A table with a header alone is refused."""
    with pytest.raises(BadData, match="no usable galaxy"):
        read(tmp_path, "id,class\n")


def test_own_output_is_read_again(tmp_path: Path) -> None:
    """``id,label``, as the verb labels writes it, is a labels table."""
    assert known(read(tmp_path, "id,label\n1,barred_spiral\n"))["1"].label == "barred_spiral"


def test_real_labels(shared_data: Path) -> None:
    """The sets at hand state as many rule classes and possible classes as their tables hold."""
    five = read_set(shared_data / "kaggle_five", load_rule("reference"))
    assert Counter(one.known.rules["zhu5"] for one in five.galaxies) == {
        "edge_on": 3546,
        "completely_round": 2600,
        "in_between": 2600,
        "spiral": 7286,
        "cigar_shaped": 497,
        "": 3324,
    }
    possible = Counter("|".join(sorted(one.known.possible)) for one in five.galaxies)
    assert possible == {
        "edge_on_spiral": 3546,
        "elliptical": 5790,
        "barred_spiral|spiral": 7593,
        "": 2924,
    }
