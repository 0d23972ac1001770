"""Alerts and what was sent about them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables of alerts, of how far notices are, and of letters."""
    _alerts()
    _marks()
    _letters()


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("key", sa.String(length=320), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("severity", sa.String(length=4), nullable=False),
        sa.Column("opened_ns", sa.BigInteger(), nullable=False),
        sa.Column("changed_ns", sa.BigInteger(), nullable=False),
        sa.Column("closed_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("release_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("told_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("told_severity", sa.String(length=4), server_default="none", nullable=False),
        sa.Column("into", sa.String(length=22), server_default="", nullable=False),
        sa.Column("acknowledged_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("acknowledged_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("told", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="One cause at one site, one device, or one trouble of many sites. Open while closed_ns is 0.",
    )
    op.create_index("alert_by_time", "alert", ["opened_ns", "id"], unique=False)
    op.create_index("alert_open", "alert", ["closed_ns", "release_ns"], unique=False)
    op.create_table(
        "alert_part",
        sa.Column("event", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("alert", sa.String(length=22), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("weight", sa.String(length=4), nullable=False),
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("noted_ns", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("over_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ends", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("mute", sa.String(length=16), server_default="", nullable=False),
        sa.Column("mute_until_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("released", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("event"),
        comment="Which event belongs to which alert, and what it is there.",
    )
    op.create_index("alert_part_noted", "alert_part", ["noted_ns"], unique=False)
    op.create_index("alert_part_of", "alert_part", ["alert", "event"], unique=False)


def _marks() -> None:
    op.create_table(
        "notice_mark",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        comment="How far notices are: cursor, begin, and digest:<target> (Unix ns of its last digest).",
    )
    op.create_table(
        "notice_seen",
        sa.Column("event", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("event"),
        comment="Events folded above the cursor: with PostgreSQL a lower number may be committed later.",
    )


def _letters() -> None:
    op.create_table(
        "letter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=22), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("alert", sa.String(length=22), server_default="", nullable=False),
        sa.Column("severity", sa.String(length=4), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=512), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="waiting", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ended_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("trouble", sa.String(length=256), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("target", "key", name="letter_once"),
        comment="What is sent to targets of notifications: waiting, sent or given up. A key is written once and sent at least once.",
    )
    op.create_index("letter_due", "letter", ["target", "state", "next_ns", "id"], unique=False)
    op.create_index("letter_of_alert", "letter", ["alert", "id"], unique=False)
