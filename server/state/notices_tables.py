"""Tables of alerts and letters, and nothing else. Times are Unix nanoseconds in BIGINT."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, false

from server.state.tables import metadata

_row_id = BigInteger().with_variant(Integer, "sqlite")

alert = Table(
    "alert",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("key", String(320), nullable=False),
    Column("cause", String(16), nullable=False),
    Column("severity", String(4), nullable=False),
    Column("opened_ns", BigInteger, nullable=False),
    Column("changed_ns", BigInteger, nullable=False),
    Column("closed_ns", BigInteger, nullable=False, server_default="0"),
    Column("release_ns", BigInteger, nullable=False, server_default="0"),
    Column("told_ns", BigInteger, nullable=False, server_default="0"),
    Column("told_severity", String(4), nullable=False, server_default="none"),
    Column("into", String(22), nullable=False, server_default=""),
    Column("acknowledged_by", String(128), nullable=False, server_default=""),
    Column("acknowledged_ns", BigInteger, nullable=False, server_default="0"),
    Column("told", Text, nullable=False, server_default="{}"),
    Index("alert_open", "closed_ns", "release_ns"),
    Index("alert_by_time", "opened_ns", "id"),
    comment="One cause at one site, one device, or one trouble of many sites. Open while closed_ns is 0.",
)

alert_part = Table(
    "alert_part",
    metadata,
    Column("event", BigInteger, primary_key=True, autoincrement=False),
    Column("alert", String(22), nullable=False),
    Column("what", String(8), nullable=False),
    Column("weight", String(4), nullable=False),
    Column("site", String(256), nullable=False),
    Column("noted_ns", BigInteger, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("over_ns", BigInteger, nullable=False, server_default="0"),
    Column("ends", BigInteger, nullable=False, server_default="0"),
    Column("mute", String(16), nullable=False, server_default=""),
    Column("mute_until_ns", BigInteger, nullable=False, server_default="0"),
    Column("released", Boolean, nullable=False, server_default=false()),
    Index("alert_part_of", "alert", "event"),
    Index("alert_part_noted", "noted_ns"),
    comment="Which event belongs to which alert, and what it is there.",
)

notice_seen = Table(
    "notice_seen",
    metadata,
    Column("event", BigInteger, primary_key=True, autoincrement=False),
    comment="Events folded above the cursor: with PostgreSQL a lower number may be committed later.",
)

notice_mark = Table(
    "notice_mark",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("value", BigInteger, nullable=False),
    comment="How far notices are: cursor, begin, and digest:<target> (Unix ns of its last digest).",
)

letter = Table(
    "letter",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("target", String(64), nullable=False),
    Column("key", String(22), nullable=False),
    Column("what", String(16), nullable=False),
    Column("alert", String(22), nullable=False, server_default=""),
    Column("severity", String(4), nullable=False, server_default=""),
    Column("subject", String(512), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("made_ns", BigInteger, nullable=False),
    Column("state", String(8), nullable=False, server_default="waiting"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_ns", BigInteger, nullable=False, server_default="0"),
    Column("ended_ns", BigInteger, nullable=False, server_default="0"),
    Column("trouble", String(256), nullable=False, server_default=""),
    UniqueConstraint("target", "key", name="letter_once"),
    Index("letter_due", "target", "state", "next_ns", "id"),
    Index("letter_of_alert", "alert", "id"),
    comment="What is sent to targets of notifications: waiting, sent or given up. A key is written once and sent at least once.",
)
