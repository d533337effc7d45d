"""Networks ready to answer: their cards, their ONNX sessions, the bundled weights."""

from tuningfork.model.card import Card
from tuningfork.model.session import Answers, Model, load_model, model_names

__all__ = ["Answers", "Card", "Model", "load_model", "model_names"]
