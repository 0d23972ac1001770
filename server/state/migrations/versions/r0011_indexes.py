"""Who asks of a place's path asks for what was before, and who asks of a place asks for what is now: indexes that answer that alone."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Let one index go on to the beginning of runs, and add one of current runs."""
    op.drop_index("run_at_place", "run")
    op.create_index("run_at_place", "run", ["place", "target", "route", "first_ns"], unique=False)
    yes = {"sqlite": sa.text("current = 1"), "postgresql": sa.text("current")}
    op.create_index("run_now_at", "run", ["place", "agent"], unique=False, sqlite_where=yes["sqlite"], postgresql_where=yes["postgresql"])
