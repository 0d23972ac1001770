"""Sites, their networks and maintenance."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables; they begin empty, the configuration's sites apply without rows."""
    _sites()
    _networks()
    _places()
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "site_before",
        sa.Column("id", row_id, autoincrement=True, nullable=False),
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("changed_ns", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="Each entry as it was (JSON) before it was changed or deleted, and who did that when: nothing entered is lost.",
    )
    op.create_index("ix_site_before_site", "site_before", ["site"], unique=False)
    op.create_table(
        "maintenance",
        sa.Column("id", row_id, autoincrement=True, nullable=False),
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("from_ns", sa.BigInteger(), nullable=False),
        sa.Column("until_ns", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=512), nullable=False),
        sa.Column("made_by", sa.String(length=128), nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="Windows in which a site, or with an empty name the whole fleet, is muted: all is recorded, nobody is notified.",
    )
    op.create_index("maintenance_until", "maintenance", ["until_ns"], unique=False)


def _sites() -> None:
    op.create_table(
        "site",
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("address", sa.String(length=512), nullable=True),
        sa.Column("region", sa.String(length=128), nullable=True),
        sa.Column("owner", sa.String(length=256), nullable=True),
        sa.Column("criticality", sa.String(length=8), nullable=True),
        sa.Column("hours", sa.String(length=64), nullable=True),
        sa.Column("says_subnets", sa.Boolean(), nullable=False),
        sa.Column("says_egress", sa.Boolean(), nullable=False),
        sa.Column("changed_ns", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        comment="What was entered about a site. `revision` rises with each change, is never used again, and makes its ETag.",
    )


def _networks() -> None:
    op.create_table(
        "subnet",
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("prefix", sa.String(length=43), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "prefix"),
        comment="LANs of a site. Two sites may have the same one when their egress ranges tell them apart.",
    )
    op.create_table(
        "egress_range",
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("prefix", sa.String(length=43), nullable=False),
        sa.Column("circuit", sa.String(length=128), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "prefix"),
        comment="Public addresses a site leaves by, and the circuit's name.",
    )


def _places() -> None:
    op.create_table(
        "placing",
        sa.Column("agent", sa.String(length=63), nullable=False),
        sa.Column("context", sa.String(length=22), nullable=False),
        sa.Column("egress", sa.String(length=45), server_default="", nullable=False),
        sa.Column("by_hand", sa.String(length=128), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("agent", "context"),
        comment="What else decides the place of an agent's context: the egress it was first seen with, and who assigned it by hand.",
    )
    op.create_table(
        "gateway_told",
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("network", sa.String(length=43), nullable=False),
        sa.Column("gateway", sa.String(length=128), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("told_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "network", "gateway"),
        comment="Gateways (hashed) a site was told to have changed to: each is told once.",
    )
