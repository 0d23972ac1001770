"""The simulated fleet's long-known devices: somebody at that company has acknowledged them long ago; here that is done as they come up."""

import asyncio
from collections.abc import Collection

from server.state import devices
from server.state.database import Database

LOOK_EVERY_S = 2.0
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
