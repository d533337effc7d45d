"""Networks ready to answer: their cards, their ONNX sessions, the bundled weights."""
