"""Tables of the rollups: what is due, and the distributions that hours and days are merged from. Times are Unix nanoseconds."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table

from server.state.tables import metadata

_row_id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only for a column declared exactly INTEGER."""

rollup_due = Table(
    "rollup_due",
    metadata,
    Column("id", _row_id, primary_key=True, autoincrement=True),
    Column("site", String(256), nullable=False),
    Column("hour_ns", BigInteger, nullable=False),
    Column("marked_ns", BigInteger, nullable=False),
    Index("rollup_due_in_order", "hour_ns", "site"),
    comment="UTC hours of sites that have raw points nobody has summed up. Only added to: a mark set meanwhile outlives those read before.",
)

rollup_hour = Table(
    "rollup_hour",
    metadata,
    Column("site", String(256), primary_key=True),
    Column("start_ns", BigInteger, primary_key=True),
    Column("workload", String(63), primary_key=True),
    Column("route", String(63), primary_key=True),
    Column("end_ns", BigInteger, nullable=False),
    Column("kept", LargeBinary, nullable=False),
    Column("passing", LargeBinary, nullable=False),
    Index("rollup_hour_by_age", "start_ns"),
    comment="A site's local hours: counts and sketches of what lasts; of the other phases as long as raw points can change them.",
)

rollup_day = Table(
    "rollup_day",
    metadata,
    Column("site", String(256), primary_key=True),
    Column("start_ns", BigInteger, primary_key=True),
    Column("workload", String(63), primary_key=True),
    Column("route", String(63), primary_key=True),
    Column("window", String(32), primary_key=True),
    Column("end_ns", BigInteger, nullable=False),
    Column("kept", LargeBinary, nullable=False),
    Index("rollup_day_by_age", "start_ns"),
    comment="A site's local days by window: counts and sketches of what lasts.",
)

rollup_trend = Table(
    "rollup_trend",
    metadata,
    Column("site", String(256), primary_key=True),
    Column("workload", String(63), primary_key=True),
    Column("route", String(63), primary_key=True),
    Column("slower", Boolean, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("quiet", Integer, nullable=False),
    comment="What has become slower, since when, and for how many days it has not been so any more.",
)

rollup_looked = Table(
    "rollup_looked",
    metadata,
    Column("site", String(256), primary_key=True),
    Column("day_ns", BigInteger, nullable=False),
    Column("episode", Integer, nullable=False),
    comment="Up to which local day a site's trends were looked at, and how often it was told that something is slower.",
)
