"""What the console's page reads of the state database, and nothing it decides. Reads only; few rows, whatever the fleet's size.

`version` is cheap and changes whenever anything shown here may have changed: it is asked once a second, the rest only after a change.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, null, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.paths import StoredRun
from server.state.tables import agent, event, lease, presence, run

Version = tuple[int, ...]
RUNS_SHOWN = 2_000
"""Runs of one site on one page: 24 hours of 50 agents on 12 targets are 600 when calm; a site that flaps is cut here, newest kept."""
_RUN = [run.c[name] for name in ("id", "agent", "place", "target", "route", "verdict", "device_key", "first_ns", "last_ns", "rounds")]


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """One event as the page lists it. `made_ns` is when it was told, `at_ns` when it happened."""

    id: int
    kind: str
    severity: str
    device: str
    scope: str
    at_ns: int
    made_ns: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """One path that meets a device now: the run's id leads to its finding."""

    id: int
    device_key: str
    place: str
    agent: str
    target: str
    route: str
    verdict: str
    first_ns: int


async def version(database: Database) -> Version:
    """Return what tells a changed picture from the same one: newest event, newest report, changes of runs, agents, presences."""
    heads = select(func.max(agent.c.latest_ns), func.sum(agent.c.revision), func.count())
    async with database.reading() as connection:
        newest = await connection.scalar(select(func.max(event.c.id)))
        row = (await connection.execute(heads.select_from(agent))).one()
        placed = (await connection.execute(select(func.count(), func.max(presence.c.since_ns)).select_from(presence))).one()
    return int(newest or 0), *(int(one or 0) for one in (*row, *placed))


async def newest_events(connection: AsyncConnection, count: int) -> list[ShownEvent]:
    """Return the newest events that were told to anybody, newest first."""
    names = ("id", "kind", "severity", "device", "scope", "at_ns", "made_ns", "sentence")
    query = select(*[event.c[name] for name in names]).where(event.c.severity != "none").order_by(event.c.id.desc()).limit(count)
    return [ShownEvent(*row) for row in await connection.execute(query)]


async def devices_present(connection: AsyncConnection, since_ns: int) -> list[str]:
    """Return the ids of devices present anywhere, or absent since that moment or later."""
    lately = (presence.c.state == "absent") & (presence.c.since_ns >= since_ns)
    query = select(presence.c.device).where(or_(presence.c.state == "present", lately)).distinct().order_by(presence.c.device)
    return list((await connection.execute(query)).scalars())


async def sightings(connection: AsyncConnection, places: Collection[str], names: Collection[str]) -> list[Sighting]:
    """Return the current runs at these places that carry one of these device keys (`kind:value`). Place `endpoints` is everywhere."""
    columns = [run.c[name] for name in ("id", "device_key", "place", "agent", "target", "route", "verdict", "first_ns")]
    query = select(*columns).where(_there(places, names), run.c.current).order_by(run.c.id)
    return [Sighting(*row) for row in await connection.execute(query)]


async def last_sightings(connection: AsyncConnection, places: Collection[str], names: Collection[str]) -> dict[str, list[int]]:
    """Return, by device key, the newest run of each target at these places that ever carried it: what proves a device, left or not."""
    query = (
        select(run.c.device_key, func.max(run.c.id))
        .where(_there(places, names))
        .group_by(run.c.device_key, run.c.target)
        .order_by(run.c.device_key)
    )
    found: dict[str, list[int]] = {}
    for key, number in await connection.execute(query):
        found.setdefault(key, []).append(int(number))
    return found


def _there(places: Collection[str], names: Collection[str]) -> ColumnElement[bool]:
    """Return the condition of runs with these device keys at these places: one index begins with the place, the other is of keys only."""
    if "endpoints" in places:
        return run.c.device_key.in_(names) & (run.c.device_key != "")
    return run.c.place.in_(places) & run.c.device_key.in_(names)


async def runs_at(connection: AsyncConnection, place: str, since_ns: int) -> Sequence[StoredRun]:
    """Return the runs at a place that reach past `since_ns`, without findings, oldest first. A current run reaches to now."""
    query = select(*_RUN, null()).where(run.c.place == place, or_(run.c.last_ns >= since_ns, run.c.current))
    rows = (await connection.execute(query.order_by(run.c.first_ns.desc()).limit(RUNS_SHOWN))).all()
    return [StoredRun(*row) for row in reversed(rows)]


async def decided_until(connection: AsyncConnection, name: str) -> int:
    """Return until when the newest holder of a lease may decide, in Unix nanoseconds; 0 when there never was one."""
    return int(await connection.scalar(select(lease.c.until_ns).where(lease.c.name == name)) or 0)
