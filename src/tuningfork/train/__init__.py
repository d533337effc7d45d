"""How the weights are made: recipes, networks, losses, augmentation, the loop and the export.

The only room that needs torch (``pip install tuningfork[train]``).
"""
