"""Recipes: the shipped ones, a user's own, and broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.made import recipe, tiny
from tuningfork.errors import BadRule, UnknownName
from tuningfork.train.recipe import Recipe, load_recipe, recipe_names
from tuningfork.votes.rules import load_rule

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def own(folder: Path, text: str) -> Recipe:
    """A recipe of a user's own, read from own.toml."""
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(str(path))


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_loads(name: str) -> None:
    """Each says its own name, and rules that exist."""
    loaded = load_recipe(name)
    assert loaded.name == name
    for rule in (loaded.rule, *loaded.network.side_rules):
        assert load_rule(rule).class_names


@pytest.mark.parametrize("path", sorted(BENCHMARKS.rglob("*.toml")), ids=lambda path: path.stem)
def test_tries_load(path: Path) -> None:
    """What the experiments' page tells of can be run again."""
    assert load_recipe(str(path)).name == path.stem


def test_reference_is_the_reference() -> None:
    """Every number of the capstone project's training, as its authors describe it."""
    one = load_recipe("reference")
    assert (one.batch, one.epochs, one.patience, one.keep) == (8, 40, 7, "best")
    assert (one.network.kind, one.network.dropout) == ("reference", 0.5)
    assert one.pictures.input_pixels == one.pictures.frame_pixels == 299
    assert (0 - one.pictures.mean) / one.pictures.scale == -1
    assert (255 - one.pictures.mean) / one.pictures.scale == 1
    change = one.augmentation
    assert (change.rotation, change.shift, change.flip) == (10, 0.2, False)
    assert change.zoom == change.brightness == change.colour == change.noise == 0
    optimiser = one.optimiser
    assert (optimiser.kind, one.rounds[0].rate, optimiser.momentum) == ("sgd", 0.001, 0.9)
    assert (optimiser.nesterov, optimiser.decay, optimiser.weight_decay) == (True, 1e-6, 0)
    assert optimiser.average == 0
    assert one.loss.class_weights
    assert one.rounds[0].pictures is None
    # 70/20/10 of all, with the last tenth left out beforehand.
    assert one.validation == pytest.approx(20 / 90, abs=1e-4)


def test_the_references_crop_is_kaggle_fives() -> None:
    """304 of 424 pixels, and eight steps as one at eight times the rate; all else is the same."""
    one, whole = load_recipe("reference_crop"), load_recipe("reference")
    pictures = one.pictures
    assert pictures.input_pixels / pictures.frame_pixels == pytest.approx(304 / 424, abs=1e-3)
    other = {"name", "description", "pictures", "rounds", "batch"}
    assert one.model_dump(exclude=other) == whole.model_dump(exclude=other)
    larger = one.batch / whole.batch
    assert one.rounds[0].rate == pytest.approx(larger * whole.rounds[0].rate)


def test_a_users_own_file_is_read(tmp_path: Path) -> None:
    """A path that ends in .toml is a recipe."""
    assert recipe(tmp_path).network.widths == (8, 16)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("batch", "0", "batch"),
        ("rate", "inf", "rounds.0.rate"),
        ("fill", '"mirror"', "augmentation.fill"),
        ("widths", "[8]", "differ in length"),
        ("stored_pixels", "41", "even margin"),
        ("stored_pixels", "30", "even margin"),
        ("input_pixels", "8", "needs 9"),
        ("weight", "-1.0", "sources.voted.weight"),
        ("seed", "-1", ""),
        ("fold", "5", "no fold 5"),
        ("batch", '"16"', "batch: .*valid integer"),
        ("batch", "true", "batch: .*valid integer"),
        ("flip", "1", "augmentation.flip"),
    ],
)
def test_an_impossible_value_is_named(tmp_path: Path, key: str, value: str, said: str) -> None:
    """The message names file and key, and what to do."""
    path = tiny(tmp_path, **{key: value})
    if key in {"seed", "fold"}:
        path.write_text(f"{key} = {value}\n" + path.read_text())
    with pytest.raises(BadRule, match=rf"tiny\.toml: .*{said}.*mend (that key|the recipe)"):
        load_recipe(str(path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "[sources.kaggle]\noftener = { strict = { spiral = 2.0 } }",
            "not among network.side_rules",
        ),
        ('[optimiser]\nkind = "sgd"\nnesterov = true', "nesterov needs a momentum"),
        ("[loss]\nclasses = 0\nvotes = 0\nside_rules = 0", "nothing is learned; mend the recipe"),
        ("[network]\nwidths = []\nblocks = []", "widths names no stage"),
        ("[sources.kaggle]\noftener = { zhu5 = { cigar = 2.0 } }", "oftener.zhu5 names cigar"),
        ("[sources.kaggle]\nunclassed = { eliptical = 0.5 }", "unclassed names eliptical"),
        (
            "[[rounds]]\nepochs = 1\nrate = 1e-3\nemphasis = { kaggle = 2.0 }",
            "needs rounds.pictures",
        ),
    ],
)
def test_what_would_do_nothing_or_fail_later_is_named(
    tmp_path: Path, change: str, said: str
) -> None:
    """A rule that is not learned, a class that there is not, an emphasis without draws."""
    with pytest.raises(BadRule, match=rf"own\.toml: .*{said}"):
        own(tmp_path, f'builds_on = "compact"\n{change}\n')


