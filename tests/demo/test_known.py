"""Devices of simulated sites are acknowledged; what stands at a real site stays undecided."""

import asyncio
from pathlib import Path

from demo.known import BY, acknowledge_long_known
from server.state import devices
from tests.fakes.state import fresh


async def test_only_simulated_ones(tmp_path: Path) -> None:
    """A device that only simulated sites have becomes `known`, by the demo; one that a real site has too is left to people."""
    database = await fresh(tmp_path)
    async with database.writing() as connection:
        for device, places in (("a", ["Osaka", "Tokyo"]), ("b", ["Osaka", "Porto"])):
            await devices.add(connection, devices.DeviceRow(device))
            for place in places:
                await devices.place_at(database, connection, devices.PresenceRow(device, place, "present", 1, 1, 1))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(acknowledge_long_known(database, ["Frankfurt", "Porto"]), name="known")
        for _ in range(1000):
            async with database.reading() as connection:
                rows = await devices.load(connection, ["a", "b"])
            if rows["a"].disposition == "known":
                break
            await asyncio.sleep(0)
        task.cancel()
    assert {one: (row.disposition, row.disposed_by) for one, row in rows.items()} == {"a": ("known", BY), "b": ("undecided", "")}
    await database.close()
