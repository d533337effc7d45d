"""docs/colour-or-shape.md says what the probes measured."""

from __future__ import annotations

from pathlib import Path

from benchmarks.colour_or_shape import MARK, PAGE, page, read_probes

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "figures"


def test_the_page_is_written_from_the_probes() -> None:
    """Writing it anew changes nothing, and each probe's paragraph stands in it."""
    text, probes = PAGE.read_text(encoding="utf-8"), read_probes(FIGURES)
    assert page(text, probes) == text
    for one in probes.values():
        assert one["paragraph"] in text.partition(MARK)[2]
