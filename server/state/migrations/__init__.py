"""Alembic's revisions of the state database, forward only. `server/state/migrate.py` runs them; `tables.py` is where they lead."""
