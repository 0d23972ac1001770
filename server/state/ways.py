"""Ways agents leave by, as rows. Statements only; the rules are `server/collector/ways.py`'s."""

from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.collector.ways import Way
from server.state.database import Database
from server.state.standing_tables import way

_COLUMNS = [way.c[name] for name in ("agent", "kind", "place", "value", "seen", "network", "asn", "since_ns", "rounds")]


async def load(connection: AsyncConnection, agents: Collection[str]) -> dict[str, dict[str, Way]]:
    """Return the ways of these agents by agent and kind; one that said nothing has none."""
    found: dict[str, dict[str, Way]] = {agent: {} for agent in agents}
    for row in await connection.execute(select(*_COLUMNS).where(way.c.agent.in_(agents))):
        found[row.agent][row.kind] = Way(*row[2:])
    return found


_EVERYBODY = select(*_COLUMNS).order_by(way.c.agent, way.c.kind)


async def everybody(connection: AsyncConnection) -> list[tuple[str, str, Way]]:
    """Return (agent, kind, way) of all agents."""
    return [(row[0], row[1], Way(*row[2:])) for row in await connection.execute(_EVERYBODY)]


async def mark(connection: AsyncConnection) -> tuple[int, int, int]:
    """Return what differs when an agent has taken another way, or one for the second time: cheaper than reading all of them."""
    query = select(func.count(), func.coalesce(func.max(way.c.since_ns), 0), func.coalesce(func.sum(way.c.rounds), 0))
    row = (await connection.execute(query)).one()
    return int(row[0]), int(row[1]), int(row[2])


async def write(database: Database, connection: AsyncConnection, changed: Mapping[tuple[str, str], Way]) -> None:
    """Store ways by (agent, kind)."""
    rows = [
        {"agent": agent, "kind": kind, "place": one.place, "value": one.value, "seen": one.seen}
        | {"network": one.network, "asn": one.asn, "since_ns": one.since_ns, "rounds": one.rounds}
        for (agent, kind), one in sorted(changed.items())
    ]
    if not rows:
        return
    insert = sqlite.insert(way) if database.is_sqlite else postgresql.insert(way)
    newer = {column.name: insert.excluded[column.name] for column in way.columns if column.name not in {"agent", "kind"}}
    await connection.execute(insert.on_conflict_do_update(index_elements=["agent", "kind"], set_=newer), rows)
