"""Runs know when their second and third round were: what two rounds say is said then, whoever looks when.

Of runs of before it is not known (0): they count from their beginning, as they did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_COMMENT = (
    "A stretch of equal verdict and device key. `rounds` counts to 3 and stops (when: `second_ns`, `third_ns`); "
    "`last_ns` is right to ten minutes."
)
_KEPT = "id, agent, place, target, route, verdict, device_key, first_ns, last_ns, rounds, current, finding"


def upgrade() -> None:
    """Widen runs."""
    if op.get_context().dialect.name == "sqlite":
        _rebuild()
        return
    for column in _times():
        op.add_column("run", column)
    op.create_table_comment("run", _COMMENT)


def _times() -> list[sa.Column[object]]:
    return [
        sa.Column("second_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("third_ns", sa.BigInteger(), server_default="0", nullable=False),
    ]


def _rebuild() -> None:
    """Make the table anew: SQLite appends a column behind the constraints, where the statement in `tables.py` would not have it."""
    for name in ("run_of_agent", "run_of_device", "run_at_place", "run_of_key"):
        op.drop_index(name, "run")
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
        sa.Column("finding", sa.LargeBinary(), server_default="", nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent", "place", "target", "route", "first_ns", name="run_starts_once"),
        comment=_COMMENT,
    )
    op.execute(f"INSERT INTO run ({_KEPT}) SELECT {_KEPT} FROM run_before")  # noqa: S608 - no input
    op.drop_table("run_before")
    tally = ["place", "verdict", "device_key", "target", "rounds", "first_ns", "last_ns"]
    op.create_index("run_of_agent", "run", ["agent", "current", *tally], unique=False)
    op.create_index("run_of_device", "run", ["place", "device_key"], unique=False)
    op.create_index("run_at_place", "run", ["place", "target", "route"], unique=False)
    keyed = sa.text("device_key <> ''")
    op.create_index("run_of_key", "run", ["device_key"], unique=False, sqlite_where=keyed, postgresql_where=keyed)
