"""How strong the machine's strengths are: accuracy of each on the simulated deck.

Run ``python benchmarks/strengths.py [FOLDER]``; another folder is one of class folders.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tuningfork.game.machine import load_machine
from tuningfork.game.reader import open_deck
from tuningfork.game.strengths import opponents, strengths


def main() -> None:
    """Let every strength answer every galaxy."""
    parser = argparse.ArgumentParser(description="Accuracy of each of the machine's strengths.")
    parser.add_argument("folder", type=Path, nargs="?", help="class folders, for the shipped deck")
    deck = open_deck(parser.parse_args().folder)
    pictures = [(one.truth, one.read()) for one in deck.galaxies]
    machines = opponents(load_machine())
    for strength in strengths():
        machine = machines[strength.name]
        right = sum(machine.answer(picture).label == truth for truth, picture in pictures)
        print(f"{strength.name:8} {machine.name:24} {right / len(pictures):.3f} of {len(pictures)}")


if __name__ == "__main__":
    main()
