"""Counters that survive a restart."""

import asyncio

from server.state import counters
from server.state.database import Database, open_database


async def test_a_counter_begins_at_nothing_and_survives(database: Database, state_url: str) -> None:
    """Raised twice, read by another process."""
    assert await counters.read(database) == {}
    for amount in (2, 40):
        async with database.writing() as connection:
            await counters.add(database, connection, "drops", amount)
    other = await open_database(state_url)
    assert await counters.read(other) == {"drops": 42}
    await other.close()


async def test_two_at_once_lose_nothing(database: Database, state_url: str) -> None:
    """The addition is the database's, so that two collectors never overwrite each other."""
    other = await open_database(state_url)

    async def raise_it(one: Database) -> None:
        for _ in range(20):
            async with one.writing() as connection:
                await counters.add(one, connection, "drops", 1)

    await asyncio.gather(raise_it(database), raise_it(other))
    assert await counters.read(database) == {"drops": 40}
    await other.close()
