"""Hours and days that must be summed up, and their sketches."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_HOUR = "A site's local hours: counts and sketches of what lasts; of the other phases as long as raw points can change them."
_DUE = "UTC hours of sites that have raw points nobody has summed up. Only added to: a mark set meanwhile outlives those read before."


def upgrade() -> None:
    """Make the tables; they begin empty. Hours from before are summed up on demand: `middlewatch-server rollup recompute`."""
    op.create_table(
        "rollup_due",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("hour_ns", sa.BigInteger(), nullable=False),
        sa.Column("marked_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment=_DUE,
    )
    op.create_index("rollup_due_in_order", "rollup_due", ["hour_ns", "site"], unique=False)
    op.create_table(
        "rollup_hour",
        *_key(),
        sa.Column("end_ns", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.LargeBinary(), nullable=False),
        sa.Column("passing", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site", "start_ns", "workload", "route"),
        comment=_HOUR,
    )
    op.create_index("rollup_hour_by_age", "rollup_hour", ["start_ns"], unique=False)
    op.create_table(
        "rollup_day",
        *_key(),
        sa.Column("window", sa.String(length=32), nullable=False),
        sa.Column("end_ns", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site", "start_ns", "workload", "route", "window"),
        comment="A site's local days by window: counts and sketches of what lasts.",
    )
    op.create_index("rollup_day_by_age", "rollup_day", ["start_ns"], unique=False)
    _trends()


def _trends() -> None:
    op.create_table(
        "rollup_trend",
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("workload", sa.String(length=63), nullable=False),
        sa.Column("route", sa.String(length=63), nullable=False),
        sa.Column("slower", sa.Boolean(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("quiet", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "workload", "route"),
        comment="What has become slower, since when, and for how many days it has not been so any more.",
    )
    op.create_table(
        "rollup_looked",
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("day_ns", sa.BigInteger(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site"),
        comment="Up to which local day a site's trends were looked at, and how often it was told that something is slower.",
    )


def _key() -> list[sa.Column[object]]:
    return [
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("start_ns", sa.BigInteger(), nullable=False),
        sa.Column("workload", sa.String(length=63), nullable=False),
        sa.Column("route", sa.String(length=63), nullable=False),
    ]
