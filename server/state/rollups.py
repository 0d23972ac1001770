"""Rollups in the state database: marks of what is due, hours and days with their sketches as bytes. What the bytes say lives elsewhere.

A row is replaced whole, never changed in part: whoever sums an hour up again writes the same bytes again.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.rollups_tables import rollup_day, rollup_due, rollup_hour, rollup_looked, rollup_trend

HOUR_NS = 3600 * 10**9
"""No local hour is longer."""
PARAMETERS = 10_000
"""Values of one statement: SQLite takes 32,766, PostgreSQL 65,535."""


class Mark(NamedTuple):
    """One UTC hour of one site that was touched, and when somebody said so (Unix ns)."""

    id: int
    site: str
    hour_ns: int
    marked_ns: int


@dataclass(frozen=True, slots=True)
class HourRow:
    """One local hour of one key. `kept` and `passing` are tallies as bytes (`server/watcher/rollups/tally.py`)."""

    site: str
    start_ns: int
    end_ns: int
    workload: str
    route: str
    kept: bytes
    passing: bytes


@dataclass(frozen=True, slots=True)
class DayRow:
    """One window of one local day of one key."""

    site: str
    start_ns: int
    end_ns: int
    workload: str
    route: str
    window: str
    kept: bytes


@dataclass(frozen=True, slots=True)
class TrendRow:
    """Whether one key of a site has become slower (`server/watcher/rollups/trend.py`)."""

    site: str
    workload: str
    route: str
    slower: bool
    since_ns: int
    quiet: int


async def mark(connection: AsyncConnection, touched: Collection[tuple[str, int]], now_ns: int) -> None:
    """Mark (site, UTC hour in Unix ns) as due."""
    if touched:
        rows = [{"site": site, "hour_ns": hour_ns, "marked_ns": now_ns} for site, hour_ns in sorted(touched)]
        await connection.execute(rollup_due.insert(), rows)


async def marks(connection: AsyncConnection, until_ns: int, limit: int) -> list[Mark]:
    """Return the oldest marks of hours that begin at `until_ns` at the latest."""
    query = select(rollup_due.c.id, rollup_due.c.site, rollup_due.c.hour_ns, rollup_due.c.marked_ns).where(rollup_due.c.hour_ns <= until_ns)
    rows = await connection.execute(query.order_by(rollup_due.c.hour_ns, rollup_due.c.site, rollup_due.c.id).limit(limit))
    return [Mark(*row) for row in rows]


async def unmark(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Take away the marks that were read; those set since stay."""
    for first in range(0, len(ids), PARAMETERS):
        await connection.execute(delete(rollup_due).where(rollup_due.c.id.in_(ids[first : first + PARAMETERS])))


async def hours(connection: AsyncConnection, site: str, start_ns: int, end_ns: int) -> list[HourRow]:
    """Return a site's local hours that begin in [start, end), oldest first."""
    query = select(rollup_hour).where(rollup_hour.c.site == site, rollup_hour.c.start_ns >= start_ns, rollup_hour.c.start_ns < end_ns)
    rows = await connection.execute(query.order_by(rollup_hour.c.start_ns, rollup_hour.c.workload, rollup_hour.c.route))
    return [HourRow(**row) for row in rows.mappings()]


async def hours_at(connection: AsyncConnection, site: str, key: tuple[str, str], starts: Sequence[int]) -> list[HourRow]:
    """Return the hours of one (workload, route) of a site that begin at these times."""
    found: list[HourRow] = []
    for first in range(0, len(starts), PARAMETERS):
        query = select(rollup_hour).where(rollup_hour.c.site == site, rollup_hour.c.start_ns.in_(starts[first : first + PARAMETERS]))
        query = query.where(rollup_hour.c.workload == key[0], rollup_hour.c.route == key[1]).order_by(rollup_hour.c.start_ns)
        found += [HourRow(**row) for row in (await connection.execute(query)).mappings()]
    return found


