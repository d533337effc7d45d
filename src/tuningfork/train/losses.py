"""What each galaxy gives the loss: votes, a class, a set of possible classes, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from tuningfork.train.networks import Outputs
from tuningfork.train.settings import LossSettings
from tuningfork.votes.tree import TREE

QUESTION_SPANS = tuple(TREE.span(question.number) for question in TREE.questions)


@dataclass(frozen=True)
class Targets:
    """What is known of a batch of n galaxies."""

    classes: Tensor
    """float32 (n, classes). Without a teacher the likelihood of what is known under each class: 0
    for an impossible one, all 1 where nothing is known; with one, probabilities that sum to 1."""
    taught: bool
    """Whether ``classes`` holds a teacher's probabilities."""
    votes: Tensor
    """float32 (n, 37) weighted fractions."""
    vote_weight: Tensor
    """float32 (n,), 0 where no votes are known."""
    side_rules: dict[str, Tensor]
    """float32 (n, the rule's classes + 1): probabilities, the last for none of them; all 0 where
    nothing is known. With a teacher's share of them they may sum to less than 1."""
    logit_shift: Tensor
    """float32 (n, classes), added to the logits: the log of a source's odds over the sky's."""
    class_weight: Tensor
    """float32 (n,)."""


def class_loss(logits: Tensor, targets: Targets) -> Tensor:
    """Cross-entropy with a teacher, else the negative log of the probability of what is known.

    Both are the plain cross-entropy where one class is possible; the second is zero where nothing
    is known. Shape (n,).
    """
    log_probabilities = functional.log_softmax(logits + targets.logit_shift, dim=1)
    if targets.taught:
        return -(targets.classes * log_probabilities).sum(dim=1)
    return -(log_probabilities + targets.classes.log()).logsumexp(dim=1)


def vote_loss(logits: Tensor, votes: Tensor) -> Tensor:
    """Cross-entropy of each question's conditional fractions, weighted by the question's weight.

    As weighted fractions are conditional ones times that weight, it is minus the sum of weighted
    fraction times log of the answer's probability within its question. Shape (n,).
    """
    loss = torch.zeros_like(logits[:, 0])
    for span in QUESTION_SPANS:
        log_probabilities = functional.log_softmax(logits[:, span], dim=1)
        loss = loss - (votes[:, span] * log_probabilities).sum(dim=1)
    return loss


def total_loss(
    logits: Tensor, outputs: Outputs, targets: Targets, settings: LossSettings
) -> tuple[Tensor, dict[str, float]]:
    """The mean loss of a batch, and its parts for the record."""
    classes = (targets.class_weight * class_loss(logits[:, outputs.classes], targets)).mean()
    loss = settings.classes * classes
    parts = {"class_loss": classes.item()}
    if outputs.votes is not None and settings.votes > 0:
        each = vote_loss(logits[:, outputs.votes], targets.votes)
        votes = (targets.vote_weight * each).mean()
        loss = loss + settings.votes * votes
        parts["vote_loss"] = votes.item()
    for name, span in outputs.side_rules.items():
        log_probabilities = functional.log_softmax(logits[:, span], dim=1)
        side = -(targets.side_rules[name] * log_probabilities).sum() / len(logits)
        loss = loss + settings.side_rules * side
        parts[f"{name}_loss"] = side.item()
    return loss, parts
