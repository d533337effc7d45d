"""Modes, shared rounds, timings, rooms, what the machine looked at, and rate limits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to the first edition's tables; its rounds count as rounds of ten, by their day."""
    _make_rooms()
    _widen_rounds()
    op.add_column("turns", sa.Column("picture", sa.String(64)))
    op.add_column("turns", sa.Column("model", sa.String(64)))
    op.add_column("turns", sa.Column("shown", sa.DateTime(timezone=True)))
    op.create_index("ix_turns_answered", "turns", ["answered"])
    op.add_column("opinions", sa.Column("fractions", sa.JSON()))
    op.add_column("opinions", sa.Column("heat", sa.LargeBinary()))
    op.create_table(
        "allowances",
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_allowances"),
    )
    op.create_index("ix_allowances_expires", "allowances", ["expires"])


def _make_rooms() -> None:
    op.create_table(
        "rooms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("teacher", sa.String(32), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed", sa.DateTime(timezone=True)),
        sa.Column("deck", sa.String(64), nullable=False),
        sa.Column("strength", sa.String(32), nullable=False),
        sa.Column("difficulty", sa.String(16), nullable=False),
        sa.Column("galaxies", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rooms"),
        sa.UniqueConstraint("code", name="uq_rooms_code"),
    )
    op.create_index("ix_rooms_teacher", "rooms", ["teacher"])
    op.create_index("ix_rooms_created", "rooms", ["created"])


def _widen_rounds() -> None:
    """Add columns only: to make the table anew would drop it, and with it every turn."""
    for column in (
        sa.Column("mode", sa.String(16), nullable=False, server_default="ten"),
        sa.Column("day", sa.Date(), nullable=False, server_default="1970-01-01"),
        sa.Column("seed", sa.String(64)),
        sa.Column("strength", sa.String(32), nullable=False, server_default=""),
        sa.Column("difficulty", sa.String(16), nullable=False, server_default=""),
        sa.Column("share", sa.String(16)),
        sa.Column(
            "shared_from_id",
            sa.Integer(),
            sa.ForeignKey("rounds.id", ondelete="SET NULL", name="fk_rounds_shared_from_id_rounds"),
        ),
        sa.Column(
            "room_id",
            sa.Integer(),
            sa.ForeignKey("rooms.id", ondelete="CASCADE", name="fk_rounds_room_id_rooms"),
        ),
        sa.Column("alias", sa.String(32)),
        sa.Column("seconds", sa.Integer()),
        sa.Column("ended", sa.DateTime(timezone=True)),
        sa.Column("person", sa.Integer()),
        sa.Column("machine", sa.Integer()),
    ):
        op.add_column("rounds", column, inline_references=True)
    # SQLite keeps times as text that begins with the date; a cast would take its year.
    day = "date(created)" if op.get_bind().dialect.name == "sqlite" else "CAST(created AS date)"
    op.execute(f"UPDATE rounds SET day = {day}")  # noqa: S608  (one of two constants)
    op.create_index("ix_rounds_created", "rounds", ["created"])
    op.create_index("ix_rounds_shared_from_id", "rounds", ["shared_from_id"])
    op.create_index("uq_rounds_share", "rounds", ["share"], unique=True)
    op.create_index("ix_rounds_board", "rounds", ["mode", "day", "strength", "person"])
    op.create_index("uq_rounds_room_player", "rounds", ["room_id", "player"], unique=True)
    op.create_index("uq_rounds_room_alias", "rounds", ["room_id", "alias"], unique=True)
