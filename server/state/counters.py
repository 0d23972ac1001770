"""Counts that must survive a restart."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.tables import counter


async def add(database: Database, connection: AsyncConnection, name: str, amount: int) -> None:
    """Raise a counter in the caller's transaction; it begins at 0."""
    await connection.execute(database.insert_or_ignore(counter), [{"name": name, "value": 0}])
    await connection.execute(update(counter).where(counter.c.name == name).values(value=counter.c.value + amount))


async def read(database: Database) -> dict[str, int]:
    """Return all counters."""
    async with database.reading() as connection:
        return {row.name: row.value for row in await connection.execute(select(counter))}


async def value(connection: AsyncConnection, name: str) -> int:
    """Return one counter in the caller's transaction; 0 before it was ever raised."""
    return int((await connection.execute(select(counter.c.value).where(counter.c.name == name))).scalar_one_or_none() or 0)
