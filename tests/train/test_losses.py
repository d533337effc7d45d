"""The loss against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torch import Tensor

from tests.train.made import votes
from tuningfork.train.losses import Targets, class_loss, total_loss, vote_loss
from tuningfork.train.networks import Outputs, outputs_of
from tuningfork.train.settings import LossSettings, NetworkSettings
from tuningfork.votes.fractions import conditional_from_weighted
from tuningfork.votes.tree import TREE

OUTPUTS = outputs_of(NetworkSettings(kind="residual", side_rules=("zhu5",)), 4)
SETTINGS = LossSettings(classes=1.0, votes=0.5, side_rules=0.3)


def targets(
    classes: Tensor,
    *,
    voted: Tensor | None = None,
    zhu5: int = -1,
    taught: bool = False,
    shift: Tensor | None = None,
) -> Targets:
    """What is known of a batch, nothing beyond what is given."""
    count = len(classes)
    return Targets(
        classes=classes,
        taught=taught,
        votes=torch.zeros(count, 37) if voted is None else voted,
        vote_weight=torch.full((count,), 0.0 if voted is None else 1.0),
        side_rules={"zhu5": torch.eye(6)[[zhu5] * count] * (zhu5 >= 0)},
        logit_shift=torch.zeros_like(classes) if shift is None else shift,
        class_weight=torch.ones(count),
    )


def gradient(known: Targets) -> Tensor:
    """The loss's slope along each logit."""
    logits = torch.linspace(-1, 2, OUTPUTS.count).repeat(len(known.classes), 1).requires_grad_()
    total_loss(logits, OUTPUTS, known, SETTINGS)[0].backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    return logits.grad


def test_a_class_gives_its_cross_entropy() -> None:
    """With one possible class the loss is scikit-learn's log loss."""
    random = np.random.default_rng(1)
    logits, truth = random.normal(size=(20, 4)), random.integers(0, 4, 20)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = class_loss(torch.tensor(logits), targets(torch.eye(4, dtype=torch.float64)[truth]))
    assert found.mean().item() == pytest.approx(log_loss(truth, probabilities, labels=range(4)))


def test_possible_classes_give_the_log_of_their_summed_probability() -> None:
    """Probabilities 0.1, 0.2, 0.3, 0.4 with the middle two possible cost -ln 0.5."""
    logits = torch.tensor([[0.1, 0.2, 0.3, 0.4]]).log()
    found = class_loss(logits, targets(torch.tensor([[0.0, 1.0, 1.0, 0.0]])))
    assert found.item() == pytest.approx(-math.log(0.5), abs=1e-6)


def test_likelihoods_weigh_each_classs_probability() -> None:
    """Bayes: what is known is as probable as the classes' shares times how likely each makes it."""
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]]))
    found = class_loss(logits, targets(torch.tensor([[0.1, 1.0, 0.5, 0.0]])))
    assert found.item() == pytest.approx(-math.log(0.05 + 0.3 + 0.075))


def test_a_teacher_gives_soft_cross_entropy() -> None:
    """Probabilities 0.25 and 0.75 under the teacher's halves cost their mean log."""
    logits = torch.tensor([[0.25, 0.75, 1e-9, 1e-9]]).log()
    found = class_loss(logits, targets(torch.tensor([[0.5, 0.5, 0.0, 0.0]]), taught=True))
    assert found.item() == pytest.approx(-(math.log(0.25) + math.log(0.75)) / 2, abs=1e-5)


def test_nothing_known_pulls_at_nothing() -> None:
    """A galaxy of which nothing is known leaves every weight where it is."""
    known = targets(torch.ones(3, 4))
    assert torch.allclose(gradient(known), torch.zeros(3, OUTPUTS.count), atol=1e-7)