async def days(connection: AsyncConnection, site: str, start_ns: int, end_ns: int, window: str = "") -> list[DayRow]:
    """Return a site's local days that begin in [start, end), oldest first; of one window, or of all."""
    query = select(rollup_day).where(rollup_day.c.site == site, rollup_day.c.start_ns >= start_ns, rollup_day.c.start_ns < end_ns)
    if window:
        query = query.where(rollup_day.c.window == window)
    columns = rollup_day.c.start_ns, rollup_day.c.workload, rollup_day.c.route, rollup_day.c.window
    return [DayRow(**row) for row in (await connection.execute(query.order_by(*columns))).mappings()]


async def replace_hours(connection: AsyncConnection, site: str, stretches: Iterable[tuple[int, int]], rows: Sequence[HourRow]) -> None:
    """Put these rows in place of all that overlaps the stretches: after a site's zone was changed its hours begin elsewhere."""
    for start_ns, end_ns in stretches:
        of_it = rollup_hour.c.site == site, rollup_hour.c.start_ns < end_ns, rollup_hour.c.start_ns > start_ns - HOUR_NS
        await connection.execute(delete(rollup_hour).where(*of_it, rollup_hour.c.end_ns > start_ns))
    if rows:
        await connection.execute(rollup_hour.insert(), [asdict(row) for row in rows])


async def replace_days(connection: AsyncConnection, site: str, stretches: Iterable[tuple[int, int]], rows: Sequence[DayRow]) -> None:
    """Put these rows in place of the days that begin in the stretches."""
    for start_ns, end_ns in stretches:
        of_it = rollup_day.c.site == site, rollup_day.c.start_ns >= start_ns, rollup_day.c.start_ns < end_ns
        await connection.execute(delete(rollup_day).where(*of_it))
    if rows:
        await connection.execute(rollup_day.insert(), [asdict(row) for row in rows])


async def tidy(connection: AsyncConnection, passing_ns: int, hours_ns: int, days_ns: int) -> None:
    """Forget what is older than these times: first the phases that pass, then the hours, then the days."""
    old = rollup_hour.c.start_ns < passing_ns, rollup_hour.c.passing != b""
    await connection.execute(update(rollup_hour).where(*old).values(passing=b""))
    await connection.execute(delete(rollup_hour).where(rollup_hour.c.start_ns < hours_ns))
    await connection.execute(delete(rollup_day).where(rollup_day.c.start_ns < days_ns))


async def sites(connection: AsyncConnection) -> list[tuple[str, int]]:
    """Return every site with days, and when its newest day begins (Unix ns)."""
    query = select(rollup_day.c.site, func.max(rollup_day.c.start_ns)).group_by(rollup_day.c.site).order_by(rollup_day.c.site)
    return [(site, newest_ns) for site, newest_ns in await connection.execute(query)]


async def looked_at(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
    """Return for each site the start of the newest day whose trends were looked at (Unix ns), and how often it was told of one."""
    return {row.site: (row.day_ns, row.episode) for row in await connection.execute(select(rollup_looked))}


async def trends(connection: AsyncConnection, site: str) -> list[TrendRow]:
    """Return a site's trends that are known."""
    query = select(rollup_trend).where(rollup_trend.c.site == site).order_by(rollup_trend.c.workload, rollup_trend.c.route)
    return [TrendRow(**row) for row in (await connection.execute(query)).mappings()]


async def keep_look(connection: AsyncConnection, site: str, day_ns: int, episode: int, rows: Sequence[TrendRow]) -> None:
    """Keep what came of a look at a site's trends: these rows in place of those of their keys, and that the day was looked at."""
    for row in rows:
        key = rollup_trend.c.site == site, rollup_trend.c.workload == row.workload, rollup_trend.c.route == row.route
        await connection.execute(delete(rollup_trend).where(*key))
    if rows:
        await connection.execute(rollup_trend.insert(), [asdict(row) for row in rows])
    await connection.execute(delete(rollup_looked).where(rollup_looked.c.site == site))
    await connection.execute(rollup_looked.insert(), {"site": site, "day_ns": day_ns, "episode": episode})
