"""Tables of what people and the fleet say about devices, beside what was seen of them (`tables.py`). A schema only."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from server.state.tables import metadata

_row_id = BigInteger().with_variant(Integer, "sqlite")

device_note = Table(
    "device_note",
    metadata,
    Column("device", String(36), primary_key=True),
    Column("scope", String(12), nullable=False, server_default="unknown"),
    Column("revision", BigInteger, nullable=False, server_default="0"),
    Column("manual", Boolean, nullable=False),
    Column("owner", String(256), nullable=False, server_default=""),
    Column("contact", String(256), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("deployment", String(16), nullable=False, server_default=""),
    Column("decrypting", String(4), nullable=False, server_default=""),
    Column("version", String(64), nullable=False, server_default=""),
    comment="What people say of a device, and what its keys are unique to. `revision` rises with every act: ETags are made of it.",
)

device_audit = Table(
    "device_audit",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("device", String(36), nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("who", String(128), nullable=False),
    Column("act", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    Index("device_audit_of", "device", "id"),
    comment="Who decided what about a device, and when: never changed, never deleted. `detail` is JSON.",
)

endpoint_presence = Table(
    "endpoint_presence",
    metadata,
    Column("device", String(36), primary_key=True),
    Column("agent", String(63), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("episode", Integer, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("seen_ns", BigInteger, nullable=False),
    comment="A product that runs on endpoints: where it stands on each agent. The fleet's row is in `presence`, place `endpoints`.",
)

issuer_sighting = Table(
    "issuer_sighting",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("network", String(64), primary_key=True),
    Column("place", String(256), primary_key=True),
    Column("name", String(256), nullable=False),
    Column("first_ns", BigInteger, nullable=False),
    comment="Where a public authority that no list knows was first seen, by the network the place leaves by. Kept until learned.",
)

learned_issuer = Table(
    "learned_issuer",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("name", String(256), nullable=False),
    Column("learned_ns", BigInteger, nullable=False),
    comment="Authorities the fleet has learned by rotation: SPKI SHA-256, hex. Judgements take them for listed.",
)
