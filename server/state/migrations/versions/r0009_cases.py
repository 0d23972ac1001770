"""Bypass cases, their lines (one host at one site) and their log."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the three tables."""
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "bypass_case",
        sa.Column("id", row_id, autoincrement=True, nullable=False),
        sa.Column("ticket", sa.String(length=128), server_default="", nullable=False),
        sa.Column("title", sa.String(length=256), nullable=False),
        sa.Column("opened_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("opened_ns", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("changed_ns", sa.BigInteger(), nullable=False),
        sa.Column("reminded_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("openings", sa.Integer(), server_default="1", nullable=False),
        sa.Column("proofs", sa.Integer(), server_default="0", nullable=False),
        sa.Column("returns", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reminders", sa.Integer(), server_default="0", nullable=False),
        sa.Column("closed_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("closed_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("report", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment=_CASE,
    )
    op.create_index("ix_bypass_case_state", "bypass_case", ["state"], unique=False)
    op.create_table("case_line", *_line(), sa.PrimaryKeyConstraint("case", "site", "host"), comment=_LINE)
    op.create_table(
        "case_entry",
        sa.Column("id", row_id, autoincrement=True, nullable=False),
        sa.Column("case", sa.BigInteger(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="The case's own log: what people wrote, and what was found. Append only.",
    )
    op.create_index("case_entry_of", "case_entry", ["case", "id"], unique=False)


_CASE = "From `please bypass` to `proved`. State: open, proved, broken, closed. `proofs`, `returns`, `reminders` number what was told."
_LINE = "One host at one site of a case. State: unknown, held, clearing, bypassed. `cleared`: it was bypassed, so held is a return."


def _line() -> list[sa.Column[object]]:
    return [
        sa.Column("case", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="unknown", nullable=False),
        sa.Column("verdict", sa.String(length=16), server_default="", nullable=False),
        sa.Column("held_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("until_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("clean_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("agree", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reporting", sa.Integer(), server_default="0", nullable=False),
        sa.Column("waiting", sa.Text(), server_default="", nullable=False),
        sa.Column("device_key", sa.String(length=256), server_default="", nullable=False),
        sa.Column("cleared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("returns", sa.Integer(), server_default="0", nullable=False),
    ]