@pytest.mark.parametrize(
    ("known", "moved"),
    [
        (targets(torch.tensor([[0.0, 1.0, 0.0, 0.0]])), [OUTPUTS.classes]),
        (targets(torch.tensor([[0.0, 1.0, 1.0, 0.0]])), [OUTPUTS.classes]),
        (targets(torch.ones(1, 4), voted=torch.tensor([votes(3)])), [OUTPUTS.votes]),
        (targets(torch.ones(1, 4), zhu5=5), [OUTPUTS.side_rules["zhu5"]]),
    ],
    ids=["class", "possible", "votes", "side rule"],
)
def test_each_knowledge_pulls_at_its_own_outputs(known: Targets, moved: list[slice]) -> None:
    """A class moves class logits alone, votes those of the questions, a side rule its own."""
    slope = gradient(known)[0]
    expected = torch.zeros(OUTPUTS.count, dtype=torch.bool)
    for span in moved:
        expected[span] = True
    assert torch.equal(slope.abs() > 1e-7, expected)


def test_votes_give_each_question_its_weighted_cross_entropy() -> None:
    """By the plain definition: weight of the question times cross-entropy of what was answered."""
    weighted = np.array([votes(7)])
    conditional = conditional_from_weighted(weighted)
    logits = np.random.default_rng(2).normal(size=(1, 37))
    expected = 0.0
    for question in TREE.questions:
        span = TREE.span(question.number)
        predicted = np.exp(logits[0, span]) / np.exp(logits[0, span]).sum()
        weight = weighted[0, span].sum()
        if weight > 0:
            expected -= weight * (conditional[0, span] * np.log(predicted)).sum()
    found = vote_loss(torch.tensor(logits), torch.tensor(weighted))
    assert found.item() == pytest.approx(expected, rel=1e-9)


def test_vote_loss_is_least_where_the_answers_are_the_votes() -> None:
    """At the logarithms of the votes no logit pulls any more."""
    weighted = torch.tensor([votes(11)], dtype=torch.float64)
    logits = weighted.log().requires_grad_()
    vote_loss(logits, weighted).sum().backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-9


def test_the_parts_are_weighed_as_the_recipe_says() -> None:
    """Uniform answers cost ln 4, half the questions' ln k and 0.3 ln 6, added up."""
    weighted = torch.tensor([votes(5)])
    known = targets(torch.tensor([[1.0, 0.0, 0.0, 0.0]]), voted=weighted, zhu5=2)
    loss, parts = total_loss(torch.zeros(1, OUTPUTS.count), OUTPUTS, known, SETTINGS)
    spans = [TREE.span(question.number) for question in TREE.questions]
    of_votes = sum(weighted[0, s].sum().item() * math.log(s.stop - s.start) for s in spans)
    assert parts["class_loss"] == pytest.approx(math.log(4))
    assert parts["vote_loss"] == pytest.approx(of_votes, rel=1e-5)
    assert parts["zhu5_loss"] == pytest.approx(math.log(6))
    assert loss.item() == pytest.approx(math.log(4) + 0.5 * of_votes + 0.3 * math.log(6), rel=1e-5)


def test_a_network_without_votes_learns_classes_alone() -> None:
    """Class weights multiply each galaxy's loss before the mean of the batch is taken."""
    outputs = Outputs(slice(0, 4), None, {})
    known = Targets(
        classes=torch.eye(4)[[0, 2]],
        taught=False,
        votes=torch.zeros(2, 37),
        vote_weight=torch.zeros(2),
        side_rules={},
        logit_shift=torch.zeros(2, 4),
        class_weight=torch.tensor([1.0, 8.0]),
    )
    loss, parts = total_loss(torch.zeros(2, 4), outputs, known, LossSettings())
    assert loss.item() == pytest.approx((1 + 8) / 2 * math.log(4))
    assert set(parts) == {"class_loss"}


def test_shifted_loss_is_least_at_the_share_in_the_sky() -> None:
    """Half the source's spirals are barred, one in six in the sky: the network learns the sky's."""
    shift = torch.tensor([[0.0, math.log(0.5 / (5 / 6)), math.log(0.5 / (1 / 6)), 0.0]])
    half = targets(torch.eye(4)[[1, 2]], shift=shift.repeat(2, 1))
    logits = torch.zeros(1, 4, requires_grad=True)
    for _ in range(200):
        loss = class_loss(logits.repeat(2, 1), half).mean()
        (slope,) = torch.autograd.grad(loss, logits)
        logits = (logits - 2 * slope).detach().requires_grad_()
    pair = torch.softmax(logits[0, 1:3], dim=0)
    assert pair[1].item() == pytest.approx(1 / 6, abs=1e-3)
