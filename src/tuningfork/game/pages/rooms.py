"""The classroom: a teacher's room, pupils who join by its code, the board, the results."""

from __future__ import annotations

import csv
import io
import ipaddress
import socket
from urllib.parse import urlsplit

import segno
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from tuningfork.errors import TuningForkError
from tuningfork.game.deck import Deck
from tuningfork.game.difficulty import LEVELS
from tuningfork.game.pages.rounds import own_round
from tuningfork.game.pictures import plain_jpeg
from tuningfork.game.rooms import (
    close_room,
    draw_galaxies,
    find_room,
    lessons,
    machine_points,
    pupils,
    rooms_of,
    round_in,
)
from tuningfork.game.rooms import join as join_room
from tuningfork.game.rooms import open_room as keep_room
from tuningfork.game.state import current_game, known_player, player
from tuningfork.game.store import Room
from tuningfork.game.strengths import strengths

pages = Blueprint("rooms", __name__)

NOWHERE = ("192.0.2.1", 9)  # of a network that is kept for examples (RFC 5737)
COLUMNS = ("pupil", "number", "galaxy", "answer", "machine", "truth", "seconds")


@pages.get("/rooms")
def hall() -> str:
    """Open a room, join one, or go back to one's own."""
    game, known = current_game(), known_player()
    return render_template(
        "rooms.html",
        rooms=rooms_of(game.store, known) if known else [],
        decks=game.decks,
        strengths=[one for one in strengths() if one.name in game.memories],
        difficulties=("", *LEVELS),
    )


@pages.post("/rooms")
def open_room() -> AnyResponse:
    """Open a room with the form's choices; who opens it is its teacher."""
    game = current_game()
    name = request.form.get("deck", "")
    deck = game.decks.get(name) or game.deck
    strength = request.form.get("strength", "")
    strength = strength if strength in game.memories else "full"
    difficulty = request.form.get("difficulty", "")
    difficulty = difficulty if difficulty in LEVELS and not deck.far else ""
    drawn = draw_galaxies(deck, game.memory_of(strength), game.pool(deck, difficulty))
    room = Room(
        teacher=player(), deck=deck.key, strength=strength, difficulty=difficulty, galaxies=drawn
    )
    return redirect(url_for("rooms.board", code=keep_room(game.store, room)), 303)


@pages.get("/rooms/join")
def by_code() -> AnyResponse:
    """Find the room whose code was typed."""
    room = find_room(current_game().store, request.args.get("code", ""))
    if room is None:
        flash(_("There is no room of that code. Look at it once more."))
        return redirect(url_for("rooms.hall"), 303)
    return redirect(url_for("rooms.door", code=room.code), 303)


@pages.get("/room/<code>")
def door(code: str) -> str | AnyResponse:
    """Where the code leads: pupils to their round, the teacher to the board."""
    room = _room(code)
    if _is_teacher(room):
        return redirect(url_for("rooms.board", code=room.code), 303)
    mine = round_in(room, known_player())
    if mine is not None:
        return redirect(url_for("rounds.go_on", token=mine.token), 303)
    return render_template("room_door.html", room=room)


@pages.post("/room/<code>")
def join(code: str) -> AnyResponse:
    """Join the room, or go on with one's round in it."""
    game, room = current_game(), _room(code)
    if room.closed is not None and round_in(room, known_player()) is None:
        flash(_("This room is closed."))
        return redirect(url_for("rooms.hall"), 303)
    memory = game.memory_of(room.strength)
    token = join_room(_deck(room), memory, game.store, room, player())
    return redirect(url_for("rounds.go_on", token=token), 303)


@pages.get("/room/<code>/board")
def board(code: str) -> str | AnyResponse:
    """Show the live board to the teacher, and to pupils who are done."""
    room = _room(code)
    _check_may_look(room)
    if room.closed is not None and _is_teacher(room):
        return redirect(url_for("rooms.results", code=room.code), 303)
    root = _public_root()
    address = root + url_for("rooms.door", code=room.code)
    picture = segno.make_qr(address, error="m").svg_inline(
        omitsize=True, border=2, dark="#07080b", light="#ffffff", title="QR"
    )
    return render_template(
        "room_board.html",
        room=room,
        pupils=pupils(room),
        teacher=_is_teacher(room),
        address=address,
        local=_is_loopback(urlsplit(root).hostname or ""),
        opened_here=_is_loopback(urlsplit(request.url_root).hostname or ""),
        qr=Markup(picture),  # noqa: S704  (drawn here, of an address that is quoted)
    )


