"""The first schema: who reports, what was reported, what it meant, what was told. Released revisions are never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    _agents()
    _ledger()
    _bodies()
    _failures()
    _runs()
    _devices()
    _telling()


def _agents() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("first_seen_ns", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("latest_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="One row per agent, locked for each batch; `revision` rises with every change of its runs, so caches can tell.",
    )
    op.create_table(
        "assignment",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("agent", sa.String(length=63), nullable=False),
        sa.Column("context", sa.String(length=22), nullable=False),
        sa.Column("site", sa.String(length=256), nullable=False),
        sa.Column("valid_from_ns", sa.BigInteger(), nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent", "context", "valid_from_ns"),
        comment="Append only. Which site a report belongs to, by measured time; valid only from a minute after it is made.",
    )
    op.create_table(
        "context",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _ledger() -> None:
    op.create_table(
        "stream",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("agent", sa.String(length=63), nullable=False),
        sa.Column("upto", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("beyond", sa.Text(), server_default="[]", nullable=False),
        sa.Column("last_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_created_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_digest", sa.String(length=22), server_default="", nullable=False),
        sa.Column("opened_ns", sa.BigInteger(), nullable=False),
        sa.Column("forks", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="The ledger's head: all up to `upto` and the ranges in `beyond` are done.",
    )
    op.create_index("ix_stream_agent", "stream", ["agent"], unique=False)
    op.create_table(
        "ledger",
        sa.Column("stream", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("digest", sa.String(length=22), nullable=False),
        sa.Column("previous", sa.String(length=22), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("received_ns", sa.BigInteger(), nullable=False),
        sa.Column("observations", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq"),
        comment="One row per report: state is stored or quarantined.",
    )
    op.create_table(
        "dropped",
        sa.Column("stream", sa.String(length=32), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("noted_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "first"),
        comment="Ranges an agent's full spool discarded, as it told us.",
    )


def _bodies() -> None:
    op.create_table(
        "facts",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen_ns", sa.BigInteger(), nullable=False),
        sa.Column("software", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _failures() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("received_ns", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(length=256), nullable=False),
        sa.Column("agent", sa.String(length=63), nullable=False),
        sa.Column("stream", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=256), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("replay", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="Poison with its bytes (kind report) and points the store refused (kind point).",
    )
    op.create_index("ix_quarantine_received_ns", "quarantine", ["received_ns"], unique=False)
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        comment="Counts that must survive a restart: quarantine drops and the like.",
    )


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
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
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent", "place", "target", "route", "first_ns", name="run_starts_once"),
        comment="A stretch of equal verdict and device key. `rounds` counts to 3 and stops; `last_ns` is right to ten minutes.",
    )
    op.create_index("run_at_place", "run", ["place", "target", "route"], unique=False)
    op.create_index("run_of_agent", "run", ["agent", "current"], unique=False)
    op.create_index("run_of_device", "run", ["place", "device_key"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), server_default="", nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="What the watcher has not decided yet. Kinds: run (opened or grown), clone (body: JSON), suspicion.",
    )


def _devices() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_class", sa.String(length=32), nullable=False),
        sa.Column("vendor", sa.String(length=128), server_default="", nullable=False),
        sa.Column("product", sa.String(length=128), server_default="", nullable=False),
        sa.Column("possible", sa.String(length=128), server_default="", nullable=False),
        sa.Column("issuer", sa.String(length=512), server_default="", nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("first_seen_ns", sa.BigInteger(), nullable=False),
        sa.Column("disposition", sa.String(length=12), server_default="undecided", nullable=False),
        sa.Column("disposed_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("disposed_until_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("disposed_categories", sa.String(length=128), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "device_key",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("value", sa.String(length=240), nullable=False),
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value"),
        comment="Rollover and merge add a key; a key belongs to one device.",
    )
    op.create_index("ix_device_key_device", "device_key", ["device"], unique=False)
    op.create_table(
        "presence",
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.Column("place", sa.String(length=256), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", "place"),
        comment="State of one device at one place: candidate, present, absent, retired.",
    )


def _telling() -> None:
    op.create_table(
        "event",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=4), nullable=False),
        sa.Column("device", sa.String(length=36), server_default="", nullable=False),
        sa.Column("scope", sa.String(length=256), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("device", "scope", "kind", "episode", name="event_told_once"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("idempotency_key", sa.String(length=128), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_ns", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idempotency_key"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("until_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
