"""The tables of sites, their networks and their maintenance. Nothing else; statements are in `sites.py` and `maintenance.py`.

A column that may be NULL is something an entry may leave unsaid: the configuration's word stands then (`server/fleet/entries.py`).
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, String, Table

from server.state.tables import metadata

_row_id = BigInteger().with_variant(Integer, "sqlite")

site = Table(
    "site",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("origin", String(8), nullable=False),
    Column("latitude", Float, nullable=True),
    Column("longitude", Float, nullable=True),
    Column("zone", String(64), nullable=True),
    Column("address", String(512), nullable=True),
    Column("region", String(128), nullable=True),
    Column("owner", String(256), nullable=True),
    Column("criticality", String(8), nullable=True),
    Column("hours", String(64), nullable=True),
    Column("says_subnets", Boolean, nullable=False),
    Column("says_egress", Boolean, nullable=False),
    Column("changed_ns", BigInteger, nullable=False),
    Column("changed_by", String(128), nullable=False),
    comment="What was entered about a site. `revision` rises with each change, is never used again, and makes its ETag.",
)

subnet = Table(
    "subnet",
    metadata,
    Column("site", String(256), primary_key=True),
    Column("prefix", String(43), primary_key=True),
    Column("position", Integer, nullable=False),
    comment="LANs of a site. Two sites may have the same one when their egress ranges tell them apart.",
)

egress_range = Table(
    "egress_range",
    metadata,
    Column("site", String(256), primary_key=True),
    Column("prefix", String(43), primary_key=True),
    Column("circuit", String(128), nullable=False),
    Column("position", Integer, nullable=False),
    comment="Public addresses a site leaves by, and the circuit's name.",
)

site_before = Table(
    "site_before",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("site", String(256), nullable=False, index=True),
    Column("revision", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("changed_ns", BigInteger, nullable=False),
    Column("changed_by", String(128), nullable=False),
    comment="Each entry as it was (JSON) before it was changed or deleted, and who did that when: nothing entered is lost.",
)

placing = Table(
    "placing",
    metadata,
    Column("agent", String(63), primary_key=True),
    Column("context", String(22), primary_key=True),
    Column("egress", String(45), nullable=False, server_default=""),
    Column("by_hand", String(128), nullable=False, server_default=""),
    comment="What else decides the place of an agent's context: the egress it was first seen with, and who assigned it by hand.",
)

gateway_told = Table(
    "gateway_told",
    metadata,
    Column("site", String(256), primary_key=True),
    Column("network", String(43), primary_key=True),
    Column("gateway", String(128), primary_key=True),
    Column("episode", Integer, nullable=False),
    Column("told_ns", BigInteger, nullable=False),
    comment="Gateways (hashed) a site was told to have changed to: each is told once.",
)

maintenance = Table(
    "maintenance",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("site", String(256), nullable=False),
    Column("from_ns", BigInteger, nullable=False),
    Column("until_ns", BigInteger, nullable=False),
    Column("reason", String(512), nullable=False),
    Column("made_by", String(128), nullable=False),
    Column("made_ns", BigInteger, nullable=False),
    Index("maintenance_until", "until_ns"),
    comment="Windows in which a site, or with an empty name the whole fleet, is muted: all is recorded, nobody is notified.",
)
