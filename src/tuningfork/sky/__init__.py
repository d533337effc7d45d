"""The real sky: names to positions, positions to pictures."""
