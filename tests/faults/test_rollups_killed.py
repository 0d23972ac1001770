"""SIGKILL of a watcher that sums up, at fifty seeded moments of the night the clocks turn in three zones: the rollups are the same.

The child is a whole watcher's duty over a state database and a history on disk, forked from this process: no moment goes to imports.
"""

import asyncio
import multiprocessing
import random
from pathlib import Path

import pytest

from server.fleet.registry import Registry, Site
from server.history.embedded import Embedded
from server.history.port import Point
from server.state import rollups
from server.state.database import open_database
from server.state.rollups import DayRow, HourRow
from server.watcher.leading import LEASE_NS, Leadership
from server.watcher.rollups.duty import RollupDuty
from server.watcher.rollups.local_time import HOUR_NS
from server.watcher.rollups.tally import FIGURES
from tests.fakes.moments import ns
from tests.fakes.probes_stored import MINUTE_NS, probes
from tests.fakes.state import fresh

KILLS = 50
NOW_NS = ns("2026-11-02T12:00")
NIGHTS = {"Berlin": ("Europe/Berlin", "2026-10-24T22:00"), "New York": ("America/New_York", "2026-11-01T03:00")}
NIGHTS |= {"St. John's": ("America/St_Johns", "2026-11-01T01:30")}
"""Site, zone, and a UTC time some hours before its clocks turn; Newfoundland is half an hour off."""
REGISTRY = Registry({site: Site(site, zone=zone) for site, (zone, _) in NIGHTS.items()})
HOURS = 8
LONGEST_S = 1.0
"""Of a try; undisturbed, all is summed up in about half of it."""

Kept = tuple[list[HourRow], list[DayRow], list[Point]]


async def prepare(folder: Path) -> None:
    """Store what was measured in those nights."""
    history = Embedded(folder / "history.db", clock=lambda: NOW_NS)
    for site, (_, start) in NIGHTS.items():
        first_ns = ns(start)
        assert await history.write("mw_raw", list(probes(site, "a1", first_ns, first_ns + HOURS * HOUR_NS, step_ns=2 * MINUTE_NS))) == []
    await history.close()
    await (await fresh(folder)).close()


async def mark(folder: Path) -> None:
    """Mark every hour of those nights as touched."""
    database = await open_database(f"sqlite+aiosqlite:///{folder}/state.db")
    async with database.writing() as transaction:
        hours = {
            (site, ns(start) // HOUR_NS * HOUR_NS + hour * HOUR_NS) for site, (_, start) in NIGHTS.items() for hour in range(HOURS + 1)
        }
        await rollups.mark(transaction, hours, 0)
    await database.close()


async def work(folder: Path, turn: int) -> None:
    """Be a watcher that has just taken over, and sum up what is due."""
    database, history = await open_database(f"sqlite+aiosqlite:///{folder}/state.db"), Embedded(folder / "history.db", clock=lambda: NOW_NS)
    lead = Leadership(database, f"watcher {turn}", lambda: NOW_NS + turn * LEASE_NS)
    assert await lead.lead()
    await RollupDuty(database, history, REGISTRY).step(lead)
    await history.close()
    await database.close()


def watch(folder: Path, turn: int) -> None:
    """Run a watcher in this process."""
    asyncio.run(work(folder, turn))


async def kept(folder: Path) -> tuple[Kept, int]:
    """Return every row and point of rollups, and how many marks are left."""
    database, history = await open_database(f"sqlite+aiosqlite:///{folder}/state.db"), Embedded(folder / "history.db", clock=lambda: NOW_NS)
    hours: list[HourRow] = []
    days: list[DayRow] = []
    points: list[Point] = []
    async with database.reading() as transaction:
        for site in NIGHTS:
            hours += await rollups.hours(transaction, site, 0, NOW_NS)
            days += await rollups.days(transaction, site, 0, NOW_NS)
        left = len(await rollups.marks(transaction, NOW_NS, 9999))
    for measurement in ("rollup_hour", "rollup_day"):
        points += [point async for piece in history.samples("mw_rollup", measurement, list(FIGURES), {}, 0, NOW_NS) for point in piece]
    await history.close()
    await database.close()
    return (hours, days, sorted(points, key=lambda one: (one.measurement, one.tags, one.time_ns))), left


@pytest.mark.kill
def test_killed_at_fifty_moments(tmp_path: Path) -> None:
    """Wherever it is killed, and whoever takes over: the same hours and days, to the byte, in state and history."""
    calm, hard = tmp_path / "calm", tmp_path / "hard"
    for folder in (calm, hard):
        folder.mkdir()
        asyncio.run(prepare(folder))
        asyncio.run(mark(folder))
    watch(calm, 1)
    expected, left = asyncio.run(kept(calm))
    assert (left, len(expected[0])) == (0, sum(2 * hours for hours in (8, 8, 8)))
    chance, killed, turn = random.Random(50), 0, 2
    while killed < KILLS:
        process = multiprocessing.get_context("fork").Process(target=watch, args=(hard, turn))
        process.start()
        process.join(chance.uniform(0.01, LONGEST_S))
        if process.is_alive():
            process.kill()
            killed += 1
            process.join()
        else:
            asyncio.run(mark(hard))  # all was summed up: begin again
        turn += 1
    watch(hard, turn)
    assert asyncio.run(kept(hard)) == (expected, 0)
