"""Alembic's entry: runs revisions on the connection `server/state/migrate.py` gives, inside its transaction. No other way in."""

from alembic import context

from server.state.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
