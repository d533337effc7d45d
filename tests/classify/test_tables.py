"""Arrow tables in, Arrow tables out."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow as pa
import pytest

import tuningfork
from tests.classify.conftest import COLOURS, plain
from tests.classify.test_writers import COLUMNS
from tests.model.toy import BIAS
from tuningfork.errors import BadData, BadTable, UnknownName
from tuningfork.votes.tree import TREE


def test_rows_come_back_in_order_with_answers_beside(mixed: Path, toy: Path) -> None:
    """Every row keeps its place and its columns; a picture that cannot be read is a row's error."""
    table = pa.table({"z": [0.5, 1.5, 2.5, 3.5], "id": pa.array([3, 2, 1, 3], pa.int32())})
    found = tuningfork.classify_table(table, images=mixed, model=toy)
    assert found.select(["z", "id"]).equals(table)
    assert found.column_names == ["z", "id", *COLUMNS[2:]]
    assert found["class"].to_pylist() == ["spiral", None, "elliptical", "spiral"]
    assert found["error"][1].as_py().startswith(f"{mixed / '2.png'}: ")
    assert found["error"].null_count == 3
    assert found["Class11.6"][1].as_py() is None


def test_answers_are_those_of_the_network(mixed: Path, toy: Path) -> None:
    """Probabilities and fractions are what can be worked out by hand, as 32-bit floats."""
    table = pa.table({"path": ["red.png"]})
    (mixed / "red.png").write_bytes(plain((255, 0, 0)))
    found = tuningfork.classify_table(table, images=mixed, model=toy)
    (row,) = found.to_pylist()
    weight = math.exp(4) + 2 + math.exp(BIAS)
    assert row["p_elliptical"] == pytest.approx(math.exp(4) / weight)
    assert row["p_edge_on_spiral"] == pytest.approx(math.exp(BIAS) / weight)
    assert row["Class11.6"] == pytest.approx(1 / 3)
    numbers = set(found.column_names) - {"path", "class", "note", "error"}
    assert {str(found.schema.field(name).type) for name in numbers} == {"float"}
    assert {str(found.schema.field(name).type) for name in ("class", "note", "error")} == {"string"}
    assert set(TREE.columns) <= numbers


def test_columns_of_the_same_name_are_both_kept(mixed: Path, toy: Path) -> None:
    """A catalogue's own class or votes stay; the network's are called predicted."""
    table = pa.table({"id": [1], "class": ["mine"], "Class1.1": [0.25]})
    (row,) = tuningfork.classify_table(table, images=mixed, model=toy).to_pylist()
    assert (row["class"], row["predicted_class"]) == ("mine", "elliptical")
    assert row["Class1.1"] == 0.25
    assert row["predicted_Class1.1"] != 0.25
    again = pa.table({"id": [1], "class": ["a"], "predicted_class": ["b"]})
    with pytest.raises(BadTable, match="class and predicted_class; rename"):
        tuningfork.classify_table(again, images=mixed, model=toy)


def test_rows_without_a_name_are_errors_of_their_own(mixed: Path, toy: Path) -> None:
    """Null and blank names have no picture; the others go on."""
    table = pa.table({"file": [None, "1.png", "  ", "https://example.org/1.png"]})
    found = tuningfork.classify_table(table, images=mixed, model=toy)
    assert found["class"].to_pylist() == [None, "elliptical", None, None]
    errors = found["error"].to_pylist()
    assert "file is empty" in errors[0]
    assert "file is empty" in errors[2]
    assert "an address, not a file" in errors[3]


def test_no_rows_give_no_rows(mixed: Path, toy: Path) -> None:
    """An empty batch has the same columns."""
    table = pa.table({"id": pa.array([], pa.int64())})
    found = tuningfork.classify_table(table, images=mixed, model=toy)
    assert (len(found), found.column_names) == (0, ["id", *COLUMNS[2:]])


def test_batches_make_no_difference(tmp_path: Path, toy: Path) -> None:
    """A table cut into batches anywhere gives the rows of the whole."""
    for place in range(30):
        colour = list(COLOURS.values())[place % 3]
        (tmp_path / f"{place}.png").write_bytes(plain((colour[0] // 2 + 3 * place, *colour[1:])))
    table = pa.table({"id": [str(place) for place in range(30)]})
    whole = tuningfork.classify_table(table, images=tmp_path, model=toy)
    parts = [
        tuningfork.classify_table(table.slice(start, 7), images=tmp_path, model=toy)
        for start in range(0, 30, 7)
    ]
    joined = pa.concat_tables(parts)
    assert joined["class"].to_pylist() == whole["class"].to_pylist()
    assert joined["p_spiral"].to_pylist() == pytest.approx(whole["p_spiral"].to_pylist())
    assert whole["class"].to_pylist() == list(COLOURS) * 10


def test_settings_reach_the_pictures(mixed: Path, toy: Path) -> None:
    """Options of classify_pictures are options here; unknown ones are refused."""
    table = pa.table({"id": ["1"]})
    tuningfork.classify_table(table, images=mixed, model=toy, views=8, frame_share=0.5)
    with pytest.raises(TypeError, match="no_such_option"):
        tuningfork.classify_table(table, images=mixed, model=toy, no_such_option=1)


def test_wrong_arguments_are_refused(mixed: Path, toy: Path) -> None:
    """Absent images and networks are named."""
    table = pa.table({"id": ["1"]})
    with pytest.raises(BadData, match="no such folder"):
        tuningfork.classify_table(table, images=mixed / "absent", model=toy)
    with pytest.raises(UnknownName, match="colossal"):
        tuningfork.classify_table(table, images=mixed, model="colossal")
