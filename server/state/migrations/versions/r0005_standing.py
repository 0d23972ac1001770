"""How agents and sites stand: stretches of trouble by agents' own reports, and their newest word of plan and root bundles."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the tables; agents fill them with their next reports."""
    op.create_table(
        "condition",
        sa.Column("agent", sa.String(length=63), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("first_ns", sa.BigInteger(), nullable=False),
        sa.Column("until_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("detail", sa.String(length=256), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("agent", "kind", "first_ns"),
        comment="A stretch during which something is wrong with an agent, by its own reports. `until_ns` 0: it goes on.",
    )
    op.create_index("condition_goes_on", "condition", ["until_ns", "kind"], unique=False)
    op.create_table(
        "agent_word",
        sa.Column("agent", sa.String(length=63), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("roots", sa.Text(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agent"),
        comment="What an agent said last of its plan and its root bundles (JSON); `since_ns`: when it first said so.",
    )
