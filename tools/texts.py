"""Bring the game's catalogues up to date with its texts, and compile them: ``make texts``.

Texts are taken from templates and code, and the volunteers' questions and answers from the tree
itself. What lacks a translation is printed; the exit code then is 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tuningfork.files import replacing
from tuningfork.game.languages import LANGUAGES
from tuningfork.votes.tree import TREE

GAME = Path(__file__).resolve().parents[1] / "src" / "tuningfork" / "game"
TRANSLATIONS = GAME / "translations"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = DEFAULT_KEYWORDS | {"lazy_pgettext": ((1, "c"), 2)}


def extract() -> Catalog:
    """Gather every text of the pages."""
    found = Catalog(project="Tuning Fork", charset="utf-8")
    extracted = extract_from_dir(GAME, METHODS, keywords=KEYWORDS, comment_tags=())
    for _, _, message, _, context in extracted:
        found.add(message, context=context)
    for question in TREE.questions:
        found.add(question.text)
    for answer in TREE.answers:
        found.add(answer.text, context="tree")
    return found


def path_of(language: str, ending: str) -> Path:
    """Where a language's catalogue lies."""
    return TRANSLATIONS / language / "LC_MESSAGES" / f"messages.{ending}"


def read(language: str) -> Catalog:
    """Read a language's catalogue; an empty one where there is none yet."""
    path = path_of(language, "po")
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def missing(catalogue: Catalog) -> list[str]:
    """Give the texts without a translation."""
    lacking = []
    for message in catalogue:
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and not all(strings):
            lacking.append(str(message.id))
    return lacking


def main() -> int:
    """Update and compile every catalogue; 1 if texts lack a translation."""
    texts = extract()
    lacking = 0
    for language in (one for one in LANGUAGES if one != "en"):
        catalogue = read(language)
        catalogue.update(texts, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        for ending, write in (("po", write_po), ("mo", write_mo)):
            with replacing(path_of(language, ending)) as path, path.open("wb") as file:
                options = {"width": 100, "omit_header": False} if ending == "po" else {}
                write(file, catalogue, **options)
        for text in missing(catalogue):
            print(f"{language}: {text!r} has no translation")
            lacking += 1
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