def test_the_reference_begins_with_nothing(tmp_path: Path) -> None:
    """It is trained as it was; the other kinds may begin with a finished network."""
    with pytest.raises(BadRule, match="begins with fresh weights"):
        own(tmp_path, 'builds_on = "reference"\nbegins_with = "swift"\n')
    assert own(tmp_path, 'builds_on = "compact"\nbegins_with = "full"\n').begins_with == "full"


def test_a_run_has_one_beginning(tmp_path: Path) -> None:
    """It begins with weights or continues a run; a recipe that inherits one may drop it."""
    both = 'builds_on = "full"\nbegins_with = "full"\n'
    with pytest.raises(BadRule, match="not both"):
        own(tmp_path, both)
    assert own(tmp_path, f'{both}continues = ""\n').merged[0] == "full"


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    """A misspelt key is refused, not passed over."""
    path = tiny(tmp_path)
    path.write_text("bacth = 8\n" + path.read_text())
    with pytest.raises(BadRule, match="bacth"):
        load_recipe(str(path))


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    """Broken TOML and files that are no text are named."""
    path = tmp_path / "own.toml"
    path.write_text("batch = = 8")
    with pytest.raises(BadRule, match=r"own\.toml: not valid TOML"):
        load_recipe(str(path))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadRule, match=r"own\.toml: cannot be read as text"):
        load_recipe(str(path))


def test_a_file_of_notepad_is_read(tmp_path: Path) -> None:
    """Its mark before the first letter is no part of the text."""
    path = tmp_path / "own.toml"
    path.write_text('builds_on = "compact"\nname = "own"\n', encoding="utf-8-sig")
    assert load_recipe(str(path)).name == "own"


def test_an_unknown_name_lists_the_recipes(tmp_path: Path) -> None:
    """Neither a recipe's name nor a file that exists."""
    with pytest.raises(
        UnknownName,
        match=r"compact or crossed or full or lean or longer or reference or .* or wide",
    ):
        load_recipe("compakt")
    with pytest.raises(UnknownName, match=r"none\.toml: no such recipe file"):
        load_recipe(str(tmp_path / "none.toml"))


def test_a_recipe_builds_on_another(tmp_path: Path) -> None:
    """Tables are filled in key by key, lists are taken whole, and the base may be mistaken."""
    found = own(
        tmp_path,
        'builds_on = "compact"\nname = "own"\n[sources.efigi]\nweight = 2.0\n'
        "[[rounds]]\nepochs = 1\nrate = 0.1\n",
    )
    base = load_recipe("compact")
    assert found.sources["efigi"] == base.sources["efigi"].model_copy(update={"weight": 2.0})
    assert (len(found.rounds), found.network) == (1, base.network)
    for name in ('"nothing"', '"own.toml"', "5"):
        with pytest.raises(BadRule, match=r"\.toml: builds_on names .*; name one of the package's"):
            own(tmp_path, f'builds_on = {name}\nname = "own"\n')
