"""What must be known before a device can be new: the simulated fleet's long-known devices, and every way of a real agent as clean.

Somebody at that company has acknowledged its devices long ago; here that is done as they come up.
"""

import asyncio
from collections.abc import Callable, Collection

from server.state import devices
from server.state.database import Database
from server.state.summary import reports_of
from server.watcher.devices import CLEAN_ROUNDS

LOOK_EVERY_S = 2.0
SETTLING_S = 0.5
BY = "the demo: long known at the simulated sites"


async def acknowledge_long_known(database: Database, real: Collection[str]) -> None:
    """Set every undecided device to `known` that none of these sites has, until cancelled."""
    while True:
        async with database.reading() as connection:
            found = [one for one, places in (await devices.undecided(connection)).items() if places.isdisjoint(real)]
        if found:
            async with database.writing() as connection:
                await devices.dispose(connection, found, "known", BY)
        await asyncio.sleep(LOOK_EVERY_S)


async def when_steady(database: Database, agents: Collection[str], then: Callable[[], None]) -> None:
    """Call `then` once each of these agents has so many rounds stored as make a device new (the world begins clean)."""
    waiting = list(agents)
    while waiting := [one for one in waiting if await reports_of(database, [one]) < CLEAN_ROUNDS]:  # noqa: ASYNC110 - the collector has no bell for the demo
        await asyncio.sleep(SETTLING_S)
    then()
