"""The endpoint service's newest answer and the plans made from it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the list's row for each instance, the plans issued and what single agents do besides."""
    op.create_table(
        "feed",
        sa.Column("instance", sa.String(length=16), nullable=False),
        sa.Column("guid", sa.String(length=36), nullable=False),
        sa.Column("version", sa.String(length=10), server_default="", nullable=False),
        sa.Column("body", sa.LargeBinary(), server_default="", nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
            for name in ("checked_ns", "changed_ns", "next_ns", "free_ns", "since_ns")
        ),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", sa.String(length=256), server_default="", nullable=False),
        sa.Column("stale", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("episode", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("instance"),
        comment="The web service's newest answer. `free_ns`: from when a person may ask. `stale`, `episode`: told as away, how often.",
    )
    op.create_table(
        "plan_issue",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("agent", sa.String(length=63), nullable=False),
        sa.Column("digest", sa.String(length=22), nullable=False),
        sa.Column("reason", sa.String(length=256), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("issued_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
        comment="Append only. An agent's plan is the highest version issued to it or to all (agent empty).",
    )
    op.create_index("ix_plan_issue_agent", "plan_issue", ["agent"], unique=False)
    op.create_table(
        "plan_override",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("agent", sa.String(length=63), nullable=False),
        sa.Column("reason", sa.String(length=128), nullable=False),
        sa.Column("cadence_s", sa.Float(), nullable=False),
        sa.Column("targets", sa.LargeBinary(), nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.Column("until_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent", "reason", name="override_once_for_a_reason"),
        comment="What an agent does besides the fleet's plan until a time. `targets`: JSON list of wire.target.Target.",
    )
