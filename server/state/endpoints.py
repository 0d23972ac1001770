"""Where products that run on endpoints stand, agent by agent: statements only. The fleet's own row is in `presence` (`devices.py`)."""

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.devices_tables import endpoint_presence


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """Where one product stands on one agent."""

    device: str
    agent: str
    state: str
    episode: int
    since_ns: int
    seen_ns: int


_PRESENCES = select(endpoint_presence).where(endpoint_presence.c.device.in_(bindparam("devices", expanding=True)))
_PRESENCES = _PRESENCES.order_by(endpoint_presence.c.device, endpoint_presence.c.agent)
_PRESENCES_ON = _PRESENCES.where(endpoint_presence.c.agent == bindparam("agent"))


async def presences(connection: AsyncConnection, devices: Collection[str], agent: str | None = None) -> list[EndpointRow]:
    """Return where these products stand: on all agents, or on one."""
    query, where = (_PRESENCES, {}) if agent is None else (_PRESENCES_ON, {"agent": agent})
    return [EndpointRow(*row) for row in await connection.execute(query, {"devices": list(devices), **where})]


async def place_on(database: Database, connection: AsyncConnection, row: EndpointRow) -> None:
    """Store where a product stands on an agent, first or changed."""
    await connection.execute(database.insert_or_ignore(endpoint_presence), asdict(row))
    there = (endpoint_presence.c.device == row.device) & (endpoint_presence.c.agent == row.agent)
    values = {name: value for name, value in asdict(row).items() if name not in {"device", "agent"}}
    await connection.execute(update(endpoint_presence).where(there).values(values))


async def present_on(connection: AsyncConnection, device: str) -> int:
    """Return on how many agents a product is present."""
    query = select(func.count()).where(endpoint_presence.c.device == device, endpoint_presence.c.state == "present")
    return int((await connection.execute(query)).scalar_one())


async def not_retired(connection: AsyncConnection) -> list[tuple[str, str]]:
    """Return (device, agent) of each presence that time alone may change."""
    query = select(endpoint_presence.c.device, endpoint_presence.c.agent).where(endpoint_presence.c.state != "retired")
    return [(row.device, row.agent) for row in await connection.execute(query.order_by(endpoint_presence.c.seen_ns))]


async def replace(connection: AsyncConnection, devices: Collection[str], rows: Collection[EndpointRow]) -> None:
    """Put these rows in the place of all that these products have."""
    await connection.execute(delete(endpoint_presence).where(endpoint_presence.c.device.in_(devices)))
    if rows:
        await connection.execute(insert(endpoint_presence), [asdict(row) for row in rows])
