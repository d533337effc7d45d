"""What the game keeps: rounds, their turns, rooms, and the machine's opinions.

Nothing here is about a person. A player is 128 random bits from a signed cookie; in a room a
pupil goes by a star's name that the game gives, not by one of their own.

A round in progress can be finished on another process: what a page needs is in these rows or
follows from them and from the deck. Two rules hold it together:

* the first guess of a turn counts: ``guess`` is written where it is null, and never again;
* a round takes guesses until ``Round.ended`` is set, which happens once, with its points.

A change of this file needs a migration (``migrations/versions``); a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class Moment(TypeDecorator[datetime]):
    """A time with its zone, kept as UTC: SQLite knows no zones, PostgreSQL has its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Bring a time of any zone to UTC; one without a zone is refused with ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time in UTC, with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every constraint has a name, so that a migration can speak of it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Round(Base):
    """Some galaxies of one deck, drawn for one player.

    What a player has seen of a deck is what the turns of the player's rounds of that deck hold:
    there is no table of it. Rounds of a streak may get turns as they go on.
    """

    __tablename__ = "rounds"
    __table_args__ = (
        Index("uq_rounds_share", "share", unique=True),
        Index("ix_rounds_board", "mode", "day", "strength", "person"),
        # Null is unlike null, so that these bind rounds of rooms only.
        Index("uq_rounds_room_player", "room_id", "player", unique=True),
        Index("uq_rounds_room_alias", "room_id", "alias", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    """In the round's address; only its player's cookie opens it."""
    player: Mapped[str] = mapped_column(String(32), index=True)
    deck: Mapped[str] = mapped_column(String(64))
    """``Deck.key`` of the galaxies."""
    created: Mapped[datetime] = mapped_column(Moment, default=now, index=True)
    mode: Mapped[str] = mapped_column(String(16), default="ten")
    """A name in ``modes.MODES``."""
    day: Mapped[date] = mapped_column(default=lambda: now().date())
    """Of the daily challenge, its date; else the day on which the round began. Both in UTC. The
    board of a mode and day is asked by these two."""
    seed: Mapped[str | None] = mapped_column(String(64))
    """What the draw followed from, where it can be drawn again (the daily challenge)."""
    strength: Mapped[str] = mapped_column(String(32), default="")
    """Name of the opponent's strength; empty in rounds of the first edition."""
    difficulty: Mapped[str] = mapped_column(String(16), default="")
    """Name of the difficulty; empty for galaxies of any."""
    share: Mapped[str | None] = mapped_column(String(16))
    """In the address that lets a friend play the same galaxies; null until it is asked for."""
    shared_from_id: Mapped[int | None] = mapped_column(
        ForeignKey("rounds.id", ondelete="SET NULL"), index=True
    )
    """The friend's round whose galaxies these are."""
    room_id: Mapped[int | None] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    alias: Mapped[str | None] = mapped_column(String(32))
    """What the pupil is called on the room's board."""
    seconds: Mapped[int | None]
    """How long a timed round lasts from the first ``Turn.shown``."""
    ended: Mapped[datetime | None] = mapped_column(Moment)
    """When the last galaxy was answered, the third one missed, the time up, or the room closed.
    Rounds of the first edition have none though all their turns may be answered."""
    person: Mapped[int | None]
    """The person's points, counted once when the round ended."""
    machine: Mapped[int | None]
    """The machine's points over the same galaxies."""

    turns: Mapped[list[Turn]] = relationship(
        back_populates="round",
        order_by="Turn.number",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )
    room: Mapped[Room | None] = relationship(back_populates="rounds")
    shared_from: Mapped[Round | None] = relationship(remote_side="Round.id")


class Turn(Base):
    """One galaxy of a round: the truth, the machine's answer and, once given, the person's."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("round_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id", ondelete="CASCADE"))
    number: Mapped[int]
    """From 1."""
    galaxy: Mapped[str] = mapped_column(String(512))
    """The id in the deck."""
    picture: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the encoded picture; with ``model`` it names the machine's ``Opinion``."""
    model: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the network that answered (``Machine.identity``)."""
    truth: Mapped[str] = mapped_column(String(64))
    machine_label: Mapped[str] = mapped_column(String(64))
    machine_probabilities: Mapped[dict[str, float]] = mapped_column(JSON)
    guess: Mapped[str | None] = mapped_column(String(64))
    shown: Mapped[datetime | None] = mapped_column(Moment)
    """When the galaxy's page was first sent."""
    answered: Mapped[datetime | None] = mapped_column(Moment, index=True)
    round: Mapped[Round] = relationship(back_populates="turns")


class Room(Base):
    """A class of pupils that play the same galaxies.

    Every pupil has a round of mode ``room`` with the room's id. While it is open pupils join and
    play; ``closed`` ends their rounds, and only then are its results shown.
    """

    __tablename__ = "rooms"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    """What pupils type or scan."""
    teacher: Mapped[str] = mapped_column(String(32), index=True)
    """The player that opened it: the same random bits of a cookie."""
    created: Mapped[datetime] = mapped_column(Moment, default=now, index=True)
    closed: Mapped[datetime | None] = mapped_column(Moment)
    deck: Mapped[str] = mapped_column(String(64))
    strength: Mapped[str] = mapped_column(String(32), default="")
    difficulty: Mapped[str] = mapped_column(String(16), default="")
    galaxies: Mapped[list[str]] = mapped_column(JSON)
    """Ids in the deck, in the order in which everyone gets them."""
    rounds: Mapped[list[Round]] = relationship(
        back_populates="room",
        order_by="Round.id",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )


class Opinion(Base):
    """What one model says of one picture, both named by their SHA-256."""

    __tablename__ = "opinions"

    picture: Mapped[str] = mapped_column(String(64), primary_key=True)
    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    label: Mapped[str] = mapped_column(String(64))
    probabilities: Mapped[dict[str, float]] = mapped_column(JSON)
    fractions: Mapped[list[float] | None] = mapped_column(JSON)
    """The 37 weighted vote fractions in the order of the card's columns, if it gives any."""
    heat: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The class activations of the same run, if the network gives them, as an encoded file."""


class Allowance(Base):
    """How often something was asked within a window of time, for the rate limits."""

    __tablename__ = "allowances"

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    count: Mapped[int]
    expires: Mapped[datetime] = mapped_column(Moment, index=True)
