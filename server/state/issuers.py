"""Authorities seen that no list knows, and those the fleet has learned: statements only, each in the caller's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.devices_tables import issuer_sighting, learned_issuer


@dataclass(frozen=True, slots=True)
class SightingRow:
    """An authority, first seen at a place that leaves by a network."""

    key: str
    network: str
    place: str
    name: str
    first_ns: int


@dataclass(frozen=True, slots=True)
class Quorum:
    """How widely one authority is seen."""

    key: str
    name: str
    networks: int
    places: int
    first_ns: int
    last_ns: int


async def note(database: Database, connection: AsyncConnection, rows: Collection[SightingRow]) -> None:
    """Write sightings down; one that is there stays as it is."""
    if rows:
        await connection.execute(database.insert_or_ignore(issuer_sighting), [asdict(row) for row in rows])


async def quorums(connection: AsyncConnection, since_ns: int) -> Sequence[Quorum]:
    """Return how widely each authority not yet learned was newly seen since then."""
    column = issuer_sighting.c
    wide = func.count(distinct(column.network)), func.count(distinct(column.place))
    query = (
        select(column.key, func.max(column.name), *wide, func.min(column.first_ns), func.max(column.first_ns))
        .where(column.first_ns >= since_ns, column.key.not_in(select(learned_issuer.c.key)))
        .group_by(column.key)
        .order_by(column.key)
    )
    return [Quorum(*row) for row in await connection.execute(query)]


async def learn(database: Database, connection: AsyncConnection, key: str, name: str, now_ns: int) -> None:
    """Learn an authority; its sightings are no longer needed."""
    await connection.execute(database.insert_or_ignore(learned_issuer), {"key": key, "name": name, "learned_ns": now_ns})
    await connection.execute(delete(issuer_sighting).where(issuer_sighting.c.key == key))


async def learned(connection: AsyncConnection) -> frozenset[str]:
    """Return the keys of all learned authorities."""
    return frozenset((await connection.execute(select(learned_issuer.c.key))).scalars())
