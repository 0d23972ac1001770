"""Findings are kept once, whatever many runs say them: runs are written again every ten minutes, and a page holds many of a narrow row.

No index holds when a run ends, or each refresh would move its entry: half of what a refresh cost (measured).
Who asks of a place's path asks for what was before, and who asks of a place asks for what is now: runs have indexes that answer that alone.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from wire.codec import content_id

revision = "0011"
down_revision = "0010"

_BEFORE = ("id", "agent", "place", "target", "route", "verdict", "device_key", "first_ns", "last_ns", "rounds", "current")
_AFTER = ("second_ns", "third_ns")
_INDEXES = ("run_of_agent", "run_of_device", "run_at_place", "run_of_key")


def upgrade() -> None:
    """Take findings out of runs, and make the indexes anew."""
    op.create_table(
        "finding",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="What the judge said, as JSON, once for all runs that say it.",
    )
    connection = op.get_bind()
    for (body,) in connection.execute(sa.text("SELECT DISTINCT finding FROM run")).fetchall():
        if body:
            plain = {"id": content_id(bytes(body)), "body": bytes(body)}
            connection.execute(sa.text("INSERT INTO finding (id, body) VALUES (:id, :body)"), plain)
    for name in _INDEXES:
        op.drop_index(name, "run")
    if op.get_context().dialect.name == "sqlite":
        _rebuild()
    else:
        _alter()
    tally = ["place", "verdict", "device_key", "target", "rounds", "first_ns"]  # not when it ends: that is written again and again
    _index("run_of_agent", ["agent", "current", *tally])
    _index("run_of_device", ["place", "device_key"])
    _index("run_at_place", ["place", "target", "route", "first_ns"])
    _index("run_now_at", ["place", "agent"], "current = 1", "current")
    _index("run_of_key", ["device_key"], "device_key <> ''", "device_key <> ''")


def _index(name: str, columns: Sequence[str], on_sqlite: str = "", on_postgresql: str = "") -> None:
    if not on_sqlite:
        op.create_index(name, "run", columns, unique=False)
        return
    op.create_index(name, "run", columns, unique=False, sqlite_where=sa.text(on_sqlite), postgresql_where=sa.text(on_postgresql))


def _alter() -> None:
    op.alter_column("run", "finding", new_column_name="body")
    op.add_column("run", sa.Column("finding", sa.String(length=22), server_default="", nullable=False))
    op.execute("UPDATE run SET finding = finding.id FROM finding WHERE finding.body = run.body")
    op.drop_column("run", "body")


def _rebuild() -> None:
    """Make the table anew: SQLite appends a column behind the constraints, where the statement in `tables.py` would not have it."""
    op.rename_table("run", "run_before")
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("agent", sa.String(length=63), nullable=False),
        sa.Column("place", sa.String(length=256), nullable=False),
        sa.Column("target", sa.String(length=260), nullable=False),
        sa.Column("route", sa.String(length=63), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("device_key", sa.String(length=256), server_default="", nullable=False),
        sa.Column("first_ns", sa.BigInteger(), nullable=False),
        sa.Column("last_ns", sa.BigInteger(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("finding", sa.String(length=22), server_default="", nullable=False),
        sa.Column("second_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("third_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent", "place", "target", "route", "first_ns", name="run_starts_once"),
        comment="A stretch of equal verdict and device key. `rounds` counts to 3 and stops (when: `second_ns`, `third_ns`); "
        "`last_ns` is right to ten minutes.",
    )
    kept = ", ".join([*_BEFORE, *_AFTER])
    taken = ", ".join(f"run_before.{name}" for name in (*_BEFORE, *_AFTER))
    op.execute(
        f"INSERT INTO run ({kept}, finding) SELECT {taken}, coalesce(finding.id, '') "  # noqa: S608 - no input
        "FROM run_before LEFT JOIN finding ON finding.body = run_before.finding"
    )
    op.drop_table("run_before")
