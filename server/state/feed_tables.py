"""Tables of the endpoint list and of the plans made from it, and nothing else. Times are Unix nanoseconds."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary, String, Table, UniqueConstraint, false

from server.state.tables import metadata

_row_id = BigInteger().with_variant(Integer, "sqlite")

feed = Table(
    "feed",
    metadata,
    Column("instance", String(16), primary_key=True),
    Column("guid", String(36), nullable=False),
    Column("version", String(10), nullable=False, server_default=""),
    Column("body", LargeBinary, nullable=False, server_default=""),
    Column("checked_ns", BigInteger, nullable=False, server_default="0"),
    Column("changed_ns", BigInteger, nullable=False, server_default="0"),
    Column("next_ns", BigInteger, nullable=False, server_default="0"),
    Column("free_ns", BigInteger, nullable=False, server_default="0"),
    Column("since_ns", BigInteger, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("trouble", String(256), nullable=False, server_default=""),
    Column("stale", Boolean, nullable=False, server_default=false()),
    Column("episode", Integer, nullable=False, server_default="0"),
    comment="The web service's newest answer. `free_ns`: from when a person may ask. `stale`, `episode`: told as away, how often.",
)

plan_issue = Table(
    "plan_issue",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("agent", String(63), nullable=False, index=True),
    Column("digest", String(22), nullable=False),
    Column("reason", String(256), nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("issued_ns", BigInteger, nullable=False),
    comment="Append only. An agent's plan is the highest version issued to it or to all (agent empty).",
)

plan_override = Table(
    "plan_override",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("agent", String(63), nullable=False),
    Column("reason", String(128), nullable=False),
    Column("cadence_s", Float, nullable=False),
    Column("targets", LargeBinary, nullable=False),
    Column("made_ns", BigInteger, nullable=False),
    Column("until_ns", BigInteger, nullable=False),
    UniqueConstraint("agent", "reason", name="override_once_for_a_reason"),
    comment="What an agent does besides the fleet's plan until a time. `targets`: JSON list of wire.target.Target.",
)
