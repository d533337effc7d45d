"""The decision tree, tables of votes and the rules that make classes out of them."""
