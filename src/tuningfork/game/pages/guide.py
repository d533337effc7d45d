"""The field guide: how the four classes look."""

from __future__ import annotations

from flask import Blueprint, render_template

pages = Blueprint("guide", __name__)


@pages.get("/guide")
def guide() -> str:
    """A drawn figure and two lines for each class; the keys and what is on the pages."""
    return render_template("guide.html")
