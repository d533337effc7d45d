"""Nothing that is sent before the guess tells the truth or the machine's answer."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from tests.game.conftest import COMMENT, Player, make_deck, turns_of
from tests.game.test_modes import begin
from tuningfork.game.deck import Deck, DeckGalaxy
from tuningfork.votes.rules import CLASSES


def _plain(answer: TestResponse, path: str) -> str:
    """Everything sent, with what is random for everybody taken out."""
    sent = f"{answer.status}\n{answer.headers}\n{answer.text}"
    sent = sent.replace(path.split("/")[2], "ROUND")
    sent = re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", sent)
    return re.sub(r"Set-Cookie: .*|Content-Length: .*|Date: .*", "", sent)


def test_question_is_the_same_whatever_the_truth(make_app: Callable[..., Flask]) -> None:
    """Pages, headers and length of the same step differ in random tokens only."""
    pages, lengths = set(), set()
    for truth in CLASSES:
        deck = make_deck(10)
        one_kind = tuple(galaxy for galaxy in deck.galaxies if galaxy.truth == truth)
        app = make_app(Deck("tiny", simulated=True, galaxies=one_kind))
        player = Player(app)
        path = player.start()
        answer = player.get(f"{path}/galaxy/1")
        pages.add(_plain(answer, path))
        lengths.add(answer.content_length)
    assert len(pages) == 1
    assert len(lengths) == 1


def test_nothing_sent_before_the_guess_names_the_galaxy(app: Flask, player: Player) -> None:
    """Ids, contents' hashes, the machine's figures and the deck's comments stay inside."""
    path = player.start()
    turns = turns_of(app, path)
    for number, (_, truth, _) in enumerate(turns, start=1):
        sent = b""
        for page in ("", f"/galaxy/{number}", f"/galaxy/{number}.jpg", "/end"):
            answer = player.get(path + page)
            sent += str(answer.headers).encode() + answer.data
        for galaxy, _, _ in turns[number - 1 :]:
            assert galaxy.encode() not in sent
        for tell in (COMMENT, b"7861", b"0713", b"79%", b"truth", b"fake", b"f" * 16):
            assert tell not in sent
        counts = {sent.count(f'"{name}"'.encode()) for name in CLASSES}
        assert counts == {1}  # once each, as the value of a button
        player.guess(path, number, truth)


