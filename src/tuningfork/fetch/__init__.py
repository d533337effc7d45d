"""The public data sets, onto the user's disk and verified."""
