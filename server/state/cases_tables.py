"""Tables of bypass cases, and nothing else. Times are Unix nanoseconds; 0 is "not yet" or "never"."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, false

from server.state.tables import metadata

_row_id = BigInteger().with_variant(Integer, "sqlite")

bypass_case = Table(
    "bypass_case",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("ticket", String(128), nullable=False, server_default=""),
    Column("title", String(256), nullable=False),
    Column("opened_by", String(128), nullable=False, server_default=""),
    Column("opened_ns", BigInteger, nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("changed_ns", BigInteger, nullable=False),
    Column("reminded_ns", BigInteger, nullable=False, server_default="0"),
    Column("openings", Integer, nullable=False, server_default="1"),
    Column("proofs", Integer, nullable=False, server_default="0"),
    Column("returns", Integer, nullable=False, server_default="0"),
    Column("reminders", Integer, nullable=False, server_default="0"),
    Column("closed_ns", BigInteger, nullable=False, server_default="0"),
    Column("closed_by", String(128), nullable=False, server_default=""),
    Column("report", Text, nullable=False, server_default=""),
    comment="From `please bypass` to `proved`. State: open, proved, broken, closed. `proofs`, `returns`, `reminders` number what was told.",
)

case_line = Table(
    "case_line",
    metadata,
    Column("case", BigInteger, primary_key=True, autoincrement=False),
    Column("site", String(256), primary_key=True),
    Column("host", String(253), primary_key=True),
    Column("state", String(12), nullable=False, server_default="unknown"),
    Column("verdict", String(16), nullable=False, server_default=""),
    Column("held_ns", BigInteger, nullable=False, server_default="0"),
    Column("until_ns", BigInteger, nullable=False, server_default="0"),
    Column("clean_ns", BigInteger, nullable=False, server_default="0"),
    Column("agree", Integer, nullable=False, server_default="0"),
    Column("reporting", Integer, nullable=False, server_default="0"),
    Column("waiting", Text, nullable=False, server_default=""),
    Column("device_key", String(256), nullable=False, server_default=""),
    Column("cleared", Boolean, nullable=False, server_default=false()),
    Column("returns", Integer, nullable=False, server_default="0"),
    comment="One host at one site of a case. State: unknown, held, clearing, bypassed. `cleared`: it was bypassed, so held is a return.",
)

case_entry = Table(
    "case_entry",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("case", BigInteger, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("by", String(128), nullable=False, server_default=""),
    Column("kind", String(12), nullable=False),
    Column("text", Text, nullable=False),
    Index("case_entry_of", "case", "id"),
    comment="The case's own log: what people wrote, and what was found. Append only.",
)
