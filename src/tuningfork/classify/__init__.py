"""Pictures in, rows out: one galaxy, or as many as there are."""

from tuningfork.classify.classifier import Classification, Classifier, load
from tuningfork.classify.stream import Row, classify_pictures

__all__ = ["Classification", "Classifier", "Row", "classify_pictures", "load"]
