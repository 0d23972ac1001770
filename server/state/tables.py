"""Every table of the state database, and nothing else. Times are Unix nanoseconds in BIGINT; ids of content are `wire.codec.content_id`.

Migrations are forward only (`server/state/migrations/`); this file is the schema they lead to, and a test holds that.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData()

_row_id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only for a column declared exactly INTEGER."""

agent = Table(
    "agent",
    metadata,
    Column("id", String(63), primary_key=True),
    Column("first_seen_ns", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default="0"),
    Column("latest_ns", BigInteger, nullable=False, server_default="0"),
    Column("place", String(256), nullable=False, server_default=""),
    Column("cadence_s", Float, nullable=False, server_default="60"),
    Column("lab", Boolean, nullable=False, server_default=false()),
    Column("software", String(64), nullable=False, server_default=""),
    comment="One row per agent, locked for each batch; `revision` rises with every change of its runs, so caches can tell.",
)

assignment = Table(
    "assignment",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("agent", String(63), nullable=False),
    Column("context", String(22), nullable=False),
    Column("site", String(256), nullable=False),
    Column("valid_from_ns", BigInteger, nullable=False),
    Column("made_ns", BigInteger, nullable=False),
    UniqueConstraint("agent", "context", "valid_from_ns"),
    comment="Append only. Which site a report belongs to, by measured time; valid only from a minute after it is made.",
)

context = Table(
    "context",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("first_seen_ns", BigInteger, nullable=False),
)

stream = Table(
    "stream",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("agent", String(63), nullable=False, index=True),
    Column("upto", BigInteger, nullable=False, server_default="0"),
    Column("beyond", Text, nullable=False, server_default="[]"),
    Column("last_seq", BigInteger, nullable=False, server_default="0"),
    Column("last_created_ns", BigInteger, nullable=False, server_default="0"),
    Column("last_digest", String(22), nullable=False, server_default=""),
    Column("opened_ns", BigInteger, nullable=False),
    Column("forks", Integer, nullable=False, server_default="0"),
    comment="The ledger's head: all up to `upto` and the ranges in `beyond` are done.",
)

ledger = Table(
    "ledger",
    metadata,
    Column("stream", String(32), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("state", String(12), nullable=False),
    Column("digest", String(22), nullable=False),
    Column("previous", String(22), nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("received_ns", BigInteger, nullable=False),
    Column("observations", Integer, nullable=False),
    comment="One row per report: state is stored or quarantined.",
)

dropped = Table(
    "dropped",
    metadata,
    Column("stream", String(32), primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("noted_ns", BigInteger, nullable=False),
    comment="Ranges an agent's full spool discarded, as it told us.",
)

facts = Table(
    "facts",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("first_seen_ns", BigInteger, nullable=False),
    Column("software", String(64), nullable=False),
    Column("plan", Integer, nullable=False),
)

certificate = Table(
    "certificate",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("der", LargeBinary, nullable=False),
    Column("first_seen_ns", BigInteger, nullable=False),
)

finding = Table(
    "finding",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    comment="What the judge said, as JSON, once for all runs that say it.",
)

run = Table(
    "run",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("agent", String(63), nullable=False),
    Column("place", String(256), nullable=False),
    Column("target", String(260), nullable=False),
    Column("route", String(63), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("device_key", String(256), nullable=False, server_default=""),
    Column("first_ns", BigInteger, nullable=False),
    Column("last_ns", BigInteger, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("finding", String(22), nullable=False, server_default=""),
    Column("second_ns", BigInteger, nullable=False, server_default="0"),
    Column("third_ns", BigInteger, nullable=False, server_default="0"),
    Index("run_of_agent", "agent", "current", "place", "verdict", "device_key", "target", "rounds", "first_ns"),
    Index("run_of_device", "place", "device_key"),
    Index("run_at_place", "place", "target", "route", "first_ns"),
    Index("run_now_at", "place", "agent", sqlite_where=text("current = 1"), postgresql_where=text("current")),
    Index("run_of_key", "device_key", sqlite_where=text("device_key <> ''"), postgresql_where=text("device_key <> ''")),
    UniqueConstraint("agent", "place", "target", "route", "first_ns", name="run_starts_once"),
    comment="A stretch of equal verdict and device key. `rounds` counts to 3 and stops (when: `second_ns`, `third_ns`); "
    "`last_ns` is right to ten minutes.",
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("run", BigInteger, nullable=True),
    Column("body", LargeBinary, nullable=False, server_default=""),
    Column("made_ns", BigInteger, nullable=False),
    comment="What the watcher has not decided yet. Kinds: run (opened or grown), clone (body: JSON), suspicion.",
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),
    Column("received_ns", BigInteger, nullable=False, index=True),
    Column("topic", String(256), nullable=False),
    Column("agent", String(63), nullable=False),
    Column("stream", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("reason", String(256), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("replay", Boolean, nullable=False),
    comment="Poison with its bytes (kind report) and points the store refused (kind point).",
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
    comment="Counts that must survive a restart: quarantine drops and the like.",
)

device = Table(
    "device",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("device_class", String(32), nullable=False),
    Column("vendor", String(128), nullable=False, server_default=""),
    Column("product", String(128), nullable=False, server_default=""),
    Column("possible", String(128), nullable=False, server_default=""),
    Column("issuer", String(512), nullable=False, server_default=""),
    Column("confidence", Float, nullable=False),
    Column("first_seen_ns", BigInteger, nullable=False),
    Column("disposition", String(12), nullable=False, server_default="undecided"),
    Column("disposed_by", String(128), nullable=False, server_default=""),
    Column("disposed_until_ns", BigInteger, nullable=False, server_default="0"),
    Column("disposed_categories", String(128), nullable=False, server_default=""),
)

device_key = Table(
    "device_key",
    metadata,
    Column("kind", String(12), primary_key=True),
    Column("value", String(240), primary_key=True),
    Column("device", String(36), nullable=False, index=True),
    comment="Rollover and merge add a key; a key belongs to one device.",
)

presence = Table(
    "presence",
    metadata,
    Column("device", String(36), primary_key=True),
    Column("place", String(256), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("episode", Integer, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("seen_ns", BigInteger, nullable=False),
    comment="State of one device at one place: candidate, present, absent, retired.",
)

event = Table(
    "event",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("severity", String(4), nullable=False),
    Column("device", String(36), nullable=False, server_default=""),
    Column("scope", String(256), nullable=False),
    Column("episode", Integer, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("made_ns", BigInteger, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("device", "scope", "kind", "episode", name="event_told_once"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("channel", String(16), nullable=False),
    Column("idempotency_key", String(128), nullable=False, unique=True),
    Column("body", LargeBinary, nullable=False),
    Column("made_ns", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_ns", BigInteger, nullable=False, server_default="0"),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("until_ns", BigInteger, nullable=False),
)
