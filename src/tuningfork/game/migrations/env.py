"""Run the migrations on the connection that the store gives; Alembic looks for this file."""

from __future__ import annotations

from alembic import context

from tuningfork.game.schema import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
# The transaction is the store's own: all steps together, or none.
context.run_migrations()
