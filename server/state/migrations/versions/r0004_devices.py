"""What people and the fleet say about devices."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NAMES = (("owner", 256), ("contact", 256), ("note", 0), ("deployment", 16), ("decrypting", 4), ("version", 64))


def upgrade() -> None:
    """Make the tables, a note for each device already known, and the index by which a device is found at all places."""
    _notes()
    op.create_table(
        "endpoint_presence",
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.Column("agent", sa.String(length=63), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", "agent"),
        comment="A product that runs on endpoints: where it stands on each agent. The fleet's row is in `presence`, place `endpoints`.",
    )
    _issuers()
    named = sa.text("device_key <> ''")
    op.create_index("run_of_key", "run", ["device_key"], unique=False, sqlite_where=named, postgresql_where=named)
    op.execute("INSERT INTO device_note (device, manual) SELECT id, false FROM device")


def _notes() -> None:
    texts = [
        sa.Column(name, sa.String(length=length) if length else sa.Text(), server_default="", nullable=False) for name, length in _NAMES
    ]
    op.create_table(
        "device_note",
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.String(length=12), server_default="unknown", nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("manual", sa.Boolean(), nullable=False),
        *texts,
        sa.PrimaryKeyConstraint("device"),
        comment="What people say of a device, and what its keys are unique to. `revision` rises with every act: ETags are made of it.",
    )
    op.create_table(
        "device_audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="Who decided what about a device, and when: never changed, never deleted. `detail` is JSON.",
    )
    op.create_index("device_audit_of", "device_audit", ["device", "id"], unique=False)


def _issuers() -> None:
    op.create_table(
        "issuer_sighting",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=256), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("first_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "network", "place"),
        comment="Where a public authority that no list knows was first seen, by the network the place leaves by. Kept until learned.",
    )
    op.create_table(
        "learned_issuer",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("learned_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        comment="Authorities the fleet has learned by rotation: SPKI SHA-256, hex. Judgements take them for listed.",
    )
