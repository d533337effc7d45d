"""Pictures: finding and decoding them, the crop that a network sees, the simulated sky."""
