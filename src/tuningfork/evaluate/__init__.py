"""How good a network is: scores on galaxies whose class or votes are known, and paired tests."""

from tuningfork.evaluate.evaluation import Evaluation, evaluate_set
from tuningfork.evaluate.paired import Comparison, compare, read_predictions
from tuningfork.evaluate.scores import ClassScore, Scores, score

__all__ = [
    "ClassScore",
    "Comparison",
    "Evaluation",
    "Scores",
    "compare",
    "evaluate_set",
    "read_predictions",
    "score",
]
