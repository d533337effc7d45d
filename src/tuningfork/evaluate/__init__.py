"""How good a network is: scores on galaxies whose class or votes are known, and paired tests."""

from tuningfork.evaluate.evaluation import Answered, Evaluation, evaluate_folds, evaluate_set
from tuningfork.evaluate.paired import Comparison, Predictions, compare, read_predictions
from tuningfork.evaluate.scores import ClassScore, Scores, score

__all__ = [
    "Answered",
    "ClassScore",
    "Comparison",
    "Evaluation",
    "Predictions",
    "Scores",
    "compare",
    "evaluate_folds",
    "evaluate_set",
    "read_predictions",
    "score",
]
