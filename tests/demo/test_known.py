"""Devices of simulated sites are acknowledged; what stands at a real site stays undecided. A device may come when the ways are known."""

import asyncio
from pathlib import Path

import pytest

from demo.known import BY, acknowledge_long_known, when_steady
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


async def test_steady_when_each_agent_has_two_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slowest agent decides; what the others have does not help."""
    stored = {"porto-01": iter([5]), "lyon-01": iter([0, 1, 2])}
    asked: list[str] = []

    async def reports(_: object, agents: list[str]) -> int:
        asked.extend(agents)
        return next(stored[agents[0]])

    monkeypatch.setattr("demo.known.reports_of", reports)
    monkeypatch.setattr("demo.known.SETTLING_S", 0)
    done: list[bool] = []
    database = await fresh(tmp_path)
    await when_steady(database, ["porto-01", "lyon-01"], lambda: done.append(True))
    await database.close()
    assert (done, asked) == ([True], ["porto-01", *["lyon-01"] * 3])