def test_pictures_differ_in_pixels_only(make_app: Callable[..., Flask]) -> None:
    """Whatever the file's size, format and metadata, a plain 424×424 JPEG is sent."""
    picture = Image.new("RGB", (150, 90), (120, 60, 30))
    exif = Image.Exif()
    exif[0x010E] = "spiral"
    files = {"PNG": {}, "WEBP": {"exif": exif}, "JPEG": {"exif": exif, "comment": b"spiral"}}
    sent = []
    for kind, extra in files.items():
        buffer = io.BytesIO()
        picture.save(buffer, kind, **extra)  # type: ignore[arg-type]
        data = buffer.getvalue()
        deck = Deck(kind, simulated=True, galaxies=(DeckGalaxy("one", "spiral", lambda d=data: d),))  # type: ignore[misc]
        player = Player(make_app(deck))
        answer = player.get(f"{player.start()}/galaxy/1.jpg")
        assert answer.mimetype == "image/jpeg"
        assert b"spiral" not in answer.data
        opened = Image.open(io.BytesIO(answer.data))
        assert (opened.format, opened.mode, opened.size) == ("JPEG", "RGB", (424, 424))
        assert set(opened.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        sent.append(sorted(set(answer.headers.keys())))
    assert sent[0] == sent[1] == sent[2]


def test_picture_headers_carry_nothing_that_lasts(app: Flask, player: Player) -> None:
    """No validator, date or name by which a picture could be recognised; no cache keeps it."""
    answer = player.get(f"{player.start()}/galaxy/1.jpg")
    assert answer.headers["Cache-Control"] == "private, no-store"
    for header in ("ETag", "Last-Modified", "Content-Disposition", "Expires"):
        assert header not in answer.headers


def test_only_pictures_up_to_the_present_galaxy_are_served(player: Player) -> None:
    """Galaxies to come cannot be looked at; those answered can be looked at again."""
    path = player.start()
    player.guess(path, 1, "spiral")
    status = {n: player.get(f"{path}/galaxy/{n}.jpg").status_code for n in (0, 1, 2, 3, 10, 11)}
    assert status == {0: 404, 1: 200, 2: 200, 3: 404, 10: 404, 11: 404}


def test_rounds_have_unguessable_addresses(player: Player) -> None:
    """A round's token has at least 120 random bits."""
    tokens = {player.start().split("/")[2] for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 21 for token in tokens)


@pytest.mark.parametrize("mode", ["ten", "daily", "streak", "timed", "practice"])
def test_every_byte_before_the_guess_is_the_same_for_every_truth(
    make_app: Callable[..., Flask], mode: str
) -> None:
    """In each mode the bytes up to a guess differ between classes in random tokens and pixels only.

    Whatever the round sends, redirects, pages and their headers, is compared for four decks of one
    class each; the heat map and the answer are refused.
    """
    sent = set()
    for truth in CLASSES:
        galaxies = tuple(one for one in make_deck(12).galaxies if one.truth == truth)
        player = Player(make_app(Deck("tiny", simulated=True, galaxies=galaxies)))
        path = begin(player, mode)
        pages = [player.get(path), player.get(f"{path}/galaxy/1"), player.get(f"{path}/end")]
        pages += [player.get(f"{path}/galaxy/1/answer"), player.get(f"{path}/galaxy/2.jpg")]
        pages += [player.get(f"{path}/galaxy/1/heat/{name}.jpg") for name in CLASSES]
        pages += [player.get(page) for page in ("/", "/board", "/guide", "/rooms")]
        assert [one.status_code for one in pages[4:9]] == [404] * 5
        sent.add("\n".join(re.sub(r"Location: .*", "", _plain(one, path)) for one in pages))
    assert len(sent) == 1


def test_next_galaxy_stays_secret_after_a_guess(app: Flask, player: Player) -> None:
    """Against the clock the page that tells the last answer says nothing of the present one."""
    path = begin(player, "timed")
    for number, (galaxy, truth, _) in enumerate(turns_of(app, path)[:9], start=1):
        player.get(f"{path}/galaxy/{number}")
        player.guess(path, number, truth)
        page = player.get(f"{path}/galaxy/{number + 1}").text
        following = turns_of(app, path)[number]
        assert following[0] not in page
        told = re.search(r'<p class="before">(.*?)</p>', page, re.DOTALL)
        assert told
        assert "right" in told[1]
        assert galaxy not in page
        assert player.get(f"{path}/galaxy/{number + 1}/heat/{following[1]}.jpg").status_code == 404


def test_board_and_share_before_the_end_tell_nothing(app: Flask, player: Player) -> None:
    """A round's share code and rank exist only when it has ended."""
    path = begin(player, "ten")
    player.play(path, ["spiral"] * 9)
    for page in (f"{path}/galaxy/9/answer", f"{path}/galaxy/10", "/"):
        assert "/s/" not in player.get(page).text


def test_picture_of_a_shown_question_needs_no_database(
    app: Flask, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its player gets the picture from memory; another cookie, or another number, does not."""
    path = player.start()
    player.get(f"{path}/galaxy/1")
    seen = player.get(f"{path}/galaxy/1.jpg")
    stranger = Player(app)
    stranger.start()
    assert stranger.get(f"{path}/galaxy/1.jpg").status_code == 404
    assert player.get(f"{path}/galaxy/2.jpg").status_code == 404
    store = app.extensions["tuningfork"].store
    monkeypatch.setattr(store, "reading", lambda: pytest.fail("the database was asked"))
    again = player.get(f"{path}/galaxy/1.jpg")
    assert again.data == seen.data
    assert "Set-Cookie" not in again.headers
