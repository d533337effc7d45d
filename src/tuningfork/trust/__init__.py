"""Calibrated doubt: how sure an answer is, and whether there is a galaxy at all."""
