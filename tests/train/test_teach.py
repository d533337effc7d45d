"""Targets from finished networks: their averaged answers, within what is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from rich.progress import Progress
from torch import nn

from tests.deck import crops
from tests.train.made import all_sets, known_set, of_class, one_of, plan, quiet, recipe
from tuningfork.data import Known
from tuningfork.errors import BadRule
from tuningfork.images import simulated
from tuningfork.images.frame import Preprocessing
from tuningfork.model.card import read_card, sha256_of, write_card
from tuningfork.model.session import BUNDLED, graph_path, load_model
from tuningfork.train.galaxies import gather
from tuningfork.train.loop import Trainer
from tuningfork.train.material import Material
from tuningfork.train.networks import outputs_of
from tuningfork.train.recipe import Recipe, load_recipe
from tuningfork.train.run import train
from tuningfork.train.settings import RoundSettings
from tuningfork.train.state import new_state
from tuningfork.train.teach import Taught, teach

KNOWN = {
    "free": Known(),
    "bar": one_of("spiral", "barred_spiral"),
    "edge": of_class("edge_on_spiral"),
}


def drawn() -> NDArray[np.uint8]:
    """Three galaxies of the deck at compact's scale, uint8 (3, 152, 152, 3)."""
    return crops(Preprocessing(212, 152), step=simulated.DECK_COUNT // 3)


def material(plan: Recipe) -> Material:
    """The three of them, with what is known."""
    galaxies = gather([known_set("all", KNOWN)], plan, excluded=frozenset(), same={})
    return Material(plan, galaxies, drawn(), np.arange(3), outputs_of(plan.network, 4))


def taught_by(stretch: RoundSettings, plan: Recipe | None = None) -> Taught:
    """What a round of the recipe compact would be taught."""
    with Progress(console=quiet()) as progress:
        return teach(nn.Identity(), material(plan or load_recipe("compact")), stretch, progress)


def round_with(**changes: object) -> RoundSettings:
    """One view by the bundled network, unless changed."""
    first = load_recipe("compact").rounds[0]
    return first.model_copy(update={"teachers": (BUNDLED,), "views": 1} | changes)


def test_one_teacher_with_one_view_is_its_own_answer_within_what_is_known() -> None:
    """Its probabilities, those of impossible classes gone and the others scaled up to 1."""
    middle = np.ascontiguousarray(drawn()[:, 20:132, 20:132])
    answers = load_model().answer(middle)
    found = taught_by(round_with())
    assert np.allclose(found.classes[0], answers.probabilities[0], atol=2e-3)
    assert np.allclose(found.votes, answers.fractions, atol=2e-3)
    classes = load_model().card.classes
    place = [classes.index("spiral"), classes.index("barred_spiral")]
    both = answers.probabilities[1, place]
    assert np.allclose(found.classes[1, place], both / both.sum(), atol=2e-3)
    assert found.classes[1].sum() == pytest.approx(1)
    assert found.classes[2, classes.index("edge_on_spiral")] == 1


def test_views_and_teachers_are_averaged() -> None:
    """Two teachers that are one give what one gives; four views are the mean of four turns."""
    one, twice = (
        taught_by(round_with(views=4)),
        taught_by(round_with(views=4, teachers=(BUNDLED, str(graph_path(BUNDLED))))),
    )
    assert torch.allclose(one.classes, twice.classes, atol=1e-6)
    middle = drawn()[:1, 20:132, 20:132]
    turned = [np.ascontiguousarray(np.rot90(middle, turns, (1, 2))) for turns in range(4)]
    mean = np.mean([load_model().answer(view).probabilities[0] for view in turned], axis=0)
    assert np.allclose(one.classes[0], mean, atol=5e-3)


def test_hard_targets_are_the_likeliest_class_and_weigh_as_labels() -> None:
    """One class holds all, and class weights count the galaxies that were given it."""
    stretch = round_with(hard=True)
    soft = taught_by(round_with())
    found = taught_by(stretch)
    assert found.classes.sum(dim=1).tolist() == [1, 1, 1]
    assert found.classes.max(dim=1).values.tolist() == [1, 1, 1]
    assert torch.equal(found.classes.argmax(dim=1), soft.classes.argmax(dim=1))
    plan = load_recipe("reference")
    galaxies = gather([known_set("all", KNOWN)], plan, excluded=frozenset(), same={})
    galaxies = replace(galaxies, validates=np.zeros(len(galaxies), dtype=np.bool_))
    pixels = np.zeros((2, 299, 299, 3), dtype=np.uint8)
    outputs = outputs_of(plan.network, 4)
    one = Trainer(
        Material(plan, galaxies, pixels, np.arange(2), outputs), new_state(nn.Linear(1, 1), plan)
    )
    one.state.taught = Taught(torch.tensor([[0, 0, 0, 1.0], [0, 0, 0, 1.0]]), torch.empty(2, 0))
    assert one._class_weights(stretch).tolist() == [1, 1]
    one.state.taught = None
    assert one._class_weights(stretch).tolist() == [1, 1]


def test_a_teacher_of_other_classes_is_refused(tmp_path: Path) -> None:
    """Its probabilities would be taken for those of the recipe's rule."""
    path = tmp_path / "other.onnx"
    path.write_bytes(graph_path(BUNDLED).read_bytes())
    card = replace(read_card(graph_path(BUNDLED).with_suffix(".json")), rule="strict")
    write_card(card, path.with_suffix(".json"))
    with pytest.raises(BadRule, match=r"other\.onnx tells the classes of rule 'strict' apart"):
        taught_by(round_with(teachers=(str(path),)))


def test_a_teacher_without_votes_is_refused_where_votes_are_learned(tmp_path: Path) -> None:
    """Zeros would be learned instead."""
    path = tmp_path / "mute.onnx"
    path.write_bytes(graph_path(BUNDLED).read_bytes())
    card = replace(read_card(graph_path(BUNDLED).with_suffix(".json")), columns=())
    write_card(replace(card, sha256=sha256_of(path)), path.with_suffix(".json"))
    with pytest.raises(BadRule, match="gives no votes to learn from"):
        taught_by(round_with(teachers=(str(path),)))


def test_hard_targets_without_a_teacher_are_refused(tmp_path: Path) -> None:
    """A network's own surest answers would only be learned again."""
    with pytest.raises(BadRule, match="hard needs teachers"):
        recipe(tmp_path, views="2\nhard = true")


def test_earlier_targets_stay_by_their_share() -> None:
    """A quarter of what was said before, three quarters of what is said now."""
    now = Taught(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.4]]))
    before = Taught(torch.tensor([[0.2, 0.8]]), torch.tensor([[0.8]]))
    found = now.mixed(before, 0.25)
    assert found.classes[0].tolist() == pytest.approx([0.8, 0.2])
    assert found.votes.item() == pytest.approx(0.5)


