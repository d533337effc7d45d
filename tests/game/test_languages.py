"""Pages in four languages, chosen by the browser."""

from __future__ import annotations

import gettext
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from flask import Flask

import tuningfork.game
from tests.game.conftest import Player
from tests.game.test_modes import begin
from tuningfork.game.languages import LANGUAGES
from tuningfork.votes.tree import TREE

GAME = Path(tuningfork.game.__file__).parent
OTHERS = [name for name in LANGUAGES if name != "en"]


def _catalogue(language: str) -> Catalog:
    path = GAME / "translations" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _texts(message: Message) -> list[str]:
    strings = message.string or ""
    return [strings] if isinstance(strings, str) else [*strings]


def _page(player: Player, path: str, asked: str) -> str:
    answer = player.client.get(path, headers={"Accept-Language": asked}, buffered=True)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("es-MX", "es"),
        ("fr-CA,en;q=0.8", "fr"),
        ("pt-BR,es;q=0.5", "es"),
        ("ja", "en"),
        ("", "en"),
        ("*;q=0.1,@@@", "en"),
        ("en;q=0.2,fr;q=0.7", "fr"),
    ],
)
def test_browser_chooses_the_language(player: Player, asked: str, given: str) -> None:
    """The best of our languages that the browser reads is given, and stated."""
    answer = player.client.get("/", headers={"Accept-Language": asked})
    assert f'<html lang="{given}">' in answer.text
    assert answer.headers["Content-Language"] == given
    assert "Accept-Language" in answer.headers["Vary"]


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_with_its_placeholders(language: str) -> None:
    """No text is missing, and each keeps the placeholders of the English one."""

    def fields(text: str) -> set[str]:
        return set(re.findall(r"%\((\w+)\)s", text))

    for message in _catalogue(language):
        if not message.id:
            continue
        originals = (message.id,) if isinstance(message.id, str) else message.id
        for text in _texts(message):
            assert text, message.id
            assert fields(text) == fields(str(originals[-1])), message.id


@pytest.mark.parametrize("language", OTHERS)
def test_compiled_catalogues_are_those_of_the_sources(language: str) -> None:
    """Python's own gettext finds every text of the .po file in the .mo file that ships."""
    folder = GAME / "translations" / language / "LC_MESSAGES"
    with (folder / "messages.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in _catalogue(language):
        if not message.id:
            continue
        if not isinstance(message.id, str):
            told = [compiled.ngettext(message.id[0], message.id[1], number) for number in (1, 2)]
        elif message.context:
            told = [compiled.pgettext(message.context, message.id)]
        else:
            told = [compiled.gettext(message.id)]
        assert told == _texts(message)


def test_catalogues_hold_every_text_of_the_pages() -> None:
    """Extracting the texts again finds nothing that a catalogue lacks, nor anything idle."""
    tools = GAME.parents[2] / "tools"
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "import texts\nfor m in texts.extract(): print(repr((m.context, m.id)))",
        ],
        cwd=tools,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = set(found.stdout.splitlines())
    for language in OTHERS:
        known = {repr((message.context, message.id)) for message in _catalogue(language)}
        assert known == expected, language


def test_tree_is_in_the_catalogues() -> None:
    """The volunteers' questions and answers have their words in each language."""
    for language in OTHERS:
        catalogue = _catalogue(language)
        for question in TREE.questions:
            assert catalogue.get(question.text), (language, question.text)
        for answer in TREE.answers:
            assert catalogue.get(answer.text, "tree"), (language, answer.text)


def _english(text: str) -> set[str]:
    """Long texts of the catalogues that stand on a page."""
    plain = re.sub(r"\s+", " ", text)
    long = {str(m.id) for m in _catalogue("de") if isinstance(m.id, str) and len(m.id) > 18}
    return {one for one in long if "%(" not in one and one in plain}


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_in_a_whole_game(app: Flask, player: Player, language: str) -> None:
    """From the first page to the last no longer English text stands on a translated page."""
    path = begin(player, "ten")
    pages = ["/", "/about", "/guide", "/yours", "/board/ten/2026-11-23", f"{path}/galaxy/1"]
    for page in pages:
        assert _english(_page(player, page, "en")), page
        assert not _english(_page(player, page, language)), page
    player.play(path, ["spiral"] * 10)
    for page in (f"{path}/galaxy/1/answer", f"{path}/end"):
        assert not _english(_page(player, page, language)), page


def test_one_server_speaks_several_languages_at_once(player: Player) -> None:
    """Words that were looked up for one reader are not given to the next."""
    names = {"en": "Barred spiral", "de": "Balkenspirale", "es": "Espiral barrada"}
    for language in ("de", "en", "es", "de", "en"):
        page = _page(player, "/guide", language)
        for other, name in names.items():
            assert (name in page) == (other == language)


def test_numbers_follow_the_language(app: Flask, player: Player) -> None:
    """Shares are written as the reader's language writes them."""
    path = begin(player, "ten")
    player.play(path, ["spiral"])
    answer = f"{path}/galaxy/1/answer"
    assert "<td>79%</td>" in _page(player, answer, "en")
    assert "<td>79\xa0%</td>" in _page(player, answer, "de")


def test_french_signs_are_not_left_alone_on_a_line() -> None:
    """Before a colon, a question mark and inside quotation marks stands a space that binds."""
    for message in _catalogue("fr"):
        for text in _texts(message):
            assert not message.id or not re.search(r" [:;?!»]|« |'", text), text