@pages.get("/room/<code>/board/lines")
def lines(code: str) -> str:
    """Give the part of the board that changes."""
    room = _room(code)
    _check_may_look(room)
    return render_template("room_lines.html", room=room, pupils=pupils(room))


@pages.post("/room/<code>/close")
def close(code: str) -> AnyResponse:
    """Close the room: every round in it ends, and its results are shown."""
    room = _own(code)
    close_room(current_game().store, room)
    return redirect(url_for("rooms.results", code=room.code), 303)


@pages.get("/room/<code>/results")
def results(code: str) -> str | AnyResponse:
    """Show, for the teacher and for printing, how the class did; only once it is closed."""
    room = _own(code)
    if room.closed is None:
        return redirect(url_for("rooms.board", code=room.code), 303)
    return render_template(
        "room_results.html",
        room=room,
        pupils=pupils(room),
        lessons=lessons(room),
        machine=machine_points(room),
    )


@pages.get("/room/<code>/results.csv")
def table(code: str) -> Response | AnyResponse:
    """Give every guess of the class as a table; only once the room is closed."""
    room = _own(code)
    if room.closed is None:
        return redirect(url_for("rooms.board", code=room.code), 303)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for played in room.rounds:
        for turn in played.turns:
            took = turn.answered - turn.shown if turn.answered and turn.shown else None
            seconds = "" if took is None else f"{took.total_seconds():.1f}"
            answer = turn.guess or ""
            row = (played.alias, turn.number, turn.galaxy, answer, turn.machine_label, turn.truth)
            writer.writerow((*row, seconds))
    # Spreadsheets take a file without this mark for one of another alphabet.
    response = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="room-{room.code}.csv"'
    return response


@pages.get("/room/<code>/galaxy/<int:number>.jpg")
def picture(code: str, number: int) -> Response:
    """Give a galaxy of a closed room to its teacher."""
    room = _own(code)
    if room.closed is None or not 1 <= number <= len(room.galaxies):
        abort(404)
    known = {one.number: one.galaxy for one in lessons(room)}
    galaxy = _deck(room).by_id.get(known.get(number, ""))
    if galaxy is None:
        abort(404)
    try:
        jpeg = plain_jpeg(galaxy.read(), galaxy.id)
    except (OSError, TuningForkError):
        abort(404)
    return Response(jpeg, mimetype="image/jpeg")


@pages.get("/round/<token>/room")
def of_round(token: str) -> AnyResponse:
    """Go from a round to the board of its room."""
    played = own_round(token)
    store = current_game().store
    with store.reading() as session:
        room = session.get(Room, played.room_id) if played.room_id else None
    if room is None:
        abort(404)
    return redirect(url_for("rooms.board", code=room.code), 303)


def _room(code: str) -> Room:
    room = find_room(current_game().store, code)
    if room is None:
        abort(404)
    return room


def _own(code: str) -> Room:
    """Find the teacher's own room; to others it does not exist."""
    room = _room(code)
    if not _is_teacher(room):
        abort(404)
    return room


def _is_teacher(room: Room) -> bool:
    return known_player() == room.teacher


def _check_may_look(room: Room) -> None:
    """Let the teacher see the board, and pupils once they have answered everything."""
    mine = round_in(room, known_player())
    if not _is_teacher(room) and (mine is None or mine.ended is None):
        abort(404)


def _deck(room: Room) -> Deck:
    """Find the deck of a room; 410 if the game has been started with others since."""
    found = next((one for one in current_game().decks.values() if one.key == room.deck), None)
    if found is None:
        abort(410)
    return found


def _public_root() -> str:
    """Give this server's address as pupils' devices can ask for it, without a slash at the end.

    A teacher on the server's own computer has it under an address that leads nowhere elsewhere.
    """
    root = urlsplit(request.url_root)
    own = _own_address() if _is_loopback(root.hostname or "") else None
    if own is None:
        return request.url_root.rstrip("/")
    port = f":{root.port}" if root.port else ""
    return f"{root.scheme}://{own}{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _own_address() -> str | None:
    """Give the address under which the local network knows this computer; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(NOWHERE)
        except OSError:
            return None
        found = str(probe.getsockname()[0])
    return None if _is_loopback(found) else found