def test_teachers_speak_of_side_rules_by_the_share_that_the_recipe_gives_them() -> None:
    """A quarter is the network's own answer; what nothing is known of is that quarter alone."""
    plan = load_recipe("compact")
    plan = plan.model_copy(
        update={"loss": plan.loss.model_copy(update={"taught_side_rules": 0.25})}
    )
    known = {"round": Known(rules={"zhu5": "completely_round"}), "free": Known()}
    galaxies = gather([known_set("all", known)], plan, excluded=frozenset(), same={})
    galaxies = replace(galaxies, validates=np.zeros(2, dtype=np.bool_))
    outputs = outputs_of(plan.network, 4)
    ours = Material(plan, galaxies, drawn()[:2], np.arange(2), outputs)
    one = Trainer(ours, new_state(nn.Linear(1, 1), plan))
    with Progress(console=quiet()) as progress:
        one.state.taught = one._taught(round_with(), progress)
    said = load_model().answer(np.ascontiguousarray(drawn()[:2, 20:132, 20:132]), more=True).zhu5
    assert said is not None
    found = one.targets(np.arange(2)).side_rules["zhu5"]
    assert np.allclose(found[0], 0.75 * np.eye(6)[0] + 0.25 * said[0], atol=2e-3)
    assert np.allclose(found[1], 0.25 * said[1], atol=2e-3)
    one.state.taught = None
    assert one.targets(np.arange(2)).side_rules["zhu5"].tolist() == [[1, 0, 0, 0, 0, 0], [0] * 6]


def test_earlier_targets_need_a_taught_round_before(tmp_path: Path) -> None:
    """The tiny recipe's first round has none to leave."""
    with pytest.raises(BadRule, match=r"earlier needs targets in its round and the one before"):
        recipe(tmp_path, views="2\nearlier = 0.5")


def test_a_run_learns_from_a_finished_run(tmp_path: Path) -> None:
    """A student of another scale and width trains from the first round on its teacher's answers."""
    sets = all_sets(tmp_path)
    teacher = train(plan(sets, recipe(tmp_path), tmp_path / "teacher"), quiet())
    changes = {"widths": "[8, 24]", "frame_pixels": "64", "views": f'2\nteachers = ["{teacher}"]'}
    student = train(plan(sets, recipe(tmp_path, **changes), tmp_path / "student"), quiet())
    assert read_card(student.with_suffix(".json")).preprocessing.frame_pixels == 64
