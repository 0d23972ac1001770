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
    _decided()


def _decided() -> None:
    """Add what the watcher decides of them, by which way they leave, and how to find what came lately."""
    op.create_index("ledger_received", "ledger", ["received_ns"], unique=False)
    op.create_table(
        "episode",
        sa.Column("scope", sa.String(length=256), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "kind"),
        comment="Trouble of an agent or a site, named by the event that opens it: well, doubt, bad, easing. `number` counts openings.",
    )
    op.create_table(
        "site_word",
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("next", sa.Text(), server_default="", nullable=False),
        sa.Column("next_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("site", "name"),
        comment="What is believed of a site (JSON), and what may replace it, since when: a change is believed when it is steady.",
    )
    op.create_table(
        "way",
        sa.Column("agent", sa.String(length=63), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("place", sa.String(length=256), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("seen", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=256), nullable=False),
        sa.Column("asn", sa.BigInteger(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "kind"),
        comment="By which way an agent leaves, by its newest word: `value` makes it another way, `seen` is the newest address or code.",
    )
