"""The first edition: rounds, turns and the machine's opinions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("player", sa.String(32), nullable=False),
        sa.Column("deck", sa.String(64), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rounds"),
        sa.UniqueConstraint("token", name="uq_rounds_token"),
    )
    op.create_index("ix_rounds_player", "rounds", ["player"])
    op.create_table(
        "turns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("galaxy", sa.String(512), nullable=False),
        sa.Column("truth", sa.String(64), nullable=False),
        sa.Column("machine_label", sa.String(64), nullable=False),
        sa.Column("machine_probabilities", sa.JSON(), nullable=False),
        sa.Column("guess", sa.String(64)),
        sa.Column("answered", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        sa.UniqueConstraint("round_id", "number", name="uq_turns_round_id"),
        sa.ForeignKeyConstraint(
            ["round_id"], ["rounds.id"], ondelete="CASCADE", name="fk_turns_round_id_rounds"
        ),
    )
    op.create_table(
        "opinions",
        sa.Column("picture", sa.String(64), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("probabilities", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("picture", "model", name="pk_opinions"),
    )
